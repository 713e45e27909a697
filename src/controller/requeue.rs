//! Who is looked at again because something else has changed.
use std::sync::Arc;

use kube::{Resource, runtime::reflector::ObjectRef};

use super::Context;
use super::caches::{ConnectionKey, NamespaceCaches};
use super::guards::Guarded;
use super::turn::Wake;
use crate::api::v1alpha1::{ConnectionKind, GitLabRunner};

impl Context {
    /// Has every runner looked at that names this connection.
    pub fn requeue_runners(&self, key: &ConnectionKey) {
        for (caches, runner) in self.runners_of(key) {
            caches.runners.requeue(ObjectRef::from_obj(&*runner));
        }
    }

    /// Has every runner of a namespace looked at that names a connection of the cluster: whether that
    /// allows the namespace may have changed.
    pub fn requeue_users_of_cluster_connections(&self, namespace: &str) {
        let Some(caches) = self.caches_of(namespace) else {
            return;
        };
        for object in caches.runners.store.state() {
            let uses_one = object.0.as_ref().is_ok_and(|runner| {
                runner.spec.connection_ref.kind == ConnectionKind::ClusterGitLabConnection
            });
            if uses_one && object.meta().namespace.as_deref() == Some(namespace) {
                caches.runners.requeue(ObjectRef::from_obj(&*object));
            }
        }
    }

    /// Has this runner looked at, later.
    pub(super) fn wake_of(&self, runner: &GitLabRunner) -> Wake {
        let namespace = runner.meta().namespace.as_deref().unwrap_or_default();
        let name = runner.meta().name.as_deref().unwrap_or_default();
        match self.caches_of(namespace) {
            Some(caches) => Box::new(caches.runners.waker(ObjectRef::new(name).within(namespace))),
            None => Box::new(|| ()),
        }
    }

    /// The runners that name this connection.
    pub fn runners_of<'a>(
        &'a self,
        key: &'a ConnectionKey,
    ) -> impl Iterator<Item = (&'a NamespaceCaches, Arc<Guarded<GitLabRunner>>)> {
        self.caches.iter().flat_map(move |caches| {
            caches
                .runners
                .store
                .state()
                .into_iter()
                .filter_map(move |object| {
                    let runner = object.0.as_ref().ok()?;
                    let namespace = runner.meta().namespace.as_deref()?;
                    let named = ConnectionKey::new(&runner.spec.connection_ref, namespace) == *key;
                    named.then_some((caches, object))
                })
        })
    }

    /// Has a connection looked at.
    pub fn requeue_connection(&self, key: &ConnectionKey) {
        match (&key.kind, &key.namespace, &self.cluster_caches) {
            (ConnectionKind::GitLabConnection, Some(namespace), _) => {
                if let Some(caches) = self.caches_of(namespace) {
                    caches
                        .connections
                        .requeue(ObjectRef::new(&key.name).within(namespace));
                }
            }
            (ConnectionKind::ClusterGitLabConnection, _, Some(cluster_caches)) => {
                cluster_caches
                    .connections
                    .requeue(ObjectRef::new(&key.name));
            }
            _ => {}
        }
    }
}
