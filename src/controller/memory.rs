//! What was last seen of each runner in GitLab and of the projects that it is to serve, so that GitLab
//! is asked once in a resync and not each time an object is touched. Another source, such as a sweep
//! of a whole connection, can fill it as well.
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::gitlab::model::{ProjectId, Runner, RunnerId};

/// What was last seen, by the object's uid.
#[derive(Default)]
pub(super) struct Memory {
    runners: Mutex<HashMap<String, CachedRunner>>,
    projects: Mutex<HashMap<String, Vec<Project>>>,
    /// The number that an attempt has made, where status could not take it.
    made: Mutex<HashMap<String, (String, RunnerId)>>,
    /// The last operation of this process that GitLab has answered, or that is not waited for any
    /// more.
    ended: Mutex<HashMap<String, String>>,
}

struct CachedRunner {
    runner: Runner,
    /// The url and number it was read by.
    gitlab_url: String,
    at: Instant,
}

/// A project that was looked up by its path.
struct Project {
    gitlab_url: String,
    path: String,
    id: ProjectId,
    at: Instant,
}

impl Memory {
    fn seen(&self) -> MutexGuard<'_, HashMap<String, CachedRunner>> {
        self.runners.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn operations(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that this process is done with an operation, whatever came of it.
    pub(super) fn ended(&self, uid: &str, operation: &str) {
        self.operations()
            .insert(uid.to_owned(), operation.to_owned());
    }

    /// Whether this process has begun that operation and is done with it.
    pub(super) fn has_ended(&self, uid: &str, operation: &str) -> bool {
        let operations = self.operations();
        operations.get(uid).is_some_and(|ended| ended == operation)
    }

    /// Forgets an object that is gone.
    pub(super) fn remove(&self, uid: &str) {
        self.forget_looks(uid);
        self.numbers().remove(uid);
        self.operations().remove(uid);
    }

    fn projects(&self) -> MutexGuard<'_, HashMap<String, Vec<Project>>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a runner.
    pub(super) fn keep(&self, uid: &str, gitlab_url: &str, runner: &Runner, now: Instant) {
        let seen = CachedRunner {
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

    /// Forgets what was read in GitLab: somebody asks for another look.
    pub(super) fn forget_looks(&self, uid: &str) {
        self.forget(uid);
        self.forget_projects(uid);
    }

    /// Forgets a runner: it was written to, or is gone.
    pub(super) fn forget(&self, uid: &str) {
        self.seen().remove(uid);
    }

    /// Remembers the number of a project, and no longer those that are older than `period`.
    pub(super) fn keep_project(
        &self,
        uid: &str,
        gitlab_url: &str,
        path: &str,
        id: ProjectId,
        period: Duration,
        now: Instant,
    ) {
        let mut projects = self.projects();
        let projects = projects.entry(uid.to_owned()).or_default();
        projects.retain(|known| known.path != path && now.duration_since(known.at) < period);
        projects.push(Project {
            gitlab_url: gitlab_url.to_owned(),
            path: path.to_owned(),
            id,
            at: now,
        });
    }

    /// The number of a project that was looked up no longer than `period` ago. Writing to the runner
    /// does not change it.
    pub(super) fn project(
        &self,
        uid: &str,
        gitlab_url: &str,
        path: &str,
        period: Duration,
        now: Instant,
    ) -> Option<ProjectId> {
        let projects = self.projects();
        let same = |known: &&Project| {
            let fresh = now.duration_since(known.at) < period;
            known.gitlab_url == gitlab_url && known.path == path && fresh
        };
        projects
            .get(uid)?
            .iter()
            .find(same)
            .map(|project| project.id)
    }

    /// Forgets the projects that a runner is to serve: one of them may have another number now.
    pub(super) fn forget_projects(&self, uid: &str) {
        self.projects().remove(uid);
    }
}
