//! The token of a runner.
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// A runner's authentication token, opaque by contract (§3.20). Cannot be printed.
#[derive(Clone)]
pub struct RunnerToken(SecretString);

impl RunnerToken {
    /// Takes a token over from a reply or a Secret.
    pub fn new(token: String) -> Self {
        Self(token.into())
    }

    /// The token itself. For the Secret and for GitLab only.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for RunnerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunnerToken(<redacted>)")
    }
}

impl<'de> Deserialize<'de> for RunnerToken {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
