//! Where to look for the runner of an object, from what was kept of it.
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::attempt::Intent;
use super::desired::Wanted;
use super::observed::{Known, SecretSighting, StoredToken};
use crate::api::v1alpha1::DeletionPolicy;
use crate::gitlab::model::RunnerId;

/// The shortest time after which an attempt that left no trace is taken for failed.
pub const GRACE_AT_LEAST: SignedDuration = SignedDuration::from_secs(60);

/// The longest time after which a runner that was not there is looked for again.
const SECOND_LOOK_WITHIN: SignedDuration = SignedDuration::from_secs(60);

/// Where to look for the runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// GitLab was never asked for one.
    Nowhere,
    /// Under this number.
    Number(Known),
    /// Among the runners that carry our mark: an attempt to register left no number.
    Mark(Intent),
    /// Under the number that spec says to take over.
    Adoption(RunnerId),
}

impl Whereabouts {
    /// The number, if it is known.
    pub fn number(&self) -> Option<RunnerId> {
        match self {
            Self::Number(known) => Some(known.id),
            Self::Adoption(id) => Some(*id),
            Self::Nowhere | Self::Mark(_) => None,
        }
    }

    /// Whether the number of the scope is needed: to search its list, or to register there.
    pub fn needs_scope(&self, want: Option<&Wanted>, gitlab_url: &str, searches: bool) -> bool {
        match self {
            // What the path means here must not be recorded over what it meant where the attempt was
            // made: its runner is looked for there, when the connection leads back.
            Self::Mark(intent) if intent.gitlab_url.as_deref() != Some(gitlab_url) => {
                want.is_some_and(|want| want.deletion == DeletionPolicy::Orphan)
            }
            Self::Nowhere | Self::Number(_) | Self::Mark(_) | Self::Adoption(_) => {
                want.is_some() || searches
            }
        }
    }
}

/// Works out where to look.
///
/// Status is believed first: beginning an attempt removes the number from it, so a number there is
/// never out of date, and people who may write Secrets cannot write it. Next are our Secrets, since
/// token and number are written to one in one step; but none from before the last attempt, because
/// then its number is the one of a runner that vanished.
pub fn whereabouts(
    secret: &SecretSighting,
    others: &[(String, StoredToken)],
    status: Option<&Known>,
    intent: Option<&Intent>,
) -> Whereabouts {
    let here = match secret {
        SecretSighting::Ours(stored) => Some(stored),
        SecretSighting::Absent | SecretSighting::Foreign(_) => None,
    };
    let others = others.iter().map(|(_, stored)| stored);
    let current = |stored: &&StoredToken| {
        intent.is_none_or(|intent| stored.attempt.as_ref() == Some(&intent.attempt))
    };
    let kept = here
        .into_iter()
        .chain(others)
        .filter(current)
        .find_map(|stored| stored.runner.as_ref());
    match (status.or(kept), intent) {
        (Some(known), _) => Whereabouts::Number(known.clone()),
        (None, Some(intent)) => Whereabouts::Mark(intent.clone()),
        (None, None) => Whereabouts::Nowhere,
    }
}

/// When an attempt that left no trace may be taken for failed: after twice the time a request may
/// take, and no sooner than [`GRACE_AT_LEAST`].
pub fn grace(intent: &Intent, timeout: SignedDuration) -> Timestamp {
    let wait = timeout.saturating_mul(2).max(GRACE_AT_LEAST);
    intent.at.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// When a runner that GitLab says is not there is looked for the second time: after a resync, and no
/// later than a minute.
pub fn second_look(missing_since: Timestamp, resync: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(resync).unwrap_or(SECOND_LOOK_WITHIN);
    let wait = wait.min(SECOND_LOOK_WITHIN);
    missing_since.saturating_add(wait).unwrap_or(Timestamp::MAX)
}
