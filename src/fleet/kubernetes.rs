//! The cluster, for a command that needs one.
use anyhow::Context as _;
use clap::Args;
use kube::Client;

use crate::api::v1alpha1::{
    ClusterGitLabConnection, ConnectionKind, ConnectionStatus, GitLabConnection,
    GitLabConnectionSpec,
};
use crate::cluster;

/// Which cluster, and where in it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterArgs {
    /// Namespace of the objects. When omitted it is that of the kubeconfig
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(super) namespace: Option<String>,
    /// Context of the kubeconfig. When omitted it is the current one
    #[arg(long, value_name = "CONTEXT")]
    pub(super) context: Option<String>,
}

/// A cluster that can be asked.
#[derive(Clone)]
pub(super) struct Kubernetes {
    pub(super) client: Client,
    /// The namespace that is meant.
    pub(super) namespace: String,
}

impl ClusterArgs {
    /// Reads the kubeconfig. Asks the API server nothing.
    pub(super) async fn connect(&self) -> anyhow::Result<Kubernetes> {
        let mut config = cluster::config(self.context.as_deref()).await?;
        // Who types a command is told at once, and tries again.
        config.default_retry = false;
        let namespace = self.namespace.clone();
        Ok(Kubernetes {
            namespace: namespace.unwrap_or_else(|| config.default_namespace.clone()),
            client: Client::try_from(config).context("no client for the API server")?,
        })
    }
}

impl Kubernetes {
    /// The same cluster, with another namespace meant.
    pub(super) fn at(self, namespace: String) -> Self {
        Self { namespace, ..self }
    }

    /// What a connection says, and what is said of it.
    pub(super) async fn connection(
        &self,
        kind: ConnectionKind,
        name: &str,
    ) -> anyhow::Result<(GitLabConnectionSpec, ConnectionStatus)> {
        let doing = || format!("could not read the {} {name}", kind.name());
        match kind {
            ConnectionKind::GitLabConnection => {
                let api =
                    kube::Api::<GitLabConnection>::namespaced(self.client.clone(), &self.namespace);
                let place = format!("in the namespace {}", self.namespace);
                let connection = api.get(name).await;
                let connection = connection.with_context(|| format!("{} {place}", doing()))?;
                Ok((connection.spec, connection.status.unwrap_or_default()))
            }
            ConnectionKind::ClusterGitLabConnection => {
                let api = kube::Api::<ClusterGitLabConnection>::all(self.client.clone());
                let connection = api.get(name).await.with_context(doing)?;
                let status = connection.status.unwrap_or_default();
                Ok((connection.spec.connection, status))
            }
        }
    }
}
