//! What the two kinds of connection have in common.
use kube::{Api, Resource, ResourceExt, api::PostParams};
use serde::{Serialize, de::DeserializeOwned};

use crate::api::v1alpha1::{
    ClusterGitLabConnection, ConnectionKind, ConnectionStatus, GitLabConnection,
    GitLabConnectionSpec,
};
use crate::controller::{Context, caches::ConnectionKey, error::Error};
use crate::metrics::Kind;

/// A connection of either kind.
pub trait Connection:
    Resource<DynamicType = ()>
    + Clone
    + std::fmt::Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Its label in metrics.
    const KIND: Kind;

    /// Its key among all connections.
    fn key(namespace: Option<String>, name: String) -> ConnectionKey;

    /// What both kinds have in their spec.
    fn spec(&self) -> &GitLabConnectionSpec;

    /// Its status.
    fn status(&self) -> Option<&ConnectionStatus>;

    /// Itself with that status.
    #[must_use]
    fn with_status(self, status: ConnectionStatus) -> Self;

    /// Where it lives.
    fn api(&self, client: kube::Client) -> Api<Self>;

    /// The namespace of the Secrets it names.
    fn secrets_namespace(&self, operator_namespace: &str) -> String;
}

impl Connection for GitLabConnection {
    const KIND: Kind = Kind::gitlabconnection;

    fn key(namespace: Option<String>, name: String) -> ConnectionKey {
        ConnectionKey {
            kind: ConnectionKind::GitLabConnection,
            namespace,
            name,
        }
    }

    fn spec(&self) -> &GitLabConnectionSpec {
        &self.spec
    }

    fn status(&self) -> Option<&ConnectionStatus> {
        self.status.as_ref()
    }

    fn with_status(self, status: ConnectionStatus) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    fn api(&self, client: kube::Client) -> Api<Self> {
        Api::namespaced(client, &self.namespace().unwrap_or_default())
    }

    fn secrets_namespace(&self, _: &str) -> String {
        self.namespace().unwrap_or_default()
    }
}

impl Connection for ClusterGitLabConnection {
    const KIND: Kind = Kind::clustergitlabconnection;

    fn key(_: Option<String>, name: String) -> ConnectionKey {
        ConnectionKey {
            kind: ConnectionKind::ClusterGitLabConnection,
            namespace: None,
            name,
        }
    }

    fn spec(&self) -> &GitLabConnectionSpec {
        &self.spec.connection
    }

    fn status(&self) -> Option<&ConnectionStatus> {
        self.status.as_ref()
    }

    fn with_status(self, status: ConnectionStatus) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    fn api(&self, client: kube::Client) -> Api<Self> {
        Api::all(client)
    }

    fn secrets_namespace(&self, operator_namespace: &str) -> String {
        operator_namespace.to_owned()
    }
}

/// Writes a status onto the very version of the object that was read; gives the one that is there then.
pub(super) async fn write_status<K: Connection>(
    connection: K,
    ctx: &Context,
    status: ConnectionStatus,
) -> Result<K, Error> {
    let mut connection = connection.with_status(status);
    connection.meta_mut().managed_fields = None;
    let api = connection.api(ctx.kube.clone());
    api.replace_status(&connection.name_any(), &PostParams::default(), &connection)
        .await
        .map_err(|error| Error::kube("write the status", error))
}
