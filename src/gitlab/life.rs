//! How long a runner's first token lives, where GitLab is told.
use jiff::Timestamp;
use serde::Serialize;

/// The life of a runner's first token (contract §3.20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TokenLife {
    /// When GitLab stops accepting it.
    #[serde(rename = "token_expires_at")]
    pub expires_at: Timestamp,
    /// From when on GitLab makes no other in its place.
    #[serde(
        rename = "token_rotation_deadline",
        skip_serializing_if = "Option::is_none"
    )]
    pub rotation_deadline: Option<Timestamp>,
}
