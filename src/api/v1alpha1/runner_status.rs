//! `GitLabRunner`: what the operator last saw. Never a token, never a response body.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::goodbye::DrainStatus;
use super::insight::RunnerStatus;
use super::pausing::PausingStatus;
use super::rotation::PredecessorStatus;

/// What the operator last saw and did.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct GitLabRunnerStatus {
    /// Generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready is the summary. Registered, TokenReady, Synced and ProjectsAssigned (project scope)
    /// are its parts. Reconciling and Stalled are present only while true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Where the runner lives, by number: a path is looked up once before each registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ResolvedScope>,
    /// The runner as GitLab holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<RunnerStatus>,
    /// The Secret with the runner's authentication token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenStatus>,
    /// What differs between this object and GitLab; with driftPolicy Report only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["field".into()]))]
    pub drift: Vec<Drift>,
    /// Whether one of spec.pauseWindows is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pausing: Option<PausingStatus>,
    /// Whether the object goes, and what is waited for before its runner is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<DrainStatus>,
    /// Since when the object is to go and nobody can remove its runner: no credential works, and the
    /// runner's own token is not to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undeletable_since: Option<Time>,
    /// The last attempt to register, written before GitLab is asked, so that a runner whose token
    /// was lost on the way is found again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<Registration>,
    /// The runner whose place the present one has taken, while it is still there; with
    /// tokenRotation.overlap Twin only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<PredecessorStatus>,
    /// The runner that was taken over. Its mark is taken off when it is left behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption: Option<super::adoption::Adoption>,
    /// What was begun in GitLab and cannot simply be repeated: written before GitLab is asked, and
    /// taken away once it is known what came of it. Meanwhile the token in the Secret counts as
    /// unproven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// Value of the annotation `gitlab-registrar.dev/reconcile-at` that was last acted upon. Any new
    /// value there, such as the time, has the runner looked at in GitLab now, and what GitLab has
    /// refused is tried again: `kubectl annotate --overwrite gitlabrunner/linux
    /// gitlab-registrar.dev/reconcile-at="$(date -Is)"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub last_handled_reconcile_at: Option<String>,
    /// Value of the annotation `gitlab-registrar.dev/rotate-at` that was last acted upon. Any new value
    /// there, such as the time, has the token replaced now: `kubectl annotate --overwrite
    /// gitlabrunner/linux gitlab-registrar.dev/rotate-at="$(date -Is)"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub last_handled_rotate_at: Option<String>,
}

/// Where the runner lives, by number.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedScope {
    /// `instance`, `group` or `project`.
    #[serde(rename = "type")]
    #[schemars(length(max = 16))]
    pub type_: String,
    /// Number of the group or project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// The GitLab that the number belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub gitlab_url: Option<String>,
}

/// The Secret with the runner's authentication token.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct TokenStatus {
    /// Name of the Secret.
    #[schemars(length(max = 253))]
    pub secret_name: String,
    /// The first 16 hexadecimal digits of the token's SHA-256. A Secret with another token, such as
    /// one that was put back from a backup, is not taken for right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub digest: Option<String>,
    /// When the token was issued: at the registration, or when it was last replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Time>,
    /// When it will be replaced; absent if never, or if that is left to the runner processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate_at: Option<Time>,
    /// When GitLab will stop accepting the token; absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
}

/// One difference between this object and GitLab.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The field of spec.
    #[schemars(length(max = 64))]
    pub field: String,
    /// What spec asks for.
    #[schemars(length(max = 2048))]
    pub desired: String,
    /// What GitLab holds.
    #[schemars(length(max = 2048))]
    pub actual: String,
}

/// An attempt to register the runner.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// Sign of this attempt, part of the mark at the end of the runner's maintenance note.
    #[schemars(length(max = 64))]
    pub attempt: String,
    /// When the attempt began.
    pub attempted_at: Time,
    /// The GitLab that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub gitlab_url: Option<String>,
    /// Name of the Secret that the runner's token goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub secret_name: Option<String>,
    /// Number of the runner that the attempt made, where its token could not be kept or the connection's
    /// credential may not look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_id: Option<i64>,
    /// The first 16 hexadecimal digits of the SHA-256 of the settings that were asked for, by which a
    /// credential that may not look at the runner tells that spec has changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub settings_digest: Option<String>,
    /// The attempt before, if it was given up because GitLab neither answered nor showed a runner.
    /// For an hour from its beginning that runner is still looked for, and removed if it turns up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<GivenUp>,
}

/// An attempt to register that was given up.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct GivenUp {
    /// Sign of the attempt.
    #[schemars(length(max = 64))]
    pub attempt: String,
    /// When the attempt began.
    pub attempted_at: Time,
}

/// Something that was begun in GitLab and cannot simply be repeated.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// `ResetToken` replaces the runner's token; `RemoveByToken` removes the runner by its own token.
    #[serde(rename = "type")]
    pub type_: OperationType,
    /// Sign of this operation. The Secret that the new token is kept in carries it too.
    #[schemars(length(max = 64))]
    pub id: String,
    /// Number of the runner.
    pub runner_id: i64,
    /// When it began.
    pub started_at: Time,
    /// Name of the Secret that the new token goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub secret_name: Option<String>,
    /// Value of the annotation `gitlab-registrar.dev/rotate-at` that the new token will answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub rotate_at: Option<String>,
    /// When GitLab said that it was done; absent while that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Time>,
}

/// What was begun in GitLab.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationType {
    /// A new token for the runner.
    ResetToken,
    /// The removal of the runner with the connection's credential. Kept once it is done.
    Remove,
    /// The removal of the runner by its own token.
    RemoveByToken,
}
