//! How a runner is registered, as its owner asks for it.
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::{SecretKeyRef, duration_schema};

/// How the runner is registered.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("(self.method == 'RegistrationToken') == has(self.tokenSecretRef)")
        .message("tokenSecretRef goes with method RegistrationToken, and with no other: name the Secret and the key that hold the registration token, for example {name: registration, key: token}, or take it out"),
    validation = Rule::new("self.method == 'User' || !(has(self.expiresIn) || has(self.rotationDeadline))")
        .message("expiresIn and rotationDeadline go with method User, since GitLab takes them from nobody else: set method to User, or take both out"),
    validation = Rule::new("!has(self.rotationDeadline) || has(self.expiresIn)")
        .message("rotationDeadline goes with expiresIn: say when the token ends as well"),
    validation = Rule::new("!has(self.rotationDeadline) || !has(self.expiresIn) || duration(self.rotationDeadline) < duration(self.expiresIn)")
        .message("rotationDeadline must be shorter than expiresIn: at its end the token cannot be replaced any more")
)]
pub struct RegistrationSpec {
    /// `User` (the default) registers with the connection's credential, which takes GitLab 15.11 or newer.
    /// `RegistrationToken` registers with the token of tokenSecretRef, GitLab's older way. Either way
    /// the connection's credential keeps the runner.
    #[serde(default)]
    pub method: RegistrationMethod,
    /// The registration token: a key of a Secret in this object's namespace. The token must be that of
    /// what spec.scope names, since it alone decides where the runner goes. Example:
    /// `{name: registration, key: token}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretKeyRef>,
    /// How long after its registration GitLab stops accepting the runner's first token: a duration of
    /// hours, minutes and seconds, at least `10m`. It takes GitLab 18.10 or newer of the Enterprise Edition
    /// with Premium, which allows 15 days at most, and no longer than its own settings do. The token is
    /// replaced before, as spec.tokenRotation says; how long the next one lives is said by GitLab's settings.
    /// With `tokenRotation.overlap: Twin` the next one is the first of another runner, which is registered with
    /// the same. A change counts for the next registration. When omitted, GitLab's settings also say how long the
    /// first one lives. Example: `72h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "duration_schema")]
    #[x_kube(
        validation = Rule::new("self.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?$')")
            .message("write hours, minutes and seconds in this order and each of them once, for example 72h"),
        validation = Rule::new("duration(self) >= duration('10m')")
            .message("registration.expiresIn must be at least 10m: there has to be time to replace the token")
    )]
    pub expires_in: Option<String>,
    /// How long after the registration GitLab goes on to replace the first token: a duration of hours, minutes
    /// and seconds, at least `5m` and shorter than expiresIn. Whoever has that token later cannot have a new
    /// one made with it, and neither can the operator, which has replaced it when two thirds of this time are
    /// over. Any replacement ends the deadline, but with `tokenRotation.overlap: Twin` the next token is the first
    /// of another runner, and has such a deadline too. A change counts for the next registration. When omitted,
    /// there is none. Example: `24h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "duration_schema")]
    #[x_kube(
        validation = Rule::new("self.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?$')")
            .message("write hours, minutes and seconds in this order and each of them once, for example 24h"),
        validation = Rule::new("duration(self) >= duration('5m')")
            .message("registration.rotationDeadline must be at least 5m: there has to be time to replace the token")
    )]
    pub rotation_deadline: Option<String>,
}

/// With what a runner is registered.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistrationMethod {
    /// With the connection's credential.
    #[default]
    User,
    /// With a registration token.
    RegistrationToken,
}
