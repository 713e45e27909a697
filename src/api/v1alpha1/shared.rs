//! Field types that several kinds use.
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use strum::IntoStaticStr;

/// The kind of connection a runner is kept through.
#[derive(
    JsonSchema,
    Serialize,
    Deserialize,
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    IntoStaticStr,
)]
pub enum ConnectionKind {
    /// A connection in the runner's own namespace.
    #[default]
    GitLabConnection,
    /// A connection of the cluster, which must allow the runner's namespace.
    ClusterGitLabConnection,
}

impl ConnectionKind {
    /// The kind as it is written.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Which connection to use.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct ConnectionRef {
    /// `GitLabConnection` (the default; looked up in this object's namespace) or
    /// `ClusterGitLabConnection` (which must allow this namespace).
    #[serde(default)]
    pub kind: ConnectionKind,
    /// Name of the connection. Example: `gitlab`.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// The whole instance. Has no fields: write `instance: {}`.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct InstanceScope {}

/// A group or project, by number or by path.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(
    validation = Rule::new("has(self.id) != has(self.path)")
        .message("set exactly one of id and path, for example {path: platform/tools}")
)]
pub struct Target {
    /// Number that GitLab shows on the overview page. Works with every credential. Example: `42`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub id: Option<i64>,
    /// Full path, without a leading slash. Looking it up needs a credential with `read_api` or
    /// `api`. Example: `platform/tools/build`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = Rule::new("!self.startsWith('/') && !self.endsWith('/')")
        .message("write the full path without a slash at either end, for example platform/tools"),
        validation = Rule::new("!self.contains('://')")
        .message("write the full path and not the address: platform/tools for https://gitlab.example.com/platform/tools"))]
    pub path: Option<String>,
}

/// Which refs the runner serves: `not_protected` is all of them, `ref_protected` only protected
/// branches and tags. GitLab's default at registration is not_protected; when omitted it is left
/// alone.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// Any ref.
    NotProtected,
    /// Protected branches and tags only.
    RefProtected,
}

/// A Secret whose keys are those of its type.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct SecretRef {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// A key in a Secret.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct SecretKeyRef {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Key in the Secret's data.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}

/// A key in a `ConfigMap`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct ConfigMapKeyRef {
    /// Name of the `ConfigMap`.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Key in the `ConfigMap`'s data.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}

/// The schema of a duration such as `1h30m`: bounded, so that no value overflows a parser.
pub(super) fn duration_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "string",
        "maxLength": 16,
        "pattern": "^([0-9]{1,6}(h|m|s))+$",
    })
}

/// Reads a null as the default. The API server does so itself, but only for defaults in the schema.
pub(super) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
