//! Reads what a connection names, and asks GitLab about its credential.
use std::{fmt, sync::Arc, time::Duration};

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Api;
use secrecy::{ExposeSecret, SecretString};

use super::view::Connection;
use crate::api::conditions::Reason;
use crate::api::v1alpha1::{GitLabConnectionSpec, SecretKeyRef};
use crate::controller::{
    Context,
    error::{Error, chain},
};
use crate::gitlab;
use crate::gitlab::{Call, Client, Endpoint};
use crate::metrics::Metrics;
use crate::plan::{Account, Trouble};

/// Where the Secrets and ConfigMaps are that a connection names.
pub(super) struct Sources {
    namespace: String,
}

/// Everything that a client is made of. Two that are equal make clients that do the same.
#[derive(Clone)]
pub(crate) struct Inputs {
    endpoint: Endpoint,
    token: SecretString,
}

impl PartialEq for Inputs {
    fn eq(&self, other: &Self) -> bool {
        let Self { endpoint, token } = self;
        *endpoint == other.endpoint && token.expose_secret() == other.token.expose_secret()
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Inputs {
    /// The url, without a slash at the end.
    pub(super) fn url(&self) -> &str {
        &self.endpoint.url
    }

    /// How long a request may take.
    pub(super) fn timeout(&self) -> SignedDuration {
        SignedDuration::try_from(self.endpoint.timeout).unwrap_or(SignedDuration::MAX)
    }
}

impl Sources {
    pub(super) fn of<K: Connection>(connection: &K, ctx: &Context) -> Self {
        Self {
            namespace: connection.secrets_namespace(&ctx.options.operator_namespace),
        }
    }

    /// Reads it all; or says what is missing, by name.
    pub(super) async fn read(
        &self,
        spec: &GitLabConnectionSpec,
        ctx: &Context,
    ) -> Result<Result<Inputs, Trouble>, Error> {
        let GitLabConnectionSpec {
            url,
            credentials_secret_ref,
            ca_bundle_secret_ref,
            ca_bundle_config_map_ref,
            proxy_url,
            timeout,
        } = spec;
        if url.starts_with("http://") && !ctx.options.allow_http {
            let message = format!("{url} is not https: the token would travel in the clear");
            return Ok(Err(Trouble::new(Reason::InsecureUrl, message)));
        }
        let Ok(timeout) = timeout
            .parse::<SignedDuration>()
            .and_then(Duration::try_from)
        else {
            let message = format!("timeout {timeout:?} is no duration such as 30s");
            return Ok(Err(Trouble::new(Reason::InvalidConnection, message)));
        };
        let token = match self.secret_key(ctx, credentials_secret_ref).await? {
            Ok(token) => SecretString::from(String::from_utf8_lossy(&token).trim().to_owned()),
            Err(trouble) => return Ok(Err(trouble)),
        };
        let ca_pem = match (ca_bundle_secret_ref, ca_bundle_config_map_ref) {
            (Some(reference), _) => match self.secret_key(ctx, reference).await? {
                Ok(pem) => Some(pem),
                Err(Trouble { message, .. }) => {
                    return Ok(Err(Trouble::new(Reason::CaBundleInvalid, message)));
                }
            },
            (None, Some(reference)) => {
                match self
                    .config_map_key(ctx, &reference.name, &reference.key)
                    .await?
                {
                    Some(pem) => Some(pem),
                    None => {
                        return Ok(Err(Trouble::new(
                            Reason::CaBundleInvalid,
                            format!(
                                "there is no ConfigMap {} with a key {} in namespace {}",
                                reference.name, reference.key, self.namespace
                            ),
                        )));
                    }
                }
            }
            (None, None) => None,
        };
        let endpoint = Endpoint {
            url: url.trim_end_matches('/').to_owned(),
            ca_pem,
            proxy: proxy_url.clone(),
            timeout,
        };
        Ok(Ok(Inputs { endpoint, token }))
    }

    async fn secret_key(
        &self,
        ctx: &Context,
        reference: &SecretKeyRef,
    ) -> Result<Result<Vec<u8>, Trouble>, Error> {
        let SecretKeyRef { name, key } = reference;
        let namespace = &self.namespace;
        let secret = Api::<Secret>::namespaced(ctx.kube.clone(), namespace)
            .get_opt(name)
            .await
            .map_err(|error| Error::kube("read the Secret of the connection", error))?;
        let Some(secret) = secret else {
            let message = format!("there is no Secret {name} in namespace {namespace}");
            return Ok(Err(Trouble::new(Reason::SecretNotFound, message)));
        };
        let value = secret
            .data
            .and_then(|mut data| data.remove(key))
            .map(|value| value.0);
        Ok(value
            .filter(|value| !value.trim_ascii().is_empty())
            .ok_or_else(|| {
                let message = format!(
                    "the Secret {name} in namespace {namespace} has no key {key}, or it is empty"
                );
                Trouble::new(Reason::SecretKeyMissing, message)
            }))
    }

    async fn config_map_key(
        &self,
        ctx: &Context,
        name: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        let map = Api::<ConfigMap>::namespaced(ctx.kube.clone(), &self.namespace)
            .get_opt(name)
            .await
            .map_err(|error| Error::kube("read the ConfigMap of the connection", error))?;
        Ok(map.and_then(|map| {
            let text = map
                .data
                .and_then(|mut data| data.remove(key))
                .map(String::into_bytes);
            text.or_else(|| map.binary_data?.remove(key).map(|bytes| bytes.0))
        }))
    }
}

/// The client with the credential, and the one without.
pub(super) fn clients(inputs: &Inputs, ctx: &Context) -> Result<(Client, Client), Trouble> {
    let Inputs { endpoint, token } = inputs;
    let observe = observer(&ctx.metrics);
    let trouble = |error: gitlab::BuildError| {
        let reason = match error {
            gitlab::BuildError::CaBundle(_) => Reason::CaBundleInvalid,
            gitlab::BuildError::Token => Reason::CredentialInvalid,
            gitlab::BuildError::Tls(_) => Reason::TlsFailed,
            gitlab::BuildError::Url(_) | gitlab::BuildError::Proxy(_) => Reason::InvalidConnection,
        };
        Trouble::new(reason, chain(&error))
    };
    let anonymous = Client::new(endpoint, None, observe.clone()).map_err(trouble)?;
    let client = Client::new(endpoint, Some(token.clone()), observe).map_err(trouble)?;
    Ok((client, anonymous))
}

/// Counts every request that a client sends.
pub(in crate::controller) fn observer(metrics: &Metrics) -> gitlab::Observe {
    let metrics = metrics.clone();
    Arc::new(
        move |Call {
                  endpoint,
                  method,
                  outcome,
                  seconds,
              }| {
            metrics.requested(
                method,
                endpoint,
                format!("{outcome:?}").to_lowercase(),
                seconds,
            );
        },
    )
}

/// Asks about the credential, and with it about the instance, as far as it may.
pub(super) async fn ask(client: &Client) -> Result<Account, Trouble> {
    let token = match client.access_token().await {
        Ok(token) => Some(token),
        // It is accepted, but is no personal access token and cannot tell of itself (§3.22).
        Err(gitlab::Error::Refused { status: 400, .. }) => None,
        Err(error) => return Err(credential_trouble(&error)),
    };
    // The scopes may not reach these; then they stay unknown. A lost answer is a trouble.
    let metadata = optional(client.metadata().await)?;
    let admin = optional(client.is_admin().await)?;
    Ok(Account {
        token,
        metadata,
        admin,
    })
}

fn optional<T>(result: Result<T, gitlab::Error>) -> Result<Option<T>, Trouble> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(gitlab::Error::Refused {
            status: 403 | 404, ..
        }) => Ok(None),
        Err(error) => Err(credential_trouble(&error)),
    }
}

fn credential_trouble(error: &gitlab::Error) -> Trouble {
    let told = chain(error);
    match error {
        gitlab::Error::Refused {
            status: 401,
            message,
            ..
        } => {
            // GitLab tells the two apart in words only (contract §1.3).
            let words = message.to_lowercase();
            let (reason, what) = if words.contains("revoked") {
                (Reason::CredentialRevoked, "has been revoked")
            } else if words.contains("expired") {
                (Reason::CredentialExpired, "has expired")
            } else {
                (Reason::CredentialInvalid, "is not known to GitLab")
            };
            Trouble::new(reason, format!("the token {what}: {told}"))
        }
        gitlab::Error::Refused { status: 403, .. } => {
            Trouble::new(Reason::CredentialForbidden, told)
        }
        gitlab::Error::Refused { .. } => Trouble::new(Reason::NotGitLab, told),
        gitlab::Error::Throttled { .. } => Trouble::new(Reason::GitLabThrottled, told),
        gitlab::Error::Unsent(source) if is_tls(source.as_ref()) => {
            Trouble::new(Reason::TlsFailed, told)
        }
        gitlab::Error::Unsent(_) => Trouble::new(Reason::Unreachable, told),
        gitlab::Error::Lost(_) if told.contains("does not look like GitLab") => {
            Trouble::new(Reason::NotGitLab, told)
        }
        gitlab::Error::Lost(_) => Trouble::new(Reason::Unreachable, told),
    }
}

fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let wrapped = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        if error.is::<rustls::Error>() || wrapped.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        cause = error.source();
    }
    false
}
