//! How an object goes: what is waited for, and what becomes of a runner that nobody can remove.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::{duration_schema, null_is_default};

/// What a deletion waits for.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Drain {
    /// The longest that running jobs are waited for, from `1m` to `168h`. When it is over the runner is
    /// removed whatever still runs. Example: `2h`.
    #[schemars(schema_with = "duration_schema")]
    #[x_kube(
        validation = Rule::new("self.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?$')")
            .message("write hours, minutes and seconds in this order and each of them once, for example 1h30m"),
        validation = Rule::new("duration(self) >= duration('1m') && duration(self) <= duration('168h')")
            .message("drain.timeout must be at least 1m and at most 168h; to wait for nothing, take drain out")
    )]
    pub timeout: String,
}

/// What a deletion does when the runner can be removed by nobody any more.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct LostCredentials {
    /// `Block` (the default) keeps the object until the connection works again, or the runner's own token
    /// is back. `Orphan` lets it go after gracePeriod and leaves the runner in GitLab, of which an event, a
    /// line of the log and the counter gitlab_registrar_warnings_total tell with the runner's number.
    #[serde(default, deserialize_with = "null_is_default")]
    pub policy: LostCredentialsPolicy,
    /// How long nobody must have been able to remove the runner before it is left behind, up to `168h`. When
    /// omitted it is `10m`. Example: `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "duration_schema")]
    #[x_kube(
        validation = Rule::new("self.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?$')")
            .message("write hours, minutes and seconds in this order and each of them once, for example 1h30m"),
        validation = Rule::new("duration(self) <= duration('168h')")
            .message("lostCredentials.gracePeriod must be at most 168h")
    )]
    pub grace_period: Option<String>,
}

/// What becomes of a runner that nobody can remove.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LostCredentialsPolicy {
    /// The object stays.
    #[default]
    Block,
    /// The object goes and the runner stays.
    Orphan,
}

/// The end of a runner, while its jobs are waited for.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct DrainStatus {
    /// Since when they are waited for.
    pub started_at: Time,
    /// When the runner is removed whatever still runs.
    pub deadline: Time,
    /// How many jobs it was running when GitLab was last asked; absent where the credential may not see them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_jobs: Option<i64>,
}
