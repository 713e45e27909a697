//! Which runner an object was last seen to have, which the roster tells of, and the projects that it is to
//! serve, so that GitLab is asked once in a resync and not each time the object is touched; and what was
//! done there that status need not tell.
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use tokio::time::Instant;

use crate::gitlab::model::{ProjectId, Runner, RunnerId};
use crate::observe::Roster;

/// What is remembered of one object.
#[derive(Default)]
pub(super) struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    runner: Option<Followed>,
    /// Whether GitLab is to be asked for the runner whatever is known of it.
    outdated: bool,
    /// When the runner was registered, which nobody has seen since.
    assumed: Option<Timestamp>,
    projects: Vec<Project>,
    /// The number that an attempt has made, where status could not take it.
    made: Option<(String, RunnerId)>,
    /// The last operation of this process that GitLab has answered, or that is not waited for any
    /// more.
    ended: Option<String>,
    /// The version of the Secret that this process has written last.
    written: Option<Box<str>>,
    /// The runner that GitLab has said it removed.
    removed: Option<RunnerId>,
    /// The runner whose removal GitLab was asked for.
    going: Option<RunnerId>,
    /// Whether nothing is left to do for the object but to let it go.
    goes: bool,
    /// Whether our finalizer was removed.
    let_go: bool,
}

/// A runner, and what tells of it.
struct Followed {
    roster: Weak<Roster>,
    id: RunnerId,
}

/// A project that was looked up by its path.
struct Project {
    gitlab_url: String,
    path: String,
    id: ProjectId,
    at: Instant,
}

impl State {
    /// When GitLab was last asked for the runner.
    fn asked(&self) -> Option<Timestamp> {
        let followed = self.runner.as_ref()?;
        followed.roster.upgrade()?.asked(followed.id)
    }
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

    /// Remembers which version of its Secret the object has from this process.
    pub(super) fn writes(&self, secret: &Secret) {
        let version = secret.metadata.resource_version.as_deref();
        self.state().written = version.map(Into::into);
    }

    /// Whether this very version of a Secret is from this process.
    pub(super) fn has_written(&self, secret: &ObjectMeta) -> bool {
        let version = secret.resource_version.as_deref();
        version.is_some() && self.state().written.as_deref() == version
    }

    /// Remembers that GitLab is asked to remove the runner.
    pub(super) fn removes(&self, id: RunnerId) {
        self.state().going = Some(id);
    }

    /// The runner whose removal GitLab was asked for, whatever came of it.
    pub(super) fn going(&self) -> Option<RunnerId> {
        self.state().going
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

    /// Remembers a runner as GitLab has shown it to somebody who asked then.
    pub(super) fn keep(&self, roster: &Arc<Roster>, runner: &Runner, asked: Timestamp) {
        roster.note(runner.clone(), asked);
        self.follow(roster, runner.id);
    }

    /// Remembers a runner that nobody has seen: it was registered like that.
    pub(super) fn assume(&self, roster: &Arc<Roster>, runner: &Runner, now: Timestamp) {
        self.keep(roster, runner, now);
        self.state().assumed = Some(now);
    }

    /// Remembers which runner was looked at.
    pub(super) fn follow(&self, roster: &Arc<Roster>, id: RunnerId) {
        let mut state = self.state();
        state.outdated = false;
        let roster = Arc::downgrade(roster);
        state.runner = Some(Followed { roster, id });
    }

    /// Whether what was seen of the runner may count.
    pub(super) fn may_recall(&self) -> bool {
        !self.state().outdated
    }

    /// How long until what was seen is older than `period`. What is older already is seen again by a sweep.
    pub(super) fn due(&self, period: Duration, now: Timestamp) -> Duration {
        let state = self.state();
        let age = state
            .asked()
            .and_then(|asked| Duration::try_from(now.duration_since(asked)).ok());
        let left = age.and_then(|age| period.checked_sub(age));
        left.filter(|left| !left.is_zero()).unwrap_or(period)
    }

    /// How long ago the runner was seen, or registered.
    pub(super) fn age(&self, now: Timestamp) -> Option<Duration> {
        let asked = self.state().asked()?;
        Duration::try_from(now.duration_since(asked)).ok()
    }

    /// Whether nobody has seen the runner since it was registered.
    pub(super) fn is_assumed(&self) -> bool {
        let state = self.state();
        state.assumed.is_some() && state.assumed == state.asked()
    }

    /// Whether a sweep looks after the runner.
    pub(super) fn is_swept(&self, now: Timestamp) -> bool {
        let state = self.state();
        let followed = state.runner.as_ref().filter(|_| !state.outdated);
        followed.is_some_and(|followed| {
            let roster = followed.roster.upgrade();
            roster.is_some_and(|roster| roster.covers(followed.id, now))
        })
    }

    /// Forgets what was read in GitLab: somebody asks for another look.
    pub(super) fn forget_looks(&self) {
        self.forget();
        self.forget_projects();
    }

    /// Forgets the runner: it was written to, or is gone.
    pub(super) fn forget(&self) {
        self.state().outdated = true;
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
