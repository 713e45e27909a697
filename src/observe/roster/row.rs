//! A runner as it was last seen.
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::gitlab::model::{ListedRunner, Runner, Scope};

/// How long a runner must have been seen without a job before it counts as idle.
const REST_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// A runner as it was last seen.
#[derive(Debug)]
pub(super) struct Row {
    /// All but when it was last contacted: the same as long as that is all that changes.
    runner: Arc<Runner>,
    contacted_at: Option<Timestamp>,
    /// When it was last seen at work.
    worked_at: Option<Timestamp>,
    /// Whether it was at work when that was last shown, and when that was asked for.
    work: Option<(bool, Timestamp)>,
    /// What tells it from another of its number, where a sweep has seen that.
    pub(super) short_sha: Option<String>,
    /// When that was asked for.
    pub(super) short_sha_at: Timestamp,
    /// What that begins with while the runner has the token that is kept.
    pub(super) kept: Option<Box<str>>,
    /// When it was asked for.
    pub(super) at: Timestamp,
    /// The scope in which a sweep has shown it, if one has.
    scope: Option<Scope>,
    /// When the last sweep that has shown it began.
    pub(super) shown: Timestamp,
}

impl Row {
    pub(super) fn new(runner: Runner, short_sha: Option<String>, at: Timestamp) -> Self {
        Self {
            contacted_at: runner.contacted_at,
            worked_at: (runner.insight.at_work == Some(true)).then_some(at),
            work: runner.insight.at_work.map(|at_work| (at_work, at)),
            runner: Arc::new(runner),
            short_sha,
            short_sha_at: at,
            kept: None,
            at,
            scope: None,
            shown: Timestamp::MIN,
        }
    }

    /// The runner as it was seen.
    pub(super) fn runner(&self) -> Runner {
        Runner {
            contacted_at: self.contacted_at,
            ..(*self.runner).clone()
        }
    }

    pub(super) fn contacted_at(&self) -> Option<Timestamp> {
        self.contacted_at
    }

    /// Whether it was at work, as far as that was asked for since then.
    pub(super) fn at_work(&self, since: Timestamp) -> Option<bool> {
        let fresh = self.work.filter(|(_, asked)| *asked >= since);
        fresh.map(|(at_work, _)| at_work)
    }

    pub(super) fn scope(&self) -> Option<Scope> {
        self.scope
    }

    /// Notes that a sweep of that scope has shown it, which began then.
    pub(super) fn is_shown(&mut self, scope: Scope, began: Timestamp) {
        self.scope = Some(scope);
        self.shown = began;
    }

    /// Notes that no sweep looks after it any more.
    pub(super) fn is_left(&mut self) {
        self.scope = None;
    }

    /// Takes in what was seen later. Tells whether anything but the time of contact has changed. That GitLab shows
    /// a token for the first time is no change, unless it is another than the one that is kept.
    pub(super) fn renew(
        &mut self,
        runner: Runner,
        short_sha: Option<String>,
        at: Timestamp,
    ) -> bool {
        let runner = self.with_insight(runner, at);
        let other_token = short_sha.is_some() && short_sha != self.short_sha;
        let changed = !are_alike(&self.runner, &runner);
        self.contacted_at = runner.contacted_at;
        self.at = at;
        if changed {
            self.runner = Arc::new(runner);
        }
        let strange = |shown: &String| {
            let kept = self.kept.as_ref();
            kept.is_some_and(|kept| !shown.starts_with(&**kept))
        };
        let told = self.short_sha.is_some() || short_sha.as_ref().is_some_and(strange);
        if short_sha.is_some() {
            self.short_sha_at = at;
        }
        self.short_sha = short_sha.or_else(|| self.short_sha.take().filter(|_| !changed));
        changed || told && other_token
    }

    /// The runner, with what only some of those who look are shown. One that was at work a moment ago counts
    /// as at work: short jobs are not to change it all the time.
    fn with_insight(&mut self, runner: Runner, at: Timestamp) -> Runner {
        if let Some(at_work) = runner.insight.at_work {
            self.work = Some((at_work, at));
        }
        if runner.insight.at_work == Some(true) {
            self.worked_at = Some(at);
        }
        let mut insight = runner.insight.clone().after(&self.runner.insight);
        let lately = self.worked_at;
        let lately = lately.is_some_and(|worked| at.duration_since(worked) < REST_AFTER);
        insight.at_work = insight.at_work.map(|at_work| at_work || lately);
        Runner { insight, ..runner }
    }

    /// Whether a list says the same of it as the details that were read before.
    pub(super) fn agrees_with(&self, listed: &ListedRunner) -> bool {
        let ListedRunner {
            id: _,
            description,
            online,
            paused,
            status,
            note: _,
        } = listed;
        let runner = &*self.runner;
        *description.as_deref().unwrap_or_default() == *runner.description
            // Without a word for its status, whether it is online is a guess.
            && (status.is_none() || *online == runner.online)
            && paused.is_none_or(|paused| paused == runner.paused)
            && status.as_ref().is_none_or(|status| *status == runner.status)
    }
}

/// Whether both say the same of a runner, but for when it was contacted and the order of its projects.
fn are_alike(one: &Runner, other: &Runner) -> bool {
    let projects = |runner: &Runner| {
        let projects = runner.projects.as_ref()?.iter();
        Some(
            projects
                .map(|it| (it.id, it.path.clone()))
                .collect::<BTreeSet<_>>(),
        )
    };
    let bare = |runner: &Runner| Runner {
        projects: None,
        contacted_at: None,
        ..runner.clone()
    };
    one == other || bare(one) == bare(other) && projects(one) == projects(other)
}
