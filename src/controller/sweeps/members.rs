//! The objects whose runners a roster keeps.
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use kube::Resource;
use kube::runtime::reflector::ObjectRef;

use crate::api::v1alpha1::{GitLabRunner, GitLabRunnerStatus, Target};
use crate::clock;
use crate::controller::Context;
use crate::controller::caches::ConnectionKey;
use crate::controller::guards::Guarded;
use crate::gitlab::model::{RunnerId, Scope};
use crate::observe::{Connected, Holders, Roster};
use crate::plan::{Pace, scope_of};

/// An object, as far as a sweep is concerned.
pub(super) struct Member {
    pub(super) object: Arc<Guarded<GitLabRunner>>,
    pub(super) uid: String,
    /// Its runner, as status names it.
    pub(super) number: Option<RunnerId>,
    /// Where that lives.
    pub(super) scope: Option<Scope>,
}

/// All that use a roster.
pub(super) struct Members {
    /// When these were all. A sweep for them knows nothing of later ones.
    pub(super) at: Timestamp,
    /// The connections that share it.
    pub(super) keys: Vec<ConnectionKey>,
    /// One of them that works.
    pub(super) connected: Option<Arc<Connected>>,
    pub(super) all: Vec<Member>,
}

impl Members {
    pub(super) fn of(ctx: &Context, roster: &Arc<Roster>) -> Self {
        let at = clock::now();
        let (keys, connected) = ctx.connections.sharing(roster);
        let mut all = Vec::new();
        if let Some(connected) = &connected {
            for key in &keys {
                let objects = ctx.runners_of(key);
                all.extend(objects.filter_map(|(_, object)| Member::new(object, &connected.url)));
            }
        }
        Self {
            at,
            keys,
            connected,
            all,
        }
    }

    /// The numbers, uids and scopes.
    pub(super) fn holders(&self) -> Holders {
        let mut holders = Holders::default();
        for member in &self.all {
            let Member {
                uid, number, scope, ..
            } = member;
            holders.uids.insert(uid.clone());
            holders.scopes.extend(*scope);
            if let Some(id) = number {
                holders.runners.insert(*id, uid.clone());
            }
        }
        holders
    }

    /// The scopes that runners live in, each with the path that spec gives it, which may be out of date.
    pub(super) fn scopes(&self) -> BTreeMap<Scope, Option<String>> {
        let mut scopes = BTreeMap::new();
        for member in &self.all {
            if let (Some(scope), Some(_)) = (member.scope, member.number) {
                scopes.entry(scope).or_insert_with(|| member.path());
            }
        }
        scopes
    }

    /// Notes how their runners are looked at, and has the connections say so where that is news.
    pub(super) fn go_at(&self, ctx: &Context, roster: &Roster, pace: Pace) {
        if roster.goes_at(pace) {
            for key in &self.keys {
                ctx.requeue_connection(key);
            }
        }
    }

    /// The path that spec gives a scope, which may be out of date.
    pub(super) fn path_of(&self, scope: Scope) -> Option<String> {
        let mut here = self.all.iter();
        here.find(|member| member.scope == Some(scope))?.path()
    }
}

impl Member {
    fn new(object: Arc<Guarded<GitLabRunner>>, url: &str) -> Option<Self> {
        let runner = object.0.as_ref().ok()?;
        let status = runner.status.as_ref();
        Some(Self {
            uid: runner.meta().uid.clone()?,
            number: status.and_then(|status| number(status, url)),
            scope: status.and_then(|status| {
                let scope = status.scope.as_ref()?;
                let here = scope.gitlab_url.as_deref() == Some(url);
                here.then(|| scope_of(scope)).flatten()
            }),
            object,
        })
    }

    pub(super) fn status(&self) -> Option<&GitLabRunnerStatus> {
        self.object.0.as_ref().ok()?.status.as_ref()
    }

    fn path(&self) -> Option<String> {
        let scope = &self.object.0.as_ref().ok()?.spec.scope;
        let target: Option<&Target> = scope.group.as_ref().or(scope.project.as_ref());
        target?.path.clone()
    }

    /// Has it looked at.
    pub(super) fn wake(&self, ctx: &Context) {
        let namespace = self.object.meta().namespace.as_deref();
        if let Some(caches) = ctx.caches_of(namespace.unwrap_or_default()) {
            caches.runners.requeue(ObjectRef::from_obj(&*self.object));
        }
    }
}

/// The runner that status names, if it is one of that GitLab.
fn number(status: &GitLabRunnerStatus, url: &str) -> Option<RunnerId> {
    let seen = status.runner.as_ref();
    let seen = seen.map(|runner| (Some(runner.id), Some(&runner.gitlab_url)));
    let made = || {
        let last = status.registration.as_ref()?;
        Some((last.runner_id, last.gitlab_url.as_ref()))
    };
    let (id, gitlab_url) = seen.or_else(made)?;
    let here = gitlab_url.is_some_and(|gitlab_url| gitlab_url == url);
    let id = id.filter(|_| here)?;
    u64::try_from(id).ok().map(RunnerId)
}
