//! The Secret of a runner's token, as its owner asks for it.
use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The Secret that holds the runner's authentication token.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(
    validation = Rule::new("[has(self.labels) ? self.labels : {}, has(self.annotations) ? self.annotations : {}].all(m, m.all(k, k.size() <= 317 && k.matches('^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$')))")
        .message("the name of a label or annotation has at most 63 letters, digits, dashes, underscores and dots, after a domain and a slash if you like: for example team or example.com/team"),
    validation = Rule::new("[has(self.labels) ? self.labels : {}, has(self.annotations) ? self.annotations : {}].all(m, m.all(k, !k.startsWith('gitlab-registrar.dev/') && k != 'app.kubernetes.io/managed-by'))")
        .message("labels and annotations named app.kubernetes.io/managed-by or gitlab-registrar.dev/… belong to the operator: choose other names"),
    validation = Rule::new("!has(self.configTemplate) || (has(self.extraKeys) && 'config.toml' in self.extraKeys)")
        .message("configTemplate is what config.toml is made from: write extraKeys: [config.toml] too, or leave configTemplate out")
)]
#[serde(rename_all = "camelCase")]
pub struct TokenSecret {
    /// Name of the Secret. When omitted it is `<name>-runner-token`. When it changes the token
    /// moves along. A Secret of that name that the operator did not make is never overwritten.
    /// Example: `linux-token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub name: Option<String>,
    /// Labels that the Secret must carry, at most 32. Others are left alone. Example:
    /// `{team: platform}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "labels_schema")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations that the Secret must carry, at most 32. Others are left alone. Example:
    /// `{reloader.stakater.com/match: "true"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "annotations_schema")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// What the Secret holds besides the token: `config.toml` is a whole configuration of gitlab-runner
    /// for this runner, to be mounted. docs/mount-the-token.md shows how. When omitted the Secret has
    /// none. Example: `[config.toml]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub extra_keys: Option<Vec<ExtraKey>>,
    /// What config.toml is made from, at most 16384 characters of TOML, in which `{{ url }}`, `{{ id }}`,
    /// `{{ token }}`, `{{ name }}`, `{{ namespace }}` and `{{ description }}` stand for the runner's. Texts
    /// belong between quotation marks, the id does not. When omitted it is a configuration for the executor
    /// kubernetes, which docs/mount-the-token.md shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16384))]
    pub config_template: Option<String>,
}

/// What else a Secret can hold.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtraKey {
    /// A configuration of gitlab-runner.
    #[serde(rename = "config.toml")]
    ConfigToml,
}

fn labels_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": {
            "type": "string",
            "maxLength": 63,
            "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",
        },
    })
}

fn annotations_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "maxProperties": 32,
        "additionalProperties": { "type": "string", "maxLength": 4096 },
    })
}
