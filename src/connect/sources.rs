//! Reads what a connection names.
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Api;
use secrecy::SecretString;

use crate::api::conditions::Reason;
use crate::api::v1alpha1::{ConfigMapKeyRef, GitLabConnectionSpec, SecretKeyRef};
use crate::gitlab::{BuildError, Endpoint};
use crate::plan::{Trouble, credential, quoted, trimmed};

/// What a Secret holds, by key.
pub(super) type Data = BTreeMap<String, ByteString>;

/// As many keys are named of a Secret that lacks one.
const MOST_KEYS: usize = 10;

/// A request to the Kubernetes API that failed.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}")]
pub struct Unread {
    /// What it was for, as a verb phrase.
    pub doing: &'static str,
    /// Why.
    pub source: Box<kube::Error>,
}

impl Unread {
    fn new(doing: &'static str, error: kube::Error) -> Self {
        let source = Box::new(error);
        Self { doing, source }
    }
}

/// Where the Secrets and `ConfigMap`s are that a connection names.
pub struct Sources {
    /// The client that reads them.
    pub kube: kube::Client,
    /// The namespace that they are in.
    pub namespace: String,
    /// Whether a connection may lead to an url that is http.
    pub allow_http: bool,
}

impl Sources {
    /// Reads where GitLab is and how to get there; or says what is missing, by name.
    pub async fn endpoint(
        &self,
        spec: &GitLabConnectionSpec,
    ) -> Result<Result<Endpoint, Trouble>, Unread> {
        let GitLabConnectionSpec {
            url,
            credentials_secret_ref: _,
            ca_bundle_secret_ref: _,
            ca_bundle_config_map_ref: _,
            client_certificate_secret_ref,
            proxy_url,
            proxy_credentials_secret_ref,
            timeout,
            requests_per_minute: _,
            credential_rotation: _,
        } = spec;
        if Endpoint::is_in_the_clear(url) && !self.allow_http {
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
        let ca_pem = match self.ca_pem(spec).await? {
            Ok(ca_pem) => ca_pem,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let client_certificate = self.client_certificate(client_certificate_secret_ref.as_ref());
        let client_certificate = match client_certificate.await? {
            Ok(client_certificate) => client_certificate,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let proxy_credentials = self.proxy_credentials(proxy_credentials_secret_ref.as_ref());
        let proxy_credentials = match proxy_credentials.await? {
            Ok(proxy_credentials) => proxy_credentials,
            Err(trouble) => return Ok(Err(trouble)),
        };
        Ok(Ok(Endpoint {
            url: url.trim_end_matches('/').to_owned(),
            ca_pem,
            client_certificate,
            proxy: proxy_url.clone(),
            proxy_credentials,
            timeout: parsed,
        }))
    }

    /// Reads the access token, and tells where it was; or says what is missing, by name.
    pub async fn token(
        &self,
        spec: &GitLabConnectionSpec,
    ) -> Result<Result<(SecretString, String), Trouble>, Unread> {
        let reference = &spec.credentials_secret_ref;
        let bytes = self.secret_key(reference).await?;
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
    ) -> Result<Result<Option<Vec<u8>>, Trouble>, Unread> {
        let not_found = |message| Trouble::new(Reason::CaBundleNotFound, message);
        match (&spec.ca_bundle_secret_ref, &spec.ca_bundle_config_map_ref) {
            (Some(reference), _) => {
                let pem = self.secret_key(reference).await?;
                Ok(pem
                    .map(Some)
                    .map_err(|Trouble { message, .. }| not_found(message)))
            }
            (None, Some(ConfigMapKeyRef { name, key })) => {
                let pem = self.config_map_key(name, key).await?;
                Ok(pem.map(Some).map_err(not_found))
            }
            (None, None) => Ok(Ok(None)),
        }
    }

    /// Names the object that a part of a client was read from, if it is not the connection itself.
    pub fn origin(&self, spec: &GitLabConnectionSpec, error: &BuildError) -> Option<String> {
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
            BuildError::ClientCertificate(_) => {
                let shown = spec.client_certificate_secret_ref.as_ref();
                shown.map(|shown| self.secret_named(&shown.name))
            }
            BuildError::Tls(_) | BuildError::Url(_) | BuildError::Proxy(_) => None,
        }
    }

    fn secret_place(&self, SecretKeyRef { name, key }: &SecretKeyRef) -> String {
        format!("{}, key {key}", self.secret_named(name))
    }

    pub(super) fn secret_named(&self, name: &str) -> String {
        format!("Secret {name} in namespace {}", self.namespace)
    }

    async fn secret_key(
        &self,
        reference: &SecretKeyRef,
    ) -> Result<Result<Vec<u8>, Trouble>, Unread> {
        let SecretKeyRef { name, key } = reference;
        let data = self.secret(name).await?;
        Ok(data.and_then(|mut data| self.taken(&mut data, name, key)))
    }

    /// What a Secret holds.
    pub(super) async fn secret(&self, name: &str) -> Result<Result<Data, Trouble>, Unread> {
        let namespace = &self.namespace;
        let secret = Api::<Secret>::namespaced(self.kube.clone(), namespace)
            .get_opt(name)
            .await
            .map_err(|error| Unread::new("read the Secret of the connection", error))?;
        let missing = || {
            let message = format!("there is no Secret {name} in namespace {namespace}");
            Trouble::new(Reason::SecretNotFound, message)
        };
        Ok(secret
            .map(|secret| secret.data.unwrap_or_default())
            .ok_or_else(missing))
    }

    /// One key of what a Secret holds; or what is missing.
    pub(super) fn taken(&self, data: &mut Data, name: &str, key: &str) -> Result<Vec<u8>, Trouble> {
        let namespace = &self.namespace;
        let missing = |what: &str| {
            let message = format!("the Secret {name} in namespace {namespace} {what}");
            Err(Trouble::new(Reason::SecretKeyMissing, message))
        };
        let Some(value) = data.remove(key).map(|value| value.0) else {
            return missing(&format!("has no key {key}; {}", keys(data.keys())));
        };
        if str::from_utf8(&value).is_ok_and(|text| trimmed(text).is_empty()) {
            return missing(&format!("has nothing in its key {key}"));
        }
        Ok(value)
    }

    /// What a `ConfigMap` holds in that key; or what is missing.
    async fn config_map_key(
        &self,
        name: &str,
        key: &str,
    ) -> Result<Result<Vec<u8>, String>, Unread> {
        let namespace = &self.namespace;
        let map = Api::<ConfigMap>::namespaced(self.kube.clone(), namespace)
            .get_opt(name)
            .await
            .map_err(|error| Unread::new("read the ConfigMap of the connection", error))?;
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
