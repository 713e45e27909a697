//! A runner whose token is due gets a successor with a token of its own, and goes when its jobs are over: so
//! no runner process is ever left with a token that has ended.
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::assignment::unassigned_first;
use super::desired::Wanted;
use super::drain::pause;
use super::goodbye::Jobs;
use super::mark::Mark;
use super::observed::{Doubt, Known, Observed, Predecessor, Sighting};
use super::place::second_look;
use super::step::{Blocked, Plan, Step};
use crate::api::v1alpha1::{DriftPolicy, GitLabRunnerSpec, GitLabRunnerStatus};
use crate::gitlab::model::{Runner, RunnerId};

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
            retired: told.paused_at.is_some(),
            missing_since: told.missing_since.as_ref().map(|at| at.0),
            runner: Sighting::Unclear(Doubt::NotAsked(Some(id))),
            until: paused
                .checked_add(patience.unwrap_or(PATIENCE))
                .unwrap_or(Timestamp::MAX),
            jobs: Jobs::Unasked,
        })
    }

    /// Takes in that GitLab, at this address, shows it. A runner with another's mark is left alone, and so is
    /// one without a mark, which may be anybody's by now. Where no note is shown the number is all there is,
    /// in the GitLab that it belongs to.
    pub fn shown(&mut self, runner: Runner, uid: &str, gitlab_url: &str) {
        let id = self.known.id;
        let here = self.known.gitlab_url == gitlab_url;
        let mark = runner
            .maintenance_note
            .text()
            .map(|note| Mark::split(note).1);
        self.runner = match mark {
            Some(Some(mark)) if mark.uid == uid => {
                gitlab_url.clone_into(&mut self.known.gitlab_url);
                Sighting::Present(runner)
            }
            Some(_) | None if !here => Sighting::Unclear(Doubt::Elsewhere),
            Some(Some(_)) => Sighting::Unclear(Doubt::Foreign(id)),
            Some(None) => Sighting::Unclear(Doubt::Unmarked(id)),
            None => Sighting::Present(runner),
        };
    }

    /// Takes in that GitLab has none of that number, which one answer does not prove, unless this process
    /// has removed it or the object goes.
    pub fn missing(&mut self, certain: bool, resync: Duration, now: Timestamp) {
        let until = second_look(self.missing_since.unwrap_or(now), resync);
        let twice = self.missing_since.is_some() && until <= now;
        self.runner = if certain || twice {
            Sighting::Absent
        } else {
            let id = self.known.id;
            Sighting::Unclear(Doubt::Vanished { id, until })
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
pub(super) fn former(seen: &Observed) -> Option<&Predecessor> {
    let before = seen.predecessor.as_deref()?;
    (current(seen) != Some(before.known.id)).then_some(before)
}

/// Whether nobody is cut off any more when the predecessor gets no jobs: somebody has come with the token of
/// its successor, or no process uses it.
pub(super) fn is_taken_up(runner: &Runner, old: &Runner) -> bool {
    runner.contacted_at.is_some() || old.online != Some(true)
}

/// What is done about the predecessor of a runner that is as it should be. It gets jobs as spec says until
/// it is not needed any more; then those that it has are waited for.
pub(super) fn retire(
    want: &Wanted,
    runner: &Runner,
    seen: &Observed,
    now: Timestamp,
) -> Option<Step> {
    let before = former(seen)?;
    let Sighting::Present(old) = &before.runner else {
        return None;
    };
    if !is_taken_up(runner, old) {
        // It was paused since nobody used it, and now somebody does.
        if before.retired && old.paused && want.settings.paused.is_none() {
            return Some(pause(old.id, false));
        }
        let corrects = want.drift == DriftPolicy::Correct;
        let paused = want.settings.paused.filter(|_| corrects)?;
        return (paused != old.paused).then(|| pause(old.id, paused));
    }
    if !old.paused {
        return Some(pause(old.id, true));
    }
    let over = before.jobs == Jobs::Running(0) || before.until <= now;
    over.then(|| unassigned_first(old, seen, Step::Unregister(old.id)))
}

/// What is done about the predecessor of a runner that goes, before that.
pub(super) fn goes_first(seen: &Observed, now: Timestamp) -> Option<Plan> {
    let before = former(seen)?;
    let old = match &before.runner {
        Sighting::Absent | Sighting::Unclear(Doubt::Foreign(_)) => return None,
        // Whoever says that a runner is left behind which nobody can remove has said so of both.
        Sighting::Unclear(Doubt::NotAsked(_))
            if seen.goodbye.orphaned_at.is_some_and(|at| at <= now) =>
        {
            return None;
        }
        Sighting::Unclear(Doubt::NotAsked(_)) => {
            return Some(Plan::Hold(Blocked::Undeletable(seen.goodbye.orphaned_at)));
        }
        Sighting::Unclear(doubt) => return Some(Plan::Hold(Blocked::Unclear(*doubt))),
        Sighting::Present(old) => old,
    };
    let drain = seen.goodbye.drain.clone();
    if let Some(mut drain) = drain.filter(|drain| drain.until > now) {
        if !old.paused {
            return Some(Plan::Act(pause(old.id, true)));
        }
        if before.jobs != Jobs::Running(0) && before.until > now {
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

/// The step by which a runner gets jobs again that was paused for its end, and has its place again.
pub(super) fn reinstate(want: &Wanted, runner: &Runner, seen: &Observed) -> Option<Step> {
    let before = seen.predecessor.as_ref()?;
    let again = before.retired && before.known.id == runner.id && runner.paused;
    (again && want.settings.paused.is_none()).then(|| pause(runner.id, false))
}

pub(super) fn current(seen: &Observed) -> Option<RunnerId> {
    match &seen.runner {
        Sighting::Present(runner) => Some(runner.id),
        Sighting::Absent | Sighting::Unclear(_) => None,
    }
}
