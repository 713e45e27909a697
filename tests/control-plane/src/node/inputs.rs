//! The Secrets and `ConfigMaps` that a Pod names.

use std::collections::BTreeMap;

use anyhow::Result;
use k8s_openapi::api::core::v1::{ConfigMap, Container, PodSpec, Secret};
use kube::Api;

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Secret(String),
    ConfigMap(String),
}

impl Source {
    /// As a kubelet would name it in a message.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Secret(name) => format!("secret \"{name}\""),
            Self::ConfigMap(name) => format!("configmap \"{name}\""),
        }
    }
}

/// What is in them. An object that does not exist is not in the map.
pub(super) type Inputs = BTreeMap<Source, BTreeMap<String, Vec<u8>>>;

/// Every object that is named anywhere, optional or not.
pub(super) fn named(spec: &PodSpec, container: &Container) -> Vec<Source> {
    let mut sources = Vec::new();
    for value in container
        .env
        .iter()
        .flatten()
        .filter_map(|env| env.value_from.as_ref())
    {
        let secret = value
            .secret_key_ref
            .as_ref()
            .map(|key| Source::Secret(key.name.clone()));
        let map = value
            .config_map_key_ref
            .as_ref()
            .map(|key| Source::ConfigMap(key.name.clone()));
        sources.extend(secret.into_iter().chain(map));
    }
    for from in container.env_from.iter().flatten() {
        let secret = from
            .secret_ref
            .as_ref()
            .map(|of| Source::Secret(of.name.clone()));
        let map = from
            .config_map_ref
            .as_ref()
            .map(|of| Source::ConfigMap(of.name.clone()));
        sources.extend(secret.into_iter().chain(map));
    }
    for volume in spec.volumes.iter().flatten() {
        let secret = volume.secret.as_ref().and_then(|of| of.secret_name.clone());
        let map = volume.config_map.as_ref().map(|of| of.name.clone());
        sources.extend(
            secret
                .map(Source::Secret)
                .into_iter()
                .chain(map.map(Source::ConfigMap)),
        );
    }
    sources.sort();
    sources.dedup();
    sources
}

/// Reads them.
pub(super) async fn read(
    client: &kube::Client,
    namespace: &str,
    sources: Vec<Source>,
) -> Result<Inputs> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let mut inputs = Inputs::new();
    for source in sources {
        let content = match &source {
            Source::Secret(name) => secrets.get_opt(name).await?.map(of_secret),
            Source::ConfigMap(name) => maps.get_opt(name).await?.map(of_config_map),
        };
        inputs.extend(content.map(|content| (source, content)));
    }
    Ok(inputs)
}

fn of_secret(secret: Secret) -> BTreeMap<String, Vec<u8>> {
    secret
        .data
        .into_iter()
        .flatten()
        .map(|(key, value)| (key, value.0))
        .collect()
}

fn of_config_map(map: ConfigMap) -> BTreeMap<String, Vec<u8>> {
    let text = map
        .data
        .into_iter()
        .flatten()
        .map(|(key, value)| (key, value.into_bytes()));
    let binary = map
        .binary_data
        .into_iter()
        .flatten()
        .map(|(key, value)| (key, value.0));
    text.chain(binary).collect()
}
