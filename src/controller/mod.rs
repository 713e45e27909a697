//! The only async code that knows both Kubernetes and GitLab.
mod budgets;
pub mod caches;
mod chain;
pub mod connection;
mod connection_check;
pub mod connections;
pub mod error;
mod events;
pub mod guards;
mod inventory;
mod malformed;
mod memory;
mod on_request;
mod owned;
pub mod record;
mod refusals;
mod relist;
mod remedy;
mod report;
pub mod runner;
mod start;
mod stop;
pub mod tasks;
mod turn;
mod versions;
mod watches;

pub use start::start;

use std::{collections::HashSet, time::Duration};

use kube::{Client, Resource, runtime::reflector::ObjectRef};
use tokio_util::sync::CancellationToken;

use crate::api::v1alpha1::{ConnectionKind, GitLabRunner};
use crate::metrics::Metrics;
use crate::observe::Recent;

use budgets::Budgets;
use caches::{ClusterCaches, ConnectionKey, NamespaceCaches};
use connections::Connections;
use events::Events;
use owned::OwnedSecrets;
use record::Records;

/// What was decided at the start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The namespaces to watch; none is all of them.
    pub namespaces: Vec<String>,
    /// How often GitLab is asked about an idle runner.
    pub resync: Duration,
    /// How long looking and acting may take in one pass.
    pub longest_pass: Duration,
    /// Whether connections may use http.
    pub allow_http: bool,
    /// Names this cluster in the marks of runners.
    pub cluster: String,
    /// Where the Secrets of the cluster's connections are.
    pub operator_namespace: String,
    /// The name of this instance, as events show it.
    pub instance: Option<String>,
}

/// What every pass may use.
pub struct Context {
    /// The cluster.
    pub kube: Client,
    /// What was decided at the start.
    pub options: Options,
    /// The caches of what is watched.
    pub caches: Vec<NamespaceCaches>,
    /// The caches of the cluster-scoped kinds, when all namespaces are watched.
    pub cluster_caches: Option<ClusterCaches>,
    /// What is known of each connection.
    pub connections: Connections,
    /// How much may be sent with each credential.
    pub(in crate::controller) budgets: Budgets,
    /// What is known of each object.
    pub records: Records,
    /// Where a Secret could have been written lately: by namespace, and whether one was there.
    pub(in crate::controller) rehearsed: Recent<(String, bool), ()>,
    /// Which Secrets belong to which object.
    pub(in crate::controller) owned: OwnedSecrets,
    /// Who tells.
    events: Events,
    /// What is counted.
    pub metrics: Metrics,
    /// Cancelled once the process is to end.
    stop: CancellationToken,
}

impl Context {
    /// A context that knows nothing yet.
    pub fn new(
        kube: Client,
        options: Options,
        caches: Vec<NamespaceCaches>,
        cluster_caches: Option<ClusterCaches>,
        metrics: Metrics,
        stop: CancellationToken,
    ) -> Self {
        Self {
            events: Events::new(kube.clone(), options.instance.clone()),
            kube,
            options,
            caches,
            cluster_caches,
            connections: Connections::default(),
            budgets: Budgets::default(),
            records: Records::default(),
            rehearsed: Recent::default(),
            owned: OwnedSecrets::default(),
            metrics,
            stop,
        }
    }

    /// The caches that a namespace is in.
    pub fn caches_of(&self, namespace: &str) -> Option<&NamespaceCaches> {
        self.caches.iter().find(|caches| {
            caches
                .namespace
                .as_deref()
                .is_none_or(|watched| watched == namespace)
        })
    }

    /// Forgets what is known of objects that no cache holds any more.
    pub fn forget_the_gone(&self) {
        let mut uids = HashSet::new();
        for caches in &self.caches {
            uids.extend(caches.runners.uids());
            uids.extend(caches.connections.uids());
        }
        let cluster = self.cluster_caches.iter();
        uids.extend(cluster.flat_map(|caches| caches.connections.uids()));
        self.records.retain(&uids);
    }

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

    /// The runners that name this connection.
    pub fn runners_of<'a>(
        &'a self,
        key: &'a ConnectionKey,
    ) -> impl Iterator<
        Item = (
            &'a NamespaceCaches,
            std::sync::Arc<guards::Guarded<GitLabRunner>>,
        ),
    > {
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
