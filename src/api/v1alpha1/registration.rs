//! How a runner is registered, as its owner asks for it.
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::SecretKeyRef;

/// How the runner is registered.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("(self.method == 'RegistrationToken') == has(self.tokenSecretRef)")
        .message("tokenSecretRef goes with method RegistrationToken, and with no other: name the Secret and the key that hold the registration token, for example {name: registration, key: token}, or take it out")
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
