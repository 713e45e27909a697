//! Status words and clocks (contract §1.7).
use jiff::{SignedDuration, Timestamp};

use super::{CreationState, GitLab, JobStatus, Manager, Runner, facts};

/// A while ago; the clock can be set to the beginning of time, before which there is nothing.
pub(crate) fn before(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// In a while; the clock can be set to the end of time too.
pub(crate) fn after(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Newer than this is online.
const ONLINE: SignedDuration = SignedDuration::from_hours(2);

/// Whether a contact counts as online.
pub(crate) fn is_online(contacted_at: Option<Timestamp>, now: Timestamp) -> bool {
    contacted_at.is_some_and(|at| at > before(now, ONLINE))
}

impl GitLab {
    /// Since when one must have been silent, and have existed, to be stale and out of the quota.
    pub(crate) fn stale_deadline(&self, now: Timestamp) -> Timestamp {
        let days = if self.since(facts::STALE_IN_A_WEEK) {
            7
        } else {
            90
        };
        before(now, SignedDuration::from_hours(24 * days))
    }

    /// Created long ago, and never or long ago contacted.
    fn is_stale(
        &self,
        created_at: Timestamp,
        contacted_at: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let deadline = self.stale_deadline(now);
        created_at <= deadline && contacted_at.is_none_or(|at| at <= deadline)
    }

    /// The deprecated word of REST, which mixes in `paused`; the first match wins.
    pub(crate) fn rest_status(&self, runner: &Runner, now: Timestamp) -> &'static str {
        let words = self.since(facts::STATUS_WORDS);
        if words && self.is_stale(runner.created_at, runner.contacted_at, now) {
            "stale"
        } else if runner.contacted_at.is_none() {
            if words {
                "never_contacted"
            } else {
                "not_connected"
            }
        } else if !runner.active {
            "paused"
        } else if is_online(runner.contacted_at, now) {
            "online"
        } else {
            "offline"
        }
    }

    /// The word of GraphQL, which never says paused; lower case.
    pub(crate) fn graphql_status(&self, runner: &Runner, now: Timestamp) -> &'static str {
        self.connection_status(
            runner.creation_state,
            runner.created_at,
            runner.contacted_at,
            now,
        )
    }

    /// The same of a manager.
    pub(crate) fn manager_status(&self, manager: &Manager, now: Timestamp) -> &'static str {
        let Manager {
            creation_state,
            created_at,
            contacted_at,
            ..
        } = manager;
        self.connection_status(*creation_state, *created_at, *contacted_at, now)
    }

    fn connection_status(
        &self,
        state: CreationState,
        created_at: Timestamp,
        contacted_at: Option<Timestamp>,
        now: Timestamp,
    ) -> &'static str {
        if self.is_stale(created_at, contacted_at, now) {
            "stale"
        } else if state == CreationState::Started {
            "never_contacted"
        } else if is_online(contacted_at, now) {
            "online"
        } else {
            "offline"
        }
    }

    /// Whether a list filter finds the runner: SQL sees the stored contact time, not the cached.
    pub(crate) fn matches_status(&self, runner: &Runner, word: &str, now: Timestamp) -> bool {
        let stored = runner.stored_contacted_at;
        match word {
            "active" => runner.active,
            "paused" => !runner.active,
            "online" => is_online(stored, now),
            "offline" => stored.is_some() && !is_online(stored, now),
            "never_contacted" => stored.is_none(),
            "stale" => self.is_stale(runner.created_at, stored, now),
            _ => false,
        }
    }

    /// Whether a runner has a job right now: `active` or `idle` (contract §2.1).
    pub(crate) fn job_execution_status(&self, runner: &Runner) -> &'static str {
        let busy = self
            .jobs
            .values()
            .any(|job| job.runner == Some(runner.id) && job.status == JobStatus::Running);
        if busy { "active" } else { "idle" }
    }

    /// The same of one manager.
    pub(crate) fn manager_execution_status(&self, manager: &Manager) -> &'static str {
        let busy = self
            .jobs
            .values()
            .any(|job| job.manager == Some(manager.id) && job.status == JobStatus::Running);
        if busy { "active" } else { "idle" }
    }
}
