//! Reads what a connection names.
use std::time::Duration;

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Api;
use secrecy::SecretString;

use super::view::Connection;
use crate::api::conditions::Reason;
use crate::api::v1alpha1::{ConfigMapKeyRef, GitLabConnectionSpec, SecretKeyRef};
use crate::controller::{Context, error::Error};
use crate::gitlab::{BuildError, Endpoint};
use crate::plan::{Trouble, credential, quoted, trimmed};

/// As many keys are named of a Secret that lacks one.
const MOST_KEYS: usize = 10;

/// Where the Secrets and `ConfigMap`s are that a connection names.
pub(super) struct Sources {
    namespace: String,
}

impl Sources {
    pub(super) fn of<K: Connection>(connection: &K, ctx: &Context) -> Self {
        Self {
            namespace: connection.secrets_namespace(&ctx.options.operator_namespace),
        }
    }

    /// Reads where GitLab is and how to get there; or says what is missing, by name.
    pub(super) async fn endpoint(
        &self,
        spec: &GitLabConnectionSpec,
        ctx: &Context,
    ) -> Result<Result<Endpoint, Trouble>, Error> {
        let GitLabConnectionSpec {
            url,
            credentials_secret_ref: _,
            ca_bundle_secret_ref: _,
            ca_bundle_config_map_ref: _,
            proxy_url,
            timeout,
            requests_per_minute: _,
        } = spec;
        if url.starts_with("http://") && !ctx.options.allow_http {
            let message = format!("{url} is not https: the token would travel in the clear");
            return Ok(Err(Trouble::new(Reason::InsecureUrl, message)));
        }
        let Ok(parsed) = timeout
            .parse::<SignedDuration>()
            .and_then(Duration::try_from)
        else {
            let message = format!("timeout {} is no duration such as 30s", quoted(timeout));
            return Ok(Err(Trouble::new(Reason::InvalidConnection, message)));
        };
        let ca_pem = match self.ca_pem(spec, ctx).await? {
            Ok(ca_pem) => ca_pem,
            Err(trouble) => return Ok(Err(trouble)),
        };
        Ok(Ok(Endpoint {
            url: url.trim_end_matches('/').to_owned(),
            ca_pem,
            proxy: proxy_url.clone(),
            timeout: parsed,
        }))
    }

    /// Reads the access token, and tells where it was; or says what is missing, by name.
    pub(super) async fn token(
        &self,
        spec: &GitLabConnectionSpec,
        ctx: &Context,
    ) -> Result<Result<(SecretString, String), Trouble>, Error> {
        let reference = &spec.credentials_secret_ref;
        let bytes = self.secret_key(ctx, reference).await?;
        let place = self.secret_place(reference);
        Ok(bytes.and_then(|bytes| match credential(&bytes) {
            Ok(token) => Ok((SecretString::from(token), place)),
            Err(why) => {
                let message = format!("{place}: {why}");
                Err(Trouble::new(Reason::CredentialInvalid, message))
            }
        }))
    }

    /// Reads the CA bundle, if there is to be one; or says what is missing.
    async fn ca_pem(
        &self,
        spec: &GitLabConnectionSpec,
        ctx: &Context,
    ) -> Result<Result<Option<Vec<u8>>, Trouble>, Error> {
        let not_found = |message| Trouble::new(Reason::CaBundleNotFound, message);
        match (&spec.ca_bundle_secret_ref, &spec.ca_bundle_config_map_ref) {
            (Some(reference), _) => {
                let pem = self.secret_key(ctx, reference).await?;
                Ok(pem
                    .map(Some)
                    .map_err(|Trouble { message, .. }| not_found(message)))
            }
            (None, Some(ConfigMapKeyRef { name, key })) => {
                let pem = self.config_map_key(ctx, name, key).await?;
                Ok(pem.map(Some).map_err(not_found))
            }
            (None, None) => Ok(Ok(None)),
        }
    }

    /// Names the object that a part of a client was read from, if it is not the connection itself.
    pub(super) fn origin(&self, spec: &GitLabConnectionSpec, error: &BuildError) -> Option<String> {
        let secret = |reference: &SecretKeyRef| self.secret_place(reference);
        let map = |ConfigMapKeyRef { name, key }: &ConfigMapKeyRef| {
            format!(
                "ConfigMap {name} in namespace {}, key {key}",
                self.namespace
            )
        };
        match error {
            BuildError::Token => Some(secret(&spec.credentials_secret_ref)),
            BuildError::CaBundle(_) => {
                let bundle = spec.ca_bundle_secret_ref.as_ref().map(secret);
                bundle.or(spec.ca_bundle_config_map_ref.as_ref().map(map))
            }
            BuildError::Tls(_) | BuildError::Url(_) | BuildError::Proxy(_) => None,
        }
    }

    fn secret_place(&self, SecretKeyRef { name, key }: &SecretKeyRef) -> String {
        format!("Secret {name} in namespace {}, key {key}", self.namespace)
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
        let mut data = secret.data.unwrap_or_default();
        let missing = |what: &str| {
            let message = format!("the Secret {name} in namespace {namespace} {what}");
            Ok(Err(Trouble::new(Reason::SecretKeyMissing, message)))
        };
        let Some(value) = data.remove(key).map(|value| value.0) else {
            return missing(&format!("has no key {key}; {}", keys(data.keys())));
        };
        if str::from_utf8(&value).is_ok_and(|text| trimmed(text).is_empty()) {
            return missing(&format!("has nothing in its key {key}"));
        }
        Ok(Ok(value))
    }

    /// What a `ConfigMap` holds in that key; or what is missing.
    async fn config_map_key(
        &self,
        ctx: &Context,
        name: &str,
        key: &str,
    ) -> Result<Result<Vec<u8>, String>, Error> {
        let namespace = &self.namespace;
        let map = Api::<ConfigMap>::namespaced(ctx.kube.clone(), namespace)
            .get_opt(name)
            .await
            .map_err(|error| Error::kube("read the ConfigMap of the connection", error))?;
        let Some(map) = map else {
            return Ok(Err(format!(
                "there is no ConfigMap {name} in namespace {namespace}"
            )));
        };
        let (mut texts, mut bytes) = (
            map.data.unwrap_or_default(),
            map.binary_data.unwrap_or_default(),
        );
        let text = texts.remove(key).map(String::into_bytes);
        let value = text.or_else(|| bytes.remove(key).map(|bytes| bytes.0));
        Ok(value.ok_or_else(|| {
            let keys = keys(texts.keys().chain(bytes.keys()));
            format!("the ConfigMap {name} in namespace {namespace} has no key {key}; {keys}")
        }))
    }
}

/// The keys that are there, for whoever has written another.
fn keys<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.take(MOST_KEYS).map(String::as_str).collect();
    match names.as_slice() {
        [] => "it has none at all".to_owned(),
        names => format!("its keys are: {}", names.join(", ")),
    }
}
