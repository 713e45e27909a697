//! How the operator reaches the API server.
use anyhow::Context as _;
use http::header::{HeaderValue, USER_AGENT};
use kube::Client;

use crate::cli::RunArgs;
use crate::cluster;

/// What requests to the API server are from.
const AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The ways to the API server.
pub(super) struct Clients {
    pub(super) kube: Client,
    /// For the election alone, where there is one.
    pub(super) apart: Option<Client>,
    pub(super) own_namespace: String,
}

pub(super) async fn clients(args: &RunArgs) -> anyhow::Result<Clients> {
    let mut config = cluster::config(None).await?;
    // kube would repeat requests by itself, for minutes; looking again is the controllers' part.
    config.default_retry = false;
    // The API server also takes its first word for the field manager of whatever is written.
    let agent = HeaderValue::from_static(AGENT);
    config.headers.push((USER_AGENT, agent));
    let own_namespace = args
        .operator_namespace
        .clone()
        .unwrap_or_else(|| config.default_namespace.clone());
    let apart = args.leader_elect.then(|| cluster::apart(config.clone()));
    let apart = apart.transpose().context("no client for the API server")?;
    let kube = cluster::client(config).context("no client for the API server")?;
    Ok(Clients {
        kube,
        apart,
        own_namespace,
    })
}
