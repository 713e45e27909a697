//! What was last seen of a runner in GitLab and of the projects that it is to serve, so that GitLab is
//! asked once in a resync and not each time the object is touched; and what was done there that status
//! need not tell. Another source, such as a sweep of a whole connection, can fill it as well.
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::gitlab::model::{ProjectId, Runner, RunnerId};

/// What is remembered of one object.
#[derive(Default)]
pub(super) struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    runner: Option<CachedRunner>,
    /// Whether the runner was registered, and not seen since.
    assumed: bool,
    projects: Vec<Project>,
    /// The number that an attempt has made, where status could not take it.
    made: Option<(String, RunnerId)>,
    /// The last operation of this process that GitLab has answered, or that is not waited for any
    /// more.
    ended: Option<String>,
    /// The runner that GitLab has said it removed.
    removed: Option<RunnerId>,
    /// Whether nothing is left to do for the object but to let it go.
    goes: bool,
    /// Whether our finalizer was removed.
    let_go: bool,
}

struct CachedRunner {
    runner: Runner,
    /// The url it was read at.
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
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what an attempt to register has made.
    pub(super) fn made(&self, attempt: String, id: RunnerId) {
        self.state().made = Some((attempt, id));
    }

    /// What that attempt has made, as far as it is remembered.
    pub(super) fn number(&self, attempt: &str) -> Option<RunnerId> {
        let state = self.state();
        let (made_by, id) = state.made.as_ref()?;
        (made_by == attempt).then_some(*id)
    }

    /// Remembers that this process is done with an operation, whatever came of it.
    pub(super) fn ended(&self, operation: &str) {
        self.state().ended = Some(operation.to_owned());
    }

    /// Whether this process has begun that operation and is done with it.
    pub(super) fn has_ended(&self, operation: &str) -> bool {
        self.state().ended.as_deref() == Some(operation)
    }

    /// Remembers that GitLab has said that it removed the runner.
    pub(super) fn remove(&self, id: RunnerId) {
        self.state().removed = Some(id);
    }

    /// The runner that GitLab has said it removed.
    pub(super) fn removed(&self) -> Option<RunnerId> {
        self.state().removed
    }

    /// Remembers that the object may go. Tells whether that is new.
    pub(super) fn goes(&self) -> bool {
        !std::mem::replace(&mut self.state().goes, true)
    }

    /// Remembers that our finalizer was removed.
    pub(super) fn let_go(&self) {
        self.state().let_go = true;
    }

    /// Whether our finalizer was removed.
    pub(super) fn is_let_go(&self) -> bool {
        self.state().let_go
    }

    /// Remembers a runner.
    pub(super) fn keep(&self, gitlab_url: &str, runner: &Runner, now: Instant) {
        let mut state = self.state();
        state.assumed = false;
        state.runner = Some(CachedRunner {
            runner: runner.clone(),
            gitlab_url: gitlab_url.to_owned(),
            at: now,
        });
    }

    /// Remembers a runner that nobody has seen: it was registered like that.
    pub(super) fn assume(&self, gitlab_url: &str, runner: &Runner, now: Instant) {
        self.keep(gitlab_url, runner, now);
        self.state().assumed = true;
    }

    /// How long ago the runner that is remembered was seen, or registered.
    pub(super) fn age(&self, now: Instant) -> Option<Duration> {
        let state = self.state();
        let seen = state.runner.as_ref()?;
        Some(now.duration_since(seen.at))
    }

    /// Whether the runner that is remembered was not seen.
    pub(super) fn is_assumed(&self) -> bool {
        self.state().assumed
    }

    /// What was seen no longer than `period` ago.
    pub(super) fn recall(
        &self,
        gitlab_url: &str,
        period: Duration,
        now: Instant,
    ) -> Option<Runner> {
        let state = self.state();
        let seen = state.runner.as_ref();
        let seen = seen.filter(|seen| seen.gitlab_url == gitlab_url)?;
        (now.duration_since(seen.at) < period).then(|| seen.runner.clone())
    }

    /// How long until what was seen is older than `period`.
    pub(super) fn due(&self, period: Duration, now: Instant) -> Duration {
        let state = self.state();
        state.runner.as_ref().map_or(period, |seen| {
            period.saturating_sub(now.duration_since(seen.at))
        })
    }

    /// Forgets what was read in GitLab: somebody asks for another look.
    pub(super) fn forget_looks(&self) {
        self.forget();
        self.forget_projects();
    }

    /// Forgets the runner: it was written to, or is gone.
    pub(super) fn forget(&self) {
        self.state().runner = None;
    }

    /// Remembers the number of a project, and no longer those that are older than `period`.
    pub(super) fn keep_project(
        &self,
        gitlab_url: &str,
        path: &str,
        id: ProjectId,
        period: Duration,
        now: Instant,
    ) {
        let projects = &mut self.state().projects;
        projects.retain(|known| known.path != path && now.duration_since(known.at) < period);
        projects.push(Project {
            gitlab_url: gitlab_url.to_owned(),
            path: path.to_owned(),
            id,
            at: now,
        });
    }

    /// The numbers of the projects that were looked up no longer than `period` ago, by path. Writing to
    /// the runner does not change them.
    pub(super) fn projects(
        &self,
        gitlab_url: &str,
        period: Duration,
        now: Instant,
    ) -> Vec<(String, ProjectId)> {
        let state = self.state();
        let fresh = |known: &&Project| {
            known.gitlab_url == gitlab_url && now.duration_since(known.at) < period
        };
        let fresh = state.projects.iter().filter(fresh);
        fresh.map(|known| (known.path.clone(), known.id)).collect()
    }

    /// Forgets the projects that the runner is to serve: one of them may have another number now.
    pub(super) fn forget_projects(&self) {
        self.state().projects.clear();
    }
}
