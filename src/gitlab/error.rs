//! What a call to GitLab can end in, sorted by what the caller then knows.
use std::{error::Error as StdError, time::Duration};

use super::refusal::Refusal;

/// A call that did not give what was asked for.
///
/// The variants answer two questions: was it GitLab that answered, and can it have acted? A `POST`
/// that is [`Lost`](Error::Lost) may have made a runner, so only looking again can tell.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request never left, so GitLab cannot have acted on it.
    #[error("could not reach GitLab")]
    Unsent(#[source] Box<dyn StdError + Send + Sync>),
    /// The request may have been carried out: a timeout, a cut connection, a 5xx, a 2xx that
    /// cannot be read, a write that was answered with a redirect.
    #[error("lost GitLab's answer")]
    Lost(#[source] Box<dyn StdError + Send + Sync>),
    /// GitLab answered, in its own words (contract §1.3), and said no.
    #[error("GitLab said {status}: {message}")]
    Refused {
        /// The HTTP status, 4xx.
        status: u16,
        /// GitLab's own words, at most 512 characters, with anything secret removed.
        message: String,
        /// What they mean.
        refusal: Refusal,
    },
    /// Somebody else answered in GitLab's place: a proxy, a firewall, a sign-in page. It says
    /// nothing of a credential, a right, a path or a runner, nor of what GitLab has done.
    #[error(
        "this does not look like GitLab's API, check the URL and what stands between here and \
         GitLab: status {status}, {message}"
    )]
    NotGitLab {
        /// The HTTP status; 2xx with a web page.
        status: u16,
        /// What it said, like that of a refusal.
        message: String,
    },
    /// GitLab answered that it writes nothing at the moment (contract §10), and nothing was done.
    #[error("GitLab writes nothing at the moment: {message}")]
    ReadOnly {
        /// GitLab's own words, like those of a refusal.
        message: String,
        /// How long it asked to wait, if it said.
        wait: Option<Duration>,
    },
    /// We were asked to slow down.
    #[error("GitLab asked us to slow down")]
    Throttled {
        /// How long it asked for, if it said.
        wait: Option<Duration>,
        /// Whether GitLab asked, so that nothing was done, and not somebody in its place.
        by_gitlab: bool,
    },
    /// It was not sent, since as much was sent as may be.
    #[error("the {limit} requests a minute that may be sent with this credential are used up")]
    HeldBack {
        /// When there is room again.
        wait: Duration,
        /// How many there are.
        limit: u32,
    },
    /// It was not sent, since the credential is being replaced, or was, and a token that is used after
    /// that takes its successor along (contract §1.10).
    #[error("the credential is not sent, since it is being replaced by another")]
    Retired,
    /// It was not sent, since it would change something, and another process may lead before it has left.
    #[error("nothing is changed now, since another process of the operator may lead in a moment")]
    NotLeading,
}

impl Error {
    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Unsent(_)
            | Self::Lost(_)
            | Self::NotGitLab { .. }
            | Self::ReadOnly { .. }
            | Self::Throttled { .. }
            | Self::HeldBack { .. }
            | Self::Retired
            | Self::NotLeading => None,
        }
    }

    /// What a refusal means.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            Self::Unsent(_)
            | Self::Lost(_)
            | Self::NotGitLab { .. }
            | Self::ReadOnly { .. }
            | Self::Throttled { .. }
            | Self::HeldBack { .. }
            | Self::Retired
            | Self::NotLeading => None,
        }
    }

    /// Whether GitLab refused the credential itself, rather than what it was used for.
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(401) && self.refusal() != Some(&Refusal::NoGraphQl)
    }

    /// Whether GitLab can have done what it was asked for.
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::Lost(_) | Self::NotGitLab { .. } => true,
            Self::Throttled { by_gitlab, .. } => !by_gitlab,
            Self::Unsent(_)
            | Self::Refused { .. }
            | Self::ReadOnly { .. }
            | Self::HeldBack { .. }
            | Self::Retired
            | Self::NotLeading => false,
        }
    }

    /// Whether the answer, if one came at all, is not GitLab's.
    pub fn is_unanswered(&self) -> bool {
        match self {
            Self::Unsent(_) | Self::Lost(_) | Self::NotGitLab { .. } => true,
            Self::Refused { .. }
            | Self::ReadOnly { .. }
            | Self::Throttled { .. }
            | Self::HeldBack { .. }
            | Self::Retired
            | Self::NotLeading => false,
        }
    }
}

/// Without a connection nothing was sent. Of anything later nobody knows how far it came.
pub(super) fn unanswered(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        Error::Unsent(Box::new(error))
    } else {
        Error::Lost(Box::new(error))
    }
}
