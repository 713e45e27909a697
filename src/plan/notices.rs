//! What is to be told once, in an event, the log and a counter: what a new status says that the one
//! before it did not, and what goes unsaid when an object goes.
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::attempt::may_turn_up;
use super::drain::is_given_up;
use super::observed::{Doubt, Observed, Sighting};
use super::quoted::quoted;
use crate::api::conditions::{ConditionType, Reason, find};
use crate::api::events::EventReason;
use crate::api::v1alpha1::{DeletionPolicy, GitLabRunnerStatus};

/// Something to be told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// A word of one of the two closed lists.
    pub reason: &'static str,
    /// A sentence for a person.
    pub note: String,
    /// Who is to read it.
    pub level: Level,
}

/// Who is to read of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Whoever should look into it: in events, the log and a counter.
    Warning,
    /// The same, although it was asked for: the object that tells of it is soon gone, or its events are.
    Record,
    /// Whoever looks at the object's events.
    Normal,
}

impl Notice {
    pub(super) fn new(level: Level, reason: &'static str, note: String) -> Self {
        Self {
            reason,
            note,
            level,
        }
    }

    fn warning(reason: &'static str, note: String) -> Self {
        Self::new(Level::Warning, reason, note)
    }

    fn orphaned(note: String) -> Self {
        Self::new(Level::Record, EventReason::Orphaned.name(), note)
    }
}

/// What a new status says that the one before did not.
pub fn notices(
    previous: &GitLabRunnerStatus,
    status: &GitLabRunnerStatus,
    seen: Option<&Observed>,
) -> Vec<Notice> {
    [
        obstacle(previous, status),
        drifted(previous, status),
        lost(previous, status, seen),
        let_go(previous, status, seen),
        abandoned(previous, status),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What would go without a word when the object itself is about to go, and its status with it.
pub fn notice_of_deletion(
    policy: DeletionPolicy,
    status: &GitLabRunnerStatus,
    seen: Option<&Observed>,
    now: Timestamp,
) -> Option<Notice> {
    let attempt = status.registration.as_ref();
    match policy {
        DeletionPolicy::Orphan => {
            let runner = number(status).map(|id| format!("runner {id}"));
            let attempt = attempt.map(|_| "whatever the last attempt to register made".to_owned());
            let what = runner.or(attempt)?;
            let token = status.token.as_ref();
            let token =
                token.map(|token| format!(", and its token in Secret {}", token.secret_name));
            let token = token.unwrap_or_default();
            Some(Notice::orphaned(format!("{what} stays in GitLab{token}")))
        }
        DeletionPolicy::Delete
            if !is_removed(status) && seen.is_some_and(|seen| is_given_up(seen, now)) =>
        {
            let what = number(status).map_or_else(
                || "a runner that an attempt to register has made may stay".to_owned(),
                |id| format!("runner {id} stays"),
            );
            let url = status.runner.as_ref().map(|runner| &*runner.gitlab_url);
            let place = url.map(|url| format!(" at {url}")).unwrap_or_default();
            Some(Notice::warning(
                EventReason::LeftBehind.name(),
                format!(
                    "{what} in GitLab{place}: no credential could remove it for as long as spec.lostCredentials allows. Remove it there yourself"
                ),
            ))
        }
        DeletionPolicy::Delete => {
            let in_vain = seen.is_some_and(|seen| seen.settles_at.is_some());
            let given_up = attempt
                .and_then(|attempt| attempt.given_up.as_ref())
                .map(|given_up| &given_up.attempted_at)
                .filter(|at| may_turn_up(at.0, now));
            let last = attempt.map(|last| &last.attempted_at).filter(|_| in_vain);
            given_up.or(last).map(no_longer_looked_for)
        }
    }
}

/// Whether GitLab has said that the runner is removed.
fn is_removed(status: &GitLabRunnerStatus) -> bool {
    let operation = status.operation.as_ref();
    operation.is_some_and(|operation| operation.done_at.is_some())
}

/// That we cannot go on, and why; or that we can again. The last event of an object is to tell of no
/// trouble that is over, or that has become another.
fn obstacle(previous: &GitLabRunnerStatus, status: &GitLabRunnerStatus) -> Option<Notice> {
    let ready = |status: &GitLabRunnerStatus| {
        let ready = find(&status.conditions, ConditionType::Ready)?.clone();
        Some((Reason::named(&ready.reason)?, ready))
    };
    let before = ready(previous);
    let (reason, now) = ready(status)?;
    let same_reason = before.as_ref().is_some_and(|(was, _)| *was == reason);
    let asked_for = matches!(
        reason,
        Reason::Suspended | Reason::RenewedByRunner | Reason::Draining
    );
    if asked_for {
        let name = reason.name();
        return (!same_reason).then(|| Notice::new(Level::Normal, name, now.message));
    }
    if reason == Reason::Succeeded {
        let name = EventReason::BecameReady.name();
        return (!same_reason).then(|| Notice::new(Level::Normal, name, now.message));
    }
    let calm = matches!(
        reason,
        Reason::Pending | Reason::Progressing | Reason::Drifted
    );
    let same = before.as_ref().is_some_and(|(_, before)| {
        before.reason == now.reason && (changes_its_words(reason) || before.message == now.message)
    });
    (now.status != "True" && !calm && !same).then(|| Notice::warning(reason.name(), now.message))
}

/// Whether the words for the same trouble change with whoever answers: they are no news.
fn changes_its_words(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::GitLabUnavailable
            | Reason::GitLabThrottled
            | Reason::KubernetesError
            | Reason::BrokenOff
    )
}

/// That a runner whose place another has taken is not looked after any more, since it carries the mark of
/// another object.
fn let_go(
    previous: &GitLabRunnerStatus,
    status: &GitLabRunnerStatus,
    seen: Option<&Observed>,
) -> Option<Notice> {
    let before = previous.predecessor.as_ref();
    let before = before.filter(|_| status.predecessor.is_none())?;
    let now = &seen?.predecessor.as_ref()?.runner;
    matches!(now, Sighting::Unclear(Doubt::Foreign(_))).then(|| {
        let (id, url) = (before.id, &before.gitlab_url);
        Notice::orphaned(format!(
            "runner {id} stays in GitLab at {url}: another has taken its place, and it carries the mark of another GitLabRunner"
        ))
    })
}

fn drifted(previous: &GitLabRunnerStatus, status: &GitLabRunnerStatus) -> Option<Notice> {
    let rows: Vec<String> = status
        .drift
        .iter()
        .map(|row| {
            let (actual, desired) = (quoted(&row.actual), quoted(&row.desired));
            format!("{} is {actual} and not {desired}", row.field)
        })
        .collect();
    let told = rows.is_empty() || status.drift == previous.drift;
    (!told).then(|| Notice::warning(Reason::Drifted.name(), rows.join("; ")))
}

/// That the runner which status named is not this object's any more. A pass that sees so need not be
/// the one that registers anew, nor need that ever succeed.
fn lost(
    previous: &GitLabRunnerStatus,
    status: &GitLabRunnerStatus,
    seen: Option<&Observed>,
) -> Option<Notice> {
    let id = number(previous).filter(|_| number(status).is_none())?;
    if status.predecessor.as_ref().map(|before| before.id) == Some(id) {
        return None;
    }
    let gone = seen.is_none_or(|seen| seen.runner == Sighting::Absent);
    Some(if gone {
        let note = format!("runner {id} is gone from GitLab, and is to be registered anew");
        Notice::warning(EventReason::RunnerVanished.name(), note)
    } else {
        let url = previous.runner.as_ref().map(|runner| &*runner.gitlab_url);
        let url = url.unwrap_or("the former url");
        Notice::orphaned(format!(
            "runner {id} stays in GitLab at {url}, and another is to be registered"
        ))
    })
}

/// That an attempt which was given up is no longer thought of. One that the next has taken the place
/// of still is, since what is looked for is any runner of this object's.
fn abandoned(previous: &GitLabRunnerStatus, status: &GitLabRunnerStatus) -> Option<Notice> {
    let before = previous.registration.as_ref()?.given_up.as_ref()?;
    let now = status.registration.as_ref();
    let open = now.is_some_and(|now| now.given_up.is_some() || now.attempt == before.attempt);
    (!open).then(|| no_longer_looked_for(&before.attempted_at))
}

fn no_longer_looked_for(at: &Time) -> Notice {
    let note = format!(
        "GitLab did not answer the attempt to register of {:.0}, and what that may have made is no longer looked for",
        at.0
    );
    Notice::warning(EventReason::AttemptAbandoned.name(), note)
}

/// The number that status knows: of the runner as it was last seen, or as an attempt made it.
fn number(status: &GitLabRunnerStatus) -> Option<i64> {
    let made = || status.registration.as_ref()?.runner_id;
    status.runner.as_ref().map(|runner| runner.id).or_else(made)
}
