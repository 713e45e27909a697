//! What is watched, as caches: one set for each watched namespace, or one for all of them.
use futures::channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Resource as _,
    core::PartialObjectMeta,
    runtime::reflector::{self, ObjectRef, Store, store::Writer},
};

use super::guards::Guarded;
use crate::api::v1alpha1::{
    ClusterGitLabConnection, ConnectionKind, ConnectionRef, GitLabConnection, GitLabRunner,
};

/// Names a connection of either kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionKey {
    /// Its kind.
    pub kind: ConnectionKind,
    /// Its namespace; `None` for the cluster's.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl ConnectionKey {
    /// The connection that an object in `namespace` means.
    pub fn new(reference: &ConnectionRef, namespace: &str) -> Self {
        let ConnectionRef { kind, name } = reference;
        let namespace = match kind {
            ConnectionKind::GitLabConnection => Some(namespace.to_owned()),
            ConnectionKind::ClusterGitLabConnection => None,
        };
        Self {
            kind: *kind,
            namespace,
            name: name.clone(),
        }
    }
}

impl std::fmt::Display for ConnectionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.name)
    }
}

/// A cache, and a way to wake its controller for one object.
pub struct Cache<K: kube::Resource<DynamicType = ()> + Clone + 'static> {
    /// What the watch has delivered.
    pub store: Store<Guarded<K>>,
    requests: UnboundedSender<ObjectRef<Guarded<K>>>,
}

/// The other ends of a [`Cache`], for the controller.
pub struct CacheFeed<K: kube::Resource<DynamicType = ()> + Clone + 'static> {
    /// The cache.
    pub store: Store<Guarded<K>>,
    /// Fills it.
    pub writer: Writer<Guarded<K>>,
    /// Whom to look at, besides what the watch says.
    pub requeued: UnboundedReceiver<ObjectRef<Guarded<K>>>,
}

impl<K> Cache<K>
where
    K: kube::Resource<DynamicType = ()> + Clone + 'static,
{
    fn new() -> (Self, CacheFeed<K>) {
        let (store, writer) = reflector::store();
        let (requests, requeued) = mpsc::unbounded();
        let feed = CacheFeed {
            store: store.clone(),
            writer,
            requeued,
        };
        (Self { store, requests }, feed)
    }

    /// The uids of what it holds.
    pub fn uids(&self) -> impl Iterator<Item = String> {
        let held = self.store.state().into_iter();
        held.filter_map(|object| object.meta().uid.clone())
    }

    /// The same as [`Self::requeue`], for later.
    pub fn waker(&self, object: ObjectRef<Guarded<K>>) -> impl FnOnce() + Send + use<K> {
        let requests = self.requests.clone();
        move || {
            let _ = requests.unbounded_send(object);
        }
    }

    /// Has the controller look at an object. After shutdown nobody listens, and that is fine.
    pub fn requeue(&self, object: ObjectRef<Guarded<K>>) {
        let _ = self.requests.unbounded_send(object);
    }
}

/// The namespaced kinds, in one namespace or in all.
pub struct NamespaceCaches {
    /// The namespace; `None` is all of them.
    pub namespace: Option<String>,
    /// The runners.
    pub runners: Cache<GitLabRunner>,
    /// The connections.
    pub connections: Cache<GitLabConnection>,
}

/// The cluster-scoped kinds, when all namespaces are watched.
pub struct ClusterCaches {
    /// The connections of the cluster.
    pub connections: Cache<ClusterGitLabConnection>,
    /// The namespaces, for their labels.
    pub namespaces: Store<PartialObjectMeta<Namespace>>,
}

/// The other ends of a [`NamespaceCaches`].
pub struct NamespaceFeeds {
    /// The namespace; `None` is all of them.
    pub namespace: Option<String>,
    /// For the runner controller.
    pub runners: CacheFeed<GitLabRunner>,
    /// For the connection controller.
    pub connections: CacheFeed<GitLabConnection>,
}

/// The other ends of the [`ClusterCaches`].
pub struct ClusterFeeds {
    /// For the connection controller.
    pub connections: CacheFeed<ClusterGitLabConnection>,
    /// For the watch of namespaces.
    pub namespaces: Writer<PartialObjectMeta<Namespace>>,
}

impl NamespaceCaches {
    /// Empty caches.
    pub fn new(namespace: Option<String>) -> (Self, NamespaceFeeds) {
        let (runners, runners_feed) = Cache::new();
        let (connections, connections_feed) = Cache::new();
        let feed = NamespaceFeeds {
            namespace: namespace.clone(),
            runners: runners_feed,
            connections: connections_feed,
        };
        (
            Self {
                namespace,
                runners,
                connections,
            },
            feed,
        )
    }
}

impl ClusterCaches {
    /// Empty caches.
    pub fn new() -> (Self, ClusterFeeds) {
        let (connections, connections_feed) = Cache::new();
        let (namespaces, writer) = reflector::store();
        let feed = ClusterFeeds {
            connections: connections_feed,
            namespaces: writer,
        };
        (
            Self {
                connections,
                namespaces,
            },
            feed,
        )
    }
}
