//! What was last seen of each runner in GitLab, so that GitLab is asked once in a resync and not
//! each time an object is touched. Another source, such as a sweep of a whole connection, can fill
//! it as well.
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::gitlab::model::{Runner, RunnerId};

/// What was last seen, by the object's uid.
#[derive(Default)]
pub(super) struct Memory {
    seen: Mutex<HashMap<String, Seen>>,
    /// The number that an attempt has made, where status could not take it.
    made: Mutex<HashMap<String, (String, RunnerId)>>,
}

struct Seen {
    runner: Runner,
    /// The url and number it was read by.
    gitlab_url: String,
    at: Instant,
}

impl Memory {
    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn numbers(&self) -> MutexGuard<'_, HashMap<String, (String, RunnerId)>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what an attempt to register has made.
    pub(super) fn made(&self, uid: &str, attempt: String, id: RunnerId) {
        self.numbers().insert(uid.to_owned(), (attempt, id));
    }

    /// What that attempt has made, as far as it is remembered.
    pub(super) fn number(&self, uid: &str, attempt: &str) -> Option<RunnerId> {
        let numbers = self.numbers();
        let (made_by, id) = numbers.get(uid)?;
        (made_by == attempt).then_some(*id)
    }

    /// Forgets an object that is gone.
    pub(super) fn bury(&self, uid: &str) {
        self.forget(uid);
        self.numbers().remove(uid);
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
