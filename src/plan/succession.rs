//! A runner whose token is due gets a successor with a token of its own, and goes when its jobs are over: so
//! no runner process is ever left with a token that has ended.
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::alike::{over, settings_of};
use super::assignment::{assigns, unassigned_first};
use super::desired::Wanted;
use super::drain::pause;
use super::goodbye::Jobs;
use super::mark::Mark;
use super::observed::{Doubt, Known, Observed, Predecessor, Sighting};
use super::seconds::whole_seconds;
use super::step::{Blocked, Plan, Step};
use crate::api::v1alpha1::{
    DriftPolicy, GitLabRunnerSpec, GitLabRunnerStatus, PredecessorStatus, RotationOverlap,
};
use crate::gitlab::model::{NewRunner, Runner, RunnerId, Scope};

/// How long the jobs of a predecessor are waited for where spec.drain does not say.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

impl Predecessor {
    /// What status says of it, before anybody has looked.
    pub fn of(
        status: &GitLabRunnerStatus,
        spec: &GitLabRunnerSpec,
        now: Timestamp,
    ) -> Option<Self> {
        let told = status.predecessor.as_ref()?;
        let id = RunnerId(u64::try_from(told.id).ok()?);
        let gitlab_url = told.gitlab_url.clone();
        let patience = spec.drain.as_ref();
        let patience = patience.and_then(|drain| drain.timeout.parse::<SignedDuration>().ok());
        let paused = told.paused_at.as_ref().map_or(now, |at| at.0);
        Some(Self {
            known: Known { id, gitlab_url },
            runner: Sighting::Unclear(Doubt::NotAsked(Some(id))),
            until: paused
                .checked_add(patience.unwrap_or(PATIENCE))
                .unwrap_or(Timestamp::MAX),
            jobs: Jobs::Unasked,
        })
    }

    /// Takes in what GitLab shows. Without this object's mark the number may be anybody's by now, and such a
    /// runner is left alone. Where no mark is shown, the number is all there is.
    pub fn shown(&mut self, runner: Option<Runner>, uid: &str) {
        self.runner = match runner {
            None => Sighting::Absent,
            Some(runner) => {
                let note = runner.maintenance_note.text();
                let ours = |note| Mark::split(note).1.is_some_and(|mark| mark.uid == uid);
                if note.is_none_or(ours) {
                    Sighting::Present(runner)
                } else {
                    Sighting::Unclear(Doubt::Foreign(self.known.id))
                }
            }
        };
    }

    /// The runner, if it is there and gets no new jobs, so that those that it has can be counted.
    pub fn drains(&self) -> Option<&Runner> {
        match &self.runner {
            Sighting::Present(runner) if runner.paused => Some(runner),
            Sighting::Present(_) | Sighting::Absent | Sighting::Unclear(_) => None,
        }
    }
}

/// The predecessor, unless it has its own place again since no successor came of it.
fn former(seen: &Observed) -> Option<&Predecessor> {
    let before = seen.predecessor.as_deref()?;
    (current(seen) != Some(before.known.id)).then_some(before)
}

/// The runner that is registered to take this one's place; `None` where a new token for the same runner is
/// all that can be: nobody uses the runner, it was taken over by its number, the credential could not find
/// what a lost answer leaves behind, or assignments that spec does not name would be lost.
pub(super) fn successor(want: &Wanted, runner: &Runner, seen: &Observed) -> Option<NewRunner> {
    let asked = want.rotation.overlap == RotationOverlap::Twin;
    let free = want.adopt.is_none() && former(seen).is_none() && seen.can_search;
    let scope = seen
        .scope
        .filter(|_| asked && free && runner.online.is_some())?;
    let corrects = want.drift == DriftPolicy::Correct;
    let alone = runner.projects.as_ref().is_some_and(|all| all.len() <= 1);
    let project = matches!(scope, Scope::Project(_));
    if project && !alone && !(corrects && want.manages_projects()) {
        return None;
    }
    let has = settings_of(runner, project);
    let mut settings = if corrects {
        over(has, want.settings.clone())
    } else {
        has
    };
    if corrects && assigns(want) {
        settings.locked = None;
    }
    Some(NewRunner { scope, settings })
}

/// What is done about the predecessor of a runner that is as it should be. It gets jobs until somebody has
/// come with the token of its successor, or nobody uses it any more; then those that it has are waited for.
pub(super) fn retire(runner: &Runner, seen: &Observed, now: Timestamp) -> Option<Step> {
    let before = former(seen)?;
    let Sighting::Present(old) = &before.runner else {
        return None;
    };
    if !old.paused {
        let taken_up = runner.contacted_at.is_some() || old.online != Some(true);
        return taken_up.then(|| pause(old.id));
    }
    let over = before.jobs == Jobs::Running(0) || before.until <= now;
    over.then(|| unassigned_first(old, seen, Step::Unregister(old.id)))
}

/// What is done about the predecessor of a runner that goes, before that.
pub(super) fn goes_first(seen: &Observed, now: Timestamp) -> Option<Plan> {
    let before = former(seen)?;
    let old = match &before.runner {
        Sighting::Absent | Sighting::Unclear(Doubt::Foreign(_)) => return None,
        Sighting::Unclear(Doubt::NotAsked(_)) => {
            return Some(Plan::Hold(Blocked::Undeletable(seen.goodbye.orphaned_at)));
        }
        Sighting::Unclear(doubt) => return Some(Plan::Hold(Blocked::Unclear(*doubt))),
        Sighting::Present(old) => old,
    };
    let drain = seen.goodbye.drain.clone();
    if let Some(mut drain) = drain.filter(|drain| drain.until > now) {
        if !old.paused {
            return Some(Plan::Act(pause(old.id)));
        }
        if before.jobs != Jobs::Running(0) {
            drain.jobs = before.jobs.clone();
            return Some(Plan::Hold(Blocked::Draining(drain)));
        }
    }
    Some(Plan::Act(unassigned_first(
        old,
        seen,
        Step::Unregister(old.id),
    )))
}

/// What status says of the predecessor after a look.
pub(super) fn shown(
    previous: &GitLabRunnerStatus,
    seen: Option<&Observed>,
    now: Timestamp,
) -> Option<PredecessorStatus> {
    let told = previous.predecessor.clone()?;
    let Some(seen) = seen else {
        return Some(told);
    };
    // No successor came of it, and it has its own place again.
    if current(seen).is_some_and(|id| u64::try_from(told.id) == Ok(id.0)) {
        return None;
    }
    let Some(before) = &seen.predecessor else {
        return Some(told);
    };
    match &before.runner {
        Sighting::Absent | Sighting::Unclear(Doubt::Foreign(_)) => None,
        Sighting::Unclear(_) => Some(told),
        Sighting::Present(old) => Some(PredecessorStatus {
            running_jobs: match before.jobs {
                Jobs::Running(number) => i64::try_from(number).ok(),
                Jobs::Unasked | Jobs::Hidden | Jobs::Unreadable(_) => None,
            },
            paused_at: match told.paused_at {
                Some(at) if old.paused => Some(at),
                _ => old.paused.then(|| Time(whole_seconds(now))),
            },
            ..told
        }),
    }
}

/// The request for a new token that a successor answers, once it is there.
pub(super) fn answered(previous: &GitLabRunnerStatus, seen: Option<&Observed>) -> Option<String> {
    let told = previous.predecessor.as_ref()?;
    let before = i64::try_from(current(seen?)?.0).ok()?;
    told.rotate_at.clone().filter(|_| before != told.id)
}

fn current(seen: &Observed) -> Option<RunnerId> {
    match &seen.runner {
        Sighting::Present(runner) => Some(runner.id),
        Sighting::Absent | Sighting::Unclear(_) => None,
    }
}

/// The runner that is there while another is registered: that one will take its place, and answers that
/// request for a new token. Until a successor is known it stays on record.
pub fn succeeded(
    previous: &GitLabRunnerStatus,
    seen: Option<&Observed>,
    rotate_at: Option<String>,
    now: Timestamp,
) -> Option<PredecessorStatus> {
    match (previous.runner.as_ref(), seen.map(|seen| &seen.runner)) {
        (Some(known), Some(Sighting::Present(runner)))
            if u64::try_from(known.id) == Ok(runner.id.0) =>
        {
            Some(PredecessorStatus {
                id: known.id,
                gitlab_url: known.gitlab_url.clone(),
                since: Time(whole_seconds(now)),
                rotate_at,
                paused_at: None,
                running_jobs: None,
            })
        }
        _ => previous.predecessor.clone(),
    }
}
