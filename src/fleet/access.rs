//! How a command gets to a GitLab: by an address and a token of its caller's, or by a connection of a
//! cluster. The token is taken from the environment and never from the command line, which all users of a
//! machine may read.
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use clap::Args;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use super::certificates::Certificates;
use super::kubernetes::{ClusterArgs, Kubernetes};
pub(super) use super::session::Session;
use crate::api::v1alpha1::{ConnectionKind, ConnectionRef, GitLabConnectionSpec};
use crate::connect;
use crate::connect::Sources;
use crate::gitlab::{Budget, BuildError, Client, Endpoint, Lane, by_network};
use crate::plan::{Trouble, Version, credential, is_withheld};
use crate::secrets::digest;

/// Where the token is when no connection is named.
const TOKEN: &str = "GITLAB_TOKEN";

/// Where the address is when nothing says it: the second is what a CI job of GitLab has.
const ADDRESSES: [&str; 2] = ["GITLAB_URL", "CI_SERVER_URL"];

/// Which GitLab, and with which credential.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection to GitLab")]
pub(super) struct Access {
    /// Address of GitLab; the access token is read from the environment variable GITLAB_TOKEN. When
    /// omitted it is that of GITLAB_URL, or of CI_SERVER_URL as in a CI job
    #[arg(long, value_name = "URL", conflicts_with_all = ["connection", "cluster_connection"])]
    gitlab_url: Option<String>,
    /// Use the GitLab and the credential of this GitLabConnection of the cluster instead
    #[arg(long, value_name = "NAME", conflicts_with = "cluster_connection")]
    connection: Option<String>,
    /// Use those of this ClusterGitLabConnection instead
    #[arg(long, value_name = "NAME")]
    cluster_connection: Option<String>,
    /// The operator's namespace, where the Secrets of ClusterGitLabConnections are. When omitted it is
    /// that of the kubeconfig
    #[arg(long, value_name = "NAMESPACE")]
    operator_namespace: Option<String>,
    /// Certificates on the way.
    #[command(flatten)]
    certificates: Certificates,
    /// Take an address that is http: the token travels in the clear
    #[arg(long)]
    allow_http: bool,
    /// How many requests GitLab gets in any 60 seconds at the most; no more than a connection allows
    #[arg(long, value_name = "COUNT", default_value = "600", value_parser = clap::value_parser!(u32).range(10..=60_000))]
    requests_per_minute: u32,
    /// Which cluster, and where in it.
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
}

impl Access {
    /// The connection that was named, if one was.
    pub(super) fn named(&self) -> Option<ConnectionRef> {
        let of = |kind, name: &String| ConnectionRef {
            kind,
            name: name.clone(),
        };
        let cluster = self.cluster_connection.as_ref();
        let cluster = cluster.map(|name| of(ConnectionKind::ClusterGitLabConnection, name));
        let own = self.connection.as_ref();
        cluster.or(own.map(|name| of(ConnectionKind::GitLabConnection, name)))
    }

    /// Whether the caller brings an address, so that no connection is needed.
    pub(super) fn has_address(&self) -> bool {
        self.named().is_none() && self.address().is_some()
    }

    /// Whether an address was typed, whatever the environment says.
    pub(super) fn types_address(&self) -> bool {
        self.gitlab_url.is_some()
    }

    fn address(&self) -> Option<String> {
        let given = |name: &&str| std::env::var(name).ok().filter(|url| !url.is_empty());
        let typed = self.gitlab_url.clone();
        typed.or_else(|| ADDRESSES.iter().find_map(given))
    }

    /// The way to GitLab that was typed. Asks GitLab nothing.
    pub(super) async fn session(&self) -> anyhow::Result<Session> {
        match self.named() {
            Some(connection) => {
                let kubernetes = self.cluster.connect().await?;
                self.session_by(kubernetes, connection).await
            }
            None => self.session_by_address(),
        }
    }

    /// The way to GitLab by a connection.
    pub(super) async fn session_by(
        &self,
        kubernetes: Kubernetes,
        connection: ConnectionRef,
    ) -> anyhow::Result<Session> {
        let ConnectionRef { kind, name } = &connection;
        let (spec, status) = kubernetes.connection(*kind, name).await?;
        let namespace = match kind {
            ConnectionKind::GitLabConnection => kubernetes.namespace.clone(),
            ConnectionKind::ClusterGitLabConnection => match &self.operator_namespace {
                Some(namespace) => namespace.clone(),
                None => self.home().await?,
            },
        };
        let sources = Sources {
            kube: kubernetes.client.clone(),
            namespace,
            allow_http: self.allow_http,
        };
        let told = |Trouble { message, .. }| anyhow!("{} {name}: {message}", kind.name());
        let endpoint = sources.endpoint(&spec).await?.map_err(told)?;
        let (token, credential) = sources.token(&spec).await?.map_err(told)?;
        ensure!(
            !is_withheld(&status, &digest(token.expose_secret())),
            "{} {name}: the token in {credential} is not sent, since it was refused for good, or is being \
             replaced: its status says more",
            kind.name()
        );
        let origin = |error: &BuildError| sources.origin(&spec, error);
        let client = client(&endpoint, token, self.ceiling(Some(&spec)), origin);
        Ok(Session {
            client: client.map_err(told)?,
            version: Version::default(),
            endpoint,
            credential,
            connection: Some(connection),
            kubernetes: Some(kubernetes),
        })
    }

    /// The namespace of the kubeconfig, whatever namespace the objects are in.
    async fn home(&self) -> anyhow::Result<String> {
        let anywhere = ClusterArgs {
            namespace: None,
            ..self.cluster.clone()
        };
        Ok(anywhere.connect().await?.namespace)
    }

    fn session_by_address(&self) -> anyhow::Result<Session> {
        let url = self.address().with_context(|| {
            format!(
                "no GitLab is named: write --gitlab-url https://gitlab.example.com and put an access token \
                 into the environment variable {TOKEN}, or name a connection of the cluster with --connection"
            )
        })?;
        let endpoint = Endpoint {
            url: sound(&url, self.allow_http)?,
            ca_pem: self.certificates.authorities()?,
            client_certificate: self.certificates.shown()?,
            proxy: None,
            proxy_credentials: None,
            timeout: Duration::from_secs(30),
        };
        let place = format!("the environment variable {TOKEN}");
        let ceiling = self.ceiling(None);
        let client = client(&endpoint, token()?, ceiling, |_| None);
        Ok(Session {
            client: client.map_err(|Trouble { message, .. }| anyhow!(message))?,
            version: Version::default(),
            endpoint,
            credential: place,
            connection: None,
            kubernetes: None,
        })
    }

    fn ceiling(&self, spec: Option<&GitLabConnectionSpec>) -> u32 {
        let allowed = spec.and_then(|spec| u32::try_from(spec.requests_per_minute).ok());
        allowed.map_or(self.requests_per_minute, |allowed| {
            allowed.min(self.requests_per_minute)
        })
    }
}

/// The address as it is asked, where a token may be sent there.
fn sound(typed: &str, allow_http: bool) -> anyhow::Result<String> {
    let address = typed.trim().trim_end_matches('/');
    // By the scheme that the client goes by, which is not always how the address begins.
    let url = Url::parse(address).map_err(|_| {
        anyhow!("the address of GitLab is not a URL; write it like https://gitlab.example.com")
    })?;
    ensure!(
        url.scheme() == "https" || url.scheme() == "http" && allow_http,
        "{address} is not https: the token would travel in the clear; --allow-http takes one that is http all \
         the same"
    );
    Ok(address.to_owned())
}

fn client(
    endpoint: &Endpoint,
    token: SecretString,
    ceiling: u32,
    origin: impl Fn(&BuildError) -> Option<String>,
) -> Result<Client, Trouble> {
    let (network, budget) = (by_network(), Budget::per_minute(ceiling));
    let client = connect::client(&network, endpoint, token, Arc::new(|_| ()), budget, origin)?;
    // Somebody waits for the answer, and nobody else uses this budget.
    Ok(client.in_lane(Lane::Change))
}

fn token() -> anyhow::Result<SecretString> {
    let Some(held) = std::env::var_os(TOKEN) else {
        bail!("the environment variable {TOKEN} is not set: put an access token there");
    };
    match credential(held.as_encoded_bytes()) {
        Ok("") => bail!("the environment variable {TOKEN} is empty: put an access token there"),
        Ok(token) => Ok(SecretString::from(token)),
        Err(why) => bail!("the environment variable {TOKEN}: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_http_sends_the_token_in_the_clear() {
        for typed in [
            "http://gitlab.example.com",
            "HTTP://gitlab.example.com",
            " http://gitlab.example.com",
            "\u{1}hTTp://gitlab.example.com/",
            "ht\ntp://gitlab.example.com",
            "http:gitlab.example.com",
        ] {
            let why = sound(typed, false).unwrap_err().to_string();
            assert!(why.contains("--allow-http"), "{typed:?}: {why}");
            assert!(sound(typed, true).is_ok(), "{typed:?}");
        }
        let url = sound(" https://gitlab.example.com/ ", false).unwrap();
        assert_eq!(url, "https://gitlab.example.com");
        let why = sound("gitlab.example.com", true).unwrap_err().to_string();
        assert!(why.contains("is not a URL"), "{why}");
        sound("ftp://gitlab.example.com", true).unwrap_err();
    }
}
