//! When a runner's token is replaced.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::{duration_schema, null_is_default};

/// When the runner's token is replaced by a new one. Whatever is written here, a token that GitLab gives
/// an end is replaced when two thirds of its life are over: gitlab-runner renews its token by itself at
/// three quarters, and ends everybody else's by that.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.owner != 'Runner' || !(has(self.every) || has(self.beforeExpiry))")
        .message("every and beforeExpiry are for the owner Operator: with owner Runner the runner processes decide when the token is renewed; leave both out, or set owner to Operator"),
    validation = Rule::new("self.owner != 'Runner' || self.overlap != 'Twin'")
        .message("overlap Twin is for the owner Operator: with owner Runner the operator replaces nothing; set overlap to None, or owner to Operator")
)]
pub struct TokenRotation {
    /// Replace the token when it is that old: a duration of hours, minutes and seconds, at least `1h`.
    /// Each replacement costs every runner process one refused request, and its cache unless that is
    /// shared. When omitted, age alone is no reason. Example: `720h`, which is 30 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "duration_schema")]
    #[x_kube(
        validation = Rule::new("self.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?$')")
            .message("write hours, minutes and seconds in this order and each of them once, for example 720h"),
        validation = Rule::new("duration(self) >= duration('1h')")
            .message("tokenRotation.every must be at least 1h: each replacement disturbs every runner process")
    )]
    pub every: Option<String>,
    /// Replace the token that long before GitLab stops accepting it: a duration of hours, minutes and
    /// seconds, at least `1m`. Says nothing of tokens without an end. It never asks for a replacement
    /// before half of the token's life is over. When omitted, two thirds of its life count alone.
    /// Example: `48h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "duration_schema")]
    #[x_kube(
        validation = Rule::new("self.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?$')")
            .message("write hours, minutes and seconds in this order and each of them once, for example 48h"),
        validation = Rule::new("duration(self) >= duration('1m')")
            .message("tokenRotation.beforeExpiry must be at least 1m: there has to be time to replace the token")
    )]
    pub before_expiry: Option<String>,
    /// Who renews a token that works: `Operator` (the default), or `Runner`, where the runner processes
    /// do so themselves. With Runner the operator replaces only a token that is missing from the Secret
    /// or was changed there, and what it is asked to by the annotation `gitlab-registrar.dev/rotate-at`.
    #[serde(default)]
    pub owner: RotationOwner,
    /// What becomes of the token that is due: `None` (the default) has GitLab replace it, which ends it at
    /// once. `Twin` registers a second runner with the same settings and puts its token into the Secret;
    /// the first one goes on until a runner process has come with the new token, is paused then, and
    /// removed when its jobs are over, or after the time of spec.drain, or an hour. The number of the
    /// runner changes by that. A token with which anything is wrong is replaced at once all the same, and
    /// so is that of a runner that was taken over, that no process has ever used, that serves projects of
    /// which spec says nothing, or whose connection may not list runners.
    #[serde(default, deserialize_with = "null_is_default")]
    pub overlap: RotationOverlap,
}

/// What becomes of a token that is due.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RotationOverlap {
    /// It is replaced, and ends at once.
    #[default]
    None,
    /// It works until its runner is removed, whose place another takes.
    Twin,
}

/// A runner whose place another has taken. It goes when its jobs are over.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PredecessorStatus {
    /// Its number in GitLab.
    pub id: i64,
    /// The GitLab that the number belongs to.
    #[schemars(length(max = 1024))]
    pub gitlab_url: String,
    /// Since when another is registered to take its place.
    pub since: Time,
    /// Value of the annotation `gitlab-registrar.dev/rotate-at` that another was asked for by. It is
    /// answered when that one is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub rotate_at: Option<String>,
    /// Since when GitLab says that there is no runner of that number, which is believed at a second look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Time>,
    /// Since when it gets no new jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Time>,
    /// How many jobs it still runs; absent while that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_jobs: Option<i64>,
}

/// Who renews a token that works.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RotationOwner {
    /// The operator.
    #[default]
    Operator,
    /// The runner processes.
    Runner,
}
