//! What was last seen of each runner in GitLab, so that GitLab is asked once in a resync and not
//! each time an object is touched. Another source, such as a sweep of a whole connection, can fill
//! it as well.
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::gitlab::model::Runner;

/// What was last seen, by the object's uid.
#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<String, Seen>>);

struct Seen {
    runner: Runner,
    /// The url and number it was read by.
    gitlab_url: String,
    at: Instant,
}

impl Memory {
    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a runner.
    pub(super) fn keep(&self, uid: &str, gitlab_url: &str, runner: &Runner, now: Instant) {
        let seen = Seen {
            runner: runner.clone(),
            gitlab_url: gitlab_url.to_owned(),
            at: now,
        };
        self.seen().insert(uid.to_owned(), seen);
    }

    /// What was seen no longer than `period` ago.
    pub(super) fn recall(
        &self,
        uid: &str,
        gitlab_url: &str,
        period: Duration,
        now: Instant,
    ) -> Option<Runner> {
        let seen = self.seen();
        let seen = seen.get(uid).filter(|seen| seen.gitlab_url == gitlab_url)?;
        (now.duration_since(seen.at) < period).then(|| seen.runner.clone())
    }

    /// How long until what was seen is older than `period`.
    pub(super) fn due(&self, uid: &str, period: Duration, now: Instant) -> Duration {
        let seen = self.seen();
        seen.get(uid).map_or(period, |seen| {
            period.saturating_sub(now.duration_since(seen.at))
        })
    }

    /// Forgets a runner: it was written to, or is gone.
    pub(super) fn forget(&self, uid: &str) {
        self.seen().remove(uid);
    }
}
