//! How long a runner's first token lives, where GitLab is told.
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// How far an end may be from the one that was asked for, as it is rounded.
const ROUNDED: SignedDuration = SignedDuration::from_mins(1);

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

impl TokenLife {
    /// Whether a token that ends then has the life that was asked for. A GitLab that knows no such parameter
    /// ignores it without a word.
    pub fn is_given(&self, end: Option<Timestamp>) -> bool {
        end.is_some_and(|end| end.duration_since(self.expires_at).abs() < ROUNDED)
    }
}
