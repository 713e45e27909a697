//! What a call to GitLab can end in, sorted by what the caller then knows.
use std::{error::Error as StdError, time::Duration};

/// A call that did not give what was asked for.
///
/// The variants answer one question: can GitLab have acted? A `POST` that is
/// [`Lost`](Error::Lost) may have made a runner, so only looking again can tell.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request never left, so GitLab cannot have acted on it.
    #[error("could not reach GitLab")]
    Unsent(#[source] Box<dyn StdError + Send + Sync>),
    /// The request may have been carried out: a timeout, a cut connection, a 5xx, a 2xx that
    /// cannot be read.
    #[error("lost GitLab's answer")]
    Lost(#[source] Box<dyn StdError + Send + Sync>),
    /// GitLab answered, and said no.
    #[error("GitLab said {status}: {message}")]
    Refused {
        /// The HTTP status, 3xx or 4xx.
        status: u16,
        /// GitLab's own words, at most 512 characters, with anything secret removed.
        message: String,
        /// Why an access token was refused (contract §1.3, shape D), such as `insufficient_scope`.
        error: Option<String>,
    },
    /// GitLab asked us to slow down; nothing was done.
    #[error("GitLab asked us to slow down")]
    Throttled {
        /// How long it asked for, if it said.
        wait: Option<Duration>,
    },
}

impl Error {
    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Unsent(_) | Self::Lost(_) | Self::Throttled { .. } => None,
        }
    }

    /// Whether GitLab refused the credential itself, rather than what it was used for.
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(401)
    }
}
