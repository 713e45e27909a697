//! The only async code that knows both Kubernetes and GitLab.
mod audit;
mod breaker;
mod budgets;
pub mod caches;
pub mod connection;
mod connection_check;
pub mod connections;
pub mod error;
mod events;
mod first_lists;
mod fresh_tokens;
mod gates;
pub mod guards;
mod holders;
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
mod requeue;
pub mod rosters;
pub mod runner;
mod start;
mod stop;
pub mod sweeps;
pub mod tasks;
mod turn;
mod versions;
mod watches;

pub use start::start;

use std::{collections::HashSet, time::Duration};

use kube::Client;
use kube::runtime::reflector::ObjectRef;
use tokio_util::sync::CancellationToken;

use crate::api::v1alpha1::ConnectionKind;
use crate::gitlab::{Connect, by_network};
use crate::metrics::Metrics;
use crate::observe::Recent;
use crate::term::Term;

use breaker::Breaker;
use budgets::Budgets;
use caches::{ClusterCaches, ConnectionKey, NamespaceCaches};
use connections::Connections;
use events::Events;
use first_lists::FirstLists;
use fresh_tokens::FreshTokens;
use gates::{Gates, process};
use owned::OwnedSecrets;
use record::Records;
use rosters::Rosters;

/// What was decided at the start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The namespaces to watch; none is all of them.
    pub namespaces: Vec<String>,
    /// How often runners are compared with GitLab.
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

/// What a process is given of the world around it.
pub struct Surroundings {
    /// The cluster.
    pub kube: Client,
    /// What leads to a GitLab.
    pub gitlab: Connect,
    /// How the process calls itself in status. No other may have that name, also not the one before it in
    /// the same container.
    pub process: String,
    /// For how long it leads.
    pub term: Term,
}

impl Surroundings {
    /// The network, and a name by chance.
    pub fn new(kube: Client, term: Term) -> Self {
        Self {
            kube,
            gitlab: by_network(),
            process: process(),
            term,
        }
    }
}

/// What every pass may use.
pub struct Context {
    /// The cluster.
    pub kube: Client,
    /// What leads to a GitLab.
    pub(in crate::controller) gitlab: Connect,
    /// What was decided at the start.
    pub options: Options,
    /// The caches of what is watched.
    pub caches: Vec<NamespaceCaches>,
    /// The caches of the cluster-scoped kinds, when all namespaces are watched.
    pub cluster_caches: Option<ClusterCaches>,
    /// What is known of each connection.
    pub connections: Connections,
    /// Of which connections too many runners are lost.
    pub(in crate::controller) breaker: Breaker,
    /// How much may be sent with each credential.
    pub(in crate::controller) budgets: Budgets,
    /// Who may send each credential.
    pub(in crate::controller) gates: Gates,
    /// New tokens of connections that are not stored yet.
    pub(in crate::controller) fresh_tokens: FreshTokens,
    /// The first lists of connections.
    pub(in crate::controller) connections_listed: FirstLists,
    /// What each credential last saw of runners.
    pub rosters: Rosters,
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
    /// For how long this process leads.
    pub(in crate::controller) term: Term,
    /// Cancelled once the process is to end.
    stop: CancellationToken,
}

impl Context {
    /// A context that knows nothing yet.
    pub fn new(
        surroundings: Surroundings,
        options: Options,
        caches: Vec<NamespaceCaches>,
        cluster_caches: Option<ClusterCaches>,
        metrics: Metrics,
        stop: CancellationToken,
    ) -> Self {
        let Surroundings {
            kube,
            gitlab,
            process,
            term,
        } = surroundings;
        Self {
            events: Events::new(kube.clone(), options.instance.clone()),
            kube,
            gitlab,
            options,
            caches,
            cluster_caches,
            connections: Connections::default(),
            breaker: Breaker::default(),
            budgets: Budgets::default(),
            gates: Gates::new(process),
            fresh_tokens: FreshTokens::default(),
            connections_listed: FirstLists::default(),
            rosters: Rosters::default(),
            records: Records::default(),
            rehearsed: Recent::default(),
            owned: OwnedSecrets::default(),
            metrics,
            term,
            stop,
        }
    }

    /// The caches that a namespace is in.
    pub fn caches_of(&self, namespace: &str) -> Option<&NamespaceCaches> {
        let is_it = |watched: &String| watched == namespace;
        let mut caches = self.caches.iter();
        caches.find(|caches| caches.namespace.as_ref().is_none_or(is_it))
    }

    /// Whether that connection exists, as far as the caches tell.
    pub fn has_connection(&self, key: &ConnectionKey) -> bool {
        match (key.kind, &key.namespace) {
            (ConnectionKind::GitLabConnection, Some(namespace)) => {
                let object = ObjectRef::new(&key.name).within(namespace);
                let caches = self.caches_of(namespace);
                caches.is_some_and(|caches| caches.connections.store.get(&object).is_some())
            }
            (ConnectionKind::GitLabConnection | ConnectionKind::ClusterGitLabConnection, _) => {
                let object = ObjectRef::new(&key.name);
                let caches = self.cluster_caches.as_ref();
                caches.is_some_and(|caches| caches.connections.store.get(&object).is_some())
            }
        }
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
}
