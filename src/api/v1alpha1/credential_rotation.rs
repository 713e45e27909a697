//! When the operator replaces its own token, and the replacement that is under way.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::shared::duration_schema;

/// Has the operator replace the token of this connection before it ends, and store the new one in the
/// Secret that credentialsSecretRef names. The token must be a personal, group or project access token with
/// the scope api or self_rotate, or a fine-grained one that may Rotate; it must have an end; nobody but
/// this operator may use it, since the old one ends at once; and nothing else may write the Secret.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CredentialRotation {
    /// Replace the token that long before GitLab stops accepting it: a duration of hours, minutes and
    /// seconds, at least `24h`. It never asks for a replacement before half of the token's life is over.
    /// The new token is to live as long as the one before, a year at most. When omitted `168h`, which is
    /// seven days. Example: `336h`.
    #[serde(default = "a_week")]
    #[schemars(schema_with = "duration_schema")]
    #[x_kube(
        validation = Rule::new("self.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?$')")
            .message("write hours, minutes and seconds in this order and each of them once, for example 336h"),
        validation = Rule::new("duration(self) >= duration('24h')")
            .message("credentialRotation.beforeExpiry must be at least 24h: if GitLab refuses, a person needs time to make another token")
    )]
    pub before_expiry: String,
}

fn a_week() -> String {
    "168h".to_owned()
}

/// A replacement of a token that is about to be asked for, was asked for, or was refused. Before GitLab is
/// asked, this is in status.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CredentialReplacement {
    /// The token that is replaced, as in refusedTokens: the first 16 digits of its SHA-256.
    #[schemars(length(max = 16))]
    pub digest: String,
    /// The process that is at it; another is told by this not to send the token meanwhile.
    #[schemars(length(max = 64))]
    pub process: String,
    /// When it was announced. GitLab is asked some time later, when no other process can still be sending
    /// the token.
    pub announced_at: Time,
    /// When GitLab was asked. From then on the token may have ended, and is not sent any more, unless GitLab
    /// has refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Time>,
    /// When GitLab refused. It is asked again six hours later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_at: Option<Time>,
    /// What GitLab said then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub refusal: Option<String>,
}
