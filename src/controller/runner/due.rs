//! When an object is looked at again, and what a sweep spares it.
use std::time::Duration;

use super::conclude::{left, renewal};
use super::pass::Pass;
use super::{AWAITED, POLL};
use crate::api::conditions::Reason;
use crate::backoff;
use crate::clock;
use crate::plan::{Blocked, Doubt, Naming, Outcome, Plan, Shown, Sighting, scope_of};

/// How soon a settled object is looked at again whose runner a sweep looks after.
const SELDOM: Duration = Duration::from_hours(1);

/// How soon it is asked once more whether a runner still has jobs that is to go, at first and at last. Many
/// may drain at the same time, for hours.
const DRAINS: [Duration; 2] = [Duration::from_secs(10), Duration::from_mins(1)];

impl Pass<'_> {
    /// Whether a sweep that is about to come will show the runner of an object that nobody waits for, as
    /// after a start: a thousand objects need not ask one by one for what ten requests tell.
    pub(super) fn is_swept_soon(&self) -> bool {
        let (Some(link), Some(status)) = (&self.link, &self.runner.status) else {
            return false;
        };
        let scope = status.scope.as_ref().and_then(scope_of);
        let runner = status.runner.as_ref();
        let here = runner.is_some_and(|runner| runner.gitlab_url == link.url);
        let Some(scope) = scope.filter(|_| here) else {
            return false;
        };
        let shown = link.can.lists_all() && link.can.graphql;
        let recalls = self.record.memory.may_recall();
        shown && recalls && !self.is_awaited() && link.roster.is_awaited(scope, clock::now())
    }

    /// How soon to look again after a pass that ended so.
    pub(super) fn due(&self, outcome: &Outcome) -> Duration {
        let resync = backoff::spread(self.ctx.options.resync, &self.uid);
        let due = match outcome {
            Outcome::Planned(Plan::Hold(
                Blocked::Settling(until)
                | Blocked::UnderWay(until)
                | Blocked::Undeletable(Some(until))
                | Blocked::Unclear(Doubt::Vanished { until, .. }),
            )) => left(*until).min(POLL) + Duration::from_secs(1),
            Outcome::Planned(Plan::Hold(Blocked::Draining(drain))) => {
                let [first, last] = DRAINS;
                let lasts = clock::now().duration_since(drain.since);
                let lasts = Duration::try_from(lasts).unwrap_or_default();
                left(drain.until).min((lasts / 6).clamp(first, last)) + Duration::from_secs(1)
            }
            // The sweep that was asked for wakes it.
            Outcome::Planned(Plan::Hold(Blocked::Unclear(Doubt::Unswept))) => {
                backoff::spread(AWAITED, &self.uid)
            }
            Outcome::Planned(Plan::Hold(
                Blocked::SecretConflict(_) | Blocked::Undeletable(None),
            ))
            | Outcome::Obstructed(Reason::RegistrationTokenMissing, _) => resync.min(POLL),
            Outcome::Planned(plan) => {
                let due = if self.is_unsettled() {
                    resync.min(POLL)
                } else if let Some(until) = self.jobs_left_until().filter(|_| *plan == Plan::Rest) {
                    left(until).min(POLL) + Duration::from_secs(1)
                } else if *plan == Plan::Rest && self.is_settled() {
                    backoff::spread(SELDOM.max(resync), &self.uid)
                } else {
                    self.record.memory.due(resync, clock::now())
                };
                renewal(self).map_or(due, |at| due.min(left(at) + Duration::from_secs(1)))
            }
            // Another one may be put into the Secret, which is not watched.
            Outcome::Failed(why) if why.reason == Reason::RegistrationTokenInvalid => {
                resync.min(POLL)
            }
            // A token that could not be replaced in time ends all the same, and that is told.
            Outcome::Failed(_) => {
                renewal(self).map_or(resync, |at| resync.min(left(at) + Duration::from_secs(1)))
            }
            Outcome::Obstructed(..) => resync,
        };
        let others = [self.window_turns_in(), self.contact_is_due_in()];
        others.into_iter().flatten().fold(due, Duration::min)
    }

    /// Whether it is being found out what it means that the runner seems to have another token.
    fn is_unsettled(&self) -> bool {
        let seen = self.seen.as_ref();
        seen.is_some_and(|seen| seen.facts.token.shown == Shown::Unsettled)
    }

    /// Whether nothing but a change can give the object work: a sweep looks after its runner, and wakes it
    /// then.
    fn is_settled(&self) -> bool {
        let Some(seen) = &self.seen else {
            return false;
        };
        let status = self.runner.status.as_ref();
        let registration = status.and_then(|status| status.registration.as_ref());
        let given_up = registration.is_some_and(|last| last.given_up.is_some());
        let operation = status.is_some_and(|status| status.operation.is_some());
        // Where spec spells another path than GitLab shows, what that leads to is looked up again.
        let named = seen.facts.naming == Naming::Same;
        let swept = self.record.memory.is_swept(clock::now());
        let refused = !seen.facts.refused_projects.is_empty();
        // Which projects are selected changes without a change of the runner.
        let selects = self.want.as_ref().is_some_and(|it| it.selector.is_some());
        swept
            && named
            && self.knows_all_projects()
            && !given_up
            && !operation
            && !refused
            && !selects
    }

    /// Whether GitLab shows with the runner all projects that spec names by their paths. What another path
    /// leads to may change without a change of the runner.
    fn knows_all_projects(&self) -> bool {
        let runner = self.seen.as_ref().map(|seen| &seen.facts.runner);
        let Some(Sighting::Present(runner)) = runner else {
            return false;
        };
        let wanted = self.want.as_ref().and_then(|want| want.projects.as_ref());
        let mut paths = wanted
            .into_iter()
            .flatten()
            .filter_map(|it| it.path.as_ref());
        let shown = |path: &String| {
            let mut projects = runner.projects.iter().flatten();
            projects.any(|project| project.path == *path)
        };
        paths.all(shown)
    }
}
