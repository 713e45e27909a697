//! What status says of the runner whose place another takes.
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::goodbye::Jobs;
use super::observed::{Doubt, Observed, Sighting};
use super::seconds::whole_seconds;
use super::succession::{current, is_taken_up};
use crate::api::v1alpha1::{GitLabRunnerStatus, PredecessorStatus};

/// What status says of the predecessor after a look.
pub(super) fn shown(
    previous: &GitLabRunnerStatus,
    seen: Option<&Observed>,
    leaving: bool,
    now: Timestamp,
) -> Option<PredecessorStatus> {
    let told = previous.predecessor.clone()?;
    let Some(seen) = seen else {
        return Some(told);
    };
    // No successor came of it, and it has its own place again once it gets jobs again.
    if let Sighting::Present(runner) = &seen.runner
        && u64::try_from(told.id) == Ok(runner.id.0)
    {
        return Some(told).filter(|told| told.paused_at.is_some() && runner.paused);
    }
    let Some(before) = &seen.predecessor else {
        return Some(told);
    };
    let now = Time(whole_seconds(now));
    let told = PredecessorStatus {
        gitlab_url: before.known.gitlab_url.clone(),
        // It is answered by the successor that is there.
        rotate_at: told.rotate_at.filter(|_| current(seen).is_none()),
        missing_since: None,
        ..told
    };
    match &before.runner {
        Sighting::Absent | Sighting::Unclear(Doubt::Foreign(_)) => None,
        Sighting::Unclear(Doubt::Vanished { .. }) => Some(PredecessorStatus {
            missing_since: Some(before.missing_since.map_or(now, Time)),
            ..told
        }),
        Sighting::Unclear(_) => Some(told),
        Sighting::Present(old) => {
            let taken_up = match &seen.runner {
                Sighting::Present(runner) => is_taken_up(runner, old),
                Sighting::Absent | Sighting::Unclear(_) => false,
            };
            let retires = old.paused && (leaving || taken_up);
            Some(PredecessorStatus {
                running_jobs: match before.jobs {
                    Jobs::Running(number) => i64::try_from(number).ok(),
                    Jobs::Unasked | Jobs::Hidden | Jobs::Unreadable(_) => None,
                },
                paused_at: told.paused_at.or(Some(now)).filter(|_| retires),
                ..told
            })
        }
    }
}

/// The request for a new token that a successor answers, once it is there.
pub(super) fn answered(previous: &GitLabRunnerStatus, seen: Option<&Observed>) -> Option<String> {
    let told = previous.predecessor.as_ref()?;
    let before = i64::try_from(current(seen?)?.0).ok()?;
    told.rotate_at.clone().filter(|_| before != told.id)
}

/// The runner that is there while another is registered: that one will take its place, and answers that
/// request for a new token. Until a successor is known it stays on record.
pub fn succeeded(
    previous: &GitLabRunnerStatus,
    seen: Option<&Observed>,
    gitlab_url: &str,
    rotate_at: Option<String>,
    now: Timestamp,
) -> Option<PredecessorStatus> {
    let Some(id) = seen.and_then(current) else {
        // Where GitLab is another by now nobody can look after it.
        let before = previous.predecessor.clone();
        return before.filter(|before| before.gitlab_url == gitlab_url);
    };
    Some(PredecessorStatus {
        id: i64::try_from(id.0).ok()?,
        gitlab_url: gitlab_url.to_owned(),
        since: Time(whole_seconds(now)),
        rotate_at,
        missing_since: None,
        paused_at: None,
        running_jobs: None,
    })
}
