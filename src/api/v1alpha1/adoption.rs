//! Taking over a runner that is there, as its owner asks for it.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::null_is_default;

/// The runner to take over.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Adopt {
    /// Number of the runner, as GitLab shows it after `#`. It must be at home where spec.scope says.
    /// Example: `42`.
    #[schemars(range(min = 1))]
    pub runner_id: i64,
    /// Whether the runner gets a new token, which ends the one before at once: `Always`; `IfMissing`
    /// (the default), when no Secret of this object holds its token, which GitLab shows to nobody; or
    /// `Never`, also when the Secret is lost later: then the operator keeps the settings, and the
    /// runner's processes go on with the token that they have.
    #[serde(default)]
    pub reset_token: ResetToken,
    /// Take the runner over although it carries the mark of another GitLabRunner, which must not be in
    /// this cluster any more, as after a restore of the cluster or a move to another one. Default: false.
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub force: bool,
}

/// Whether a runner that is taken over gets a new token.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResetToken {
    /// Once, when it is taken over.
    Always,
    /// When no Secret of the object holds its token.
    #[default]
    IfMissing,
    /// Not as long as spec names the runner.
    Never,
}

/// The runner that was taken over.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Adoption {
    /// Number of the runner.
    pub runner_id: i64,
    /// When it was taken over.
    pub adopted_at: Time,
    /// The uid of the object that took it over; empty once spec names no runner any more. A status that was put back from a backup into another
    /// object has taken nothing over.
    #[schemars(length(max = 64))]
    pub object_uid: String,
}
