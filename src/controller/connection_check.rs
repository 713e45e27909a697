//! The last look at a connection: what it was made of, and what came of it.
use std::{fmt, sync::Arc, time::Duration};

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::budgets::Holder;
use crate::clock;
use crate::gitlab::{Client, Endpoint};
use crate::observe::Connected;
use crate::plan::{Account, Fingerprint, Trouble};
use crate::secrets;

/// For how many resyncs what GitLab has said of a credential is good while its runners are swept.
const SWEPT_FOR: u32 = 5;

/// Everything that a client is made of. Two that are equal make clients that do the same.
#[derive(Clone)]
pub(super) struct Inputs {
    pub(super) endpoint: Endpoint,
    pub(super) token: SecretString,
    /// The Secret and key that the token was read from, for a person.
    pub(super) place: String,
}

impl PartialEq for Inputs {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            endpoint,
            token,
            place,
        } = self;
        *endpoint == other.endpoint
            && *place == other.place
            && token.expose_secret() == other.token.expose_secret()
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Inputs {
    /// Which token it sends to which GitLab, whatever else it is made of.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint {
            digest: secrets::digest(self.token.expose_secret()),
            gitlab_url: self.url().to_owned(),
        }
    }

    /// Whose requests count together: whoever sends the same token to the same GitLab, however its
    /// address is written.
    pub(super) fn holder(&self) -> Holder {
        let Fingerprint { digest, gitlab_url } = self.fingerprint();
        (self.endpoint.address().unwrap_or(gitlab_url), digest)
    }

    /// The token, and where it was found.
    pub(super) fn held(&self) -> Held {
        Held {
            token: self.fingerprint(),
            place: self.place.clone(),
            timeout: self.timeout(),
        }
    }

    /// The url, without a slash at the end.
    pub(super) fn url(&self) -> &str {
        &self.endpoint.url
    }

    /// How long a request may take.
    pub(super) fn timeout(&self) -> SignedDuration {
        SignedDuration::try_from(self.endpoint.timeout).unwrap_or(SignedDuration::MAX)
    }
}

/// The token that the Secret of a connection holds.
pub(super) struct Held {
    pub(super) token: Fingerprint,
    /// Where that is.
    pub(super) place: String,
    /// How long a request with it may take.
    pub(super) timeout: SignedDuration,
}

/// A look at a connection.
#[derive(Clone)]
pub(super) struct ConnectionCheck {
    /// What the connection was made of.
    pub(super) inputs: Inputs,
    /// What GitLab was asked with. The same as long as the inputs are.
    pub(super) client: Client,
    /// What GitLab said, if it accepted the credential.
    pub(super) account: Option<Account>,
    /// What runners use, if GitLab accepted the credential.
    pub(super) connected: Option<Arc<Connected>>,
    /// What was wrong.
    pub(super) trouble: Option<Trouble>,
    /// When GitLab was asked.
    pub(super) checked: Instant,
    /// Whether a runner or a later look has had no answer from GitLab since then.
    pub(super) doubted: bool,
    /// How many later looks in a row have had none.
    pub(super) missed: u32,
    /// How many looks in a row have found it wrong, this one included.
    pub(super) failed: u32,
}

impl ConnectionCheck {
    /// Whether GitLab was asked so long ago that it is asked again. A sweep that goes well has shown that
    /// the credential is accepted.
    pub(super) fn is_old(&self, resync: Duration) -> bool {
        let now = clock::now();
        let swept = self.connected.as_ref();
        let swept = swept.is_some_and(|connected| connected.roster.is_swept(now));
        let resyncs = if swept { SWEPT_FOR } else { 1 };
        self.checked.elapsed() >= resync.saturating_mul(resyncs)
    }

    /// Whether GitLab has left somebody without an answer since it was asked.
    pub(super) fn is_doubted(&self) -> bool {
        self.doubted || self.missed > 0
    }
}
