//! What the operator tells of a connection.
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::credential_rotation::CredentialReplacement;

/// What the operator last saw of the instance and the credential.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionStatus {
    /// Generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready is the summary; CredentialsValid tells of the token alone. CredentialsExpiring, Degraded,
    /// Reconciling and Stalled are present only while true; with spec.credentialRotation
    /// CredentialsExpiring is there as long as it is known when the token ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// The instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gitlab: Option<GitLab>,
    /// The access token, without the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Credential>,
    /// What the token's scopes open: register, manage, assign, list, graphql, rotate; or just
    /// granular for a fine-grained token, of which GitLab alone knows what it opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 32)))]
    pub can: Vec<String>,
    /// How the runners of this connection are looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looking: Option<Looking>,
    /// The replacement of the token that is under way, or was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_rotation: Option<CredentialReplacement>,
    /// Tokens that GitLab has called revoked or expired, or that the operator has had replaced, the last 32
    /// of them. None is sent again, also when it comes back with an old Secret: using a revoked token
    /// revokes its successors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub refused_tokens: Vec<RefusedToken>,
    /// Value of the annotation `gitlab-registrar.dev/reconcile-at` that was last acted upon. Any new
    /// value there, such as the time, has GitLab asked about the credential now: `kubectl annotate
    /// --overwrite gitlabconnection/gitlab gitlab-registrar.dev/reconcile-at="$(date -Is)"`. A token
    /// in refusedTokens is not sent again for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub last_handled_reconcile_at: Option<String>,
}

/// How runners are looked at, and how often.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Looking {
    /// GraphQL: all of a scope together, a hundred in one request. REST: the same by lists, which show
    /// who is there and little more, and the details of some by number each time. Number: each alone,
    /// since the token may not list runners, or is a fine-grained one, from whose lists GitLab leaves
    /// out in silence what it may not see.
    #[schemars(length(max = 16))]
    pub by: String,
    /// How often. It is longer than the operator's `--resync` where that would take more than a tenth
    /// of what the token may ask. Example: `1m`.
    #[schemars(length(max = 32))]
    pub every: String,
    /// Within what time the details of every runner are read, where lists do not show them. Example: `5m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub details_within: Option<String>,
}

/// A token that GitLab has refused for good, without the token.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RefusedToken {
    /// The first 16 digits of the token's SHA-256, as `printf %s "$TOKEN" | sha256sum` prints them.
    /// Example: `7d1a54127b222502`.
    #[schemars(length(max = 16))]
    pub digest: String,
    /// Address of the GitLab that refused or replaced it.
    #[schemars(length(max = 1024))]
    pub gitlab_url: String,
    /// CredentialRevoked, CredentialExpired or CredentialReplaced.
    #[schemars(length(max = 64))]
    pub reason: String,
    /// When that was seen.
    pub refused_at: Time,
}

/// A GitLab instance.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct GitLab {
    /// Its version. Example: `18.5.0-ee`.
    #[schemars(length(max = 64))]
    pub version: String,
    /// Whether it is the Enterprise Edition, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise: Option<bool>,
}

/// An access token, without the token.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// The name its owner gave it.
    #[schemars(length(max = 1024))]
    pub name: String,
    /// Its scopes, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 64)))]
    pub scopes: Vec<String>,
    /// When GitLab will stop accepting it: the start, in UTC, of the date that GitLab shows; absent if
    /// never. Example: `2027-01-31T00:00:00Z`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "moment"
    )]
    pub expires_at: Option<Time>,
    /// Whether its owner is an administrator, where the token may ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<bool>,
}

/// The moment at which a date begins in UTC: GitLab refuses a token from that of its date on.
pub fn start_of_day(date: Date) -> Option<Timestamp> {
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Reads a time, or the date alone, which builds before the release of 0.1.0 have stored. What is
/// neither counts as absent: it must not keep the whole object from being read.
fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Time>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.and_then(|text| {
        let date = || start_of_day(text.parse().ok()?);
        text.parse().ok().or_else(date).map(Time)
    }))
}
