//! Whom to ask.
use jiff::SignedDuration;

use crate::gitlab;
use crate::plan::Can;

/// A GitLab that can be asked.
#[derive(Debug)]
pub struct Connected {
    /// The client, with the credential inside.
    pub client: gitlab::Client,
    /// The url, without a slash at the end.
    pub url: String,
    /// How long a request may take.
    pub timeout: SignedDuration,
    /// Whether the credential is an administrator's.
    pub admin: bool,
    /// Whose credential it is, where GitLab says so.
    pub username: Option<String>,
    /// What the credential opens.
    pub can: Can,
}
