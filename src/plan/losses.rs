//! Runners that vanish, or are refused, many at once. Then it is more likely that something stands between
//! the operator and them than that somebody has removed them all, and nothing is done about any of them.
use jiff::Timestamp;

use crate::api::ACKNOWLEDGE_LOSS;
use crate::api::conditions::{ConditionType, Reason, Verdict, find, is_true, merge};
use crate::api::v1alpha1::{ConnectionStatus, GitLabRunnerStatus};

/// So many may be lost at once before it looks like anything else than somebody's doing.
const FEW: usize = 10;

/// One in so many may, where there are more.
const SHARE: usize = 10;

/// How many of a connection's runners are lost at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Losses {
    /// How many are lost.
    pub lost: usize,
    /// Of how many that were there.
    pub of: usize,
}

/// What keeps a connection's runners from being written to, as far as one of them is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brake {
    /// What has happened to all.
    pub losses: Losses,
    /// Whether this object's runner is among those that are lost.
    pub is_lost: bool,
}

/// What the annotation says by which a loss is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// Nothing, or another number.
    No,
    /// The right number, but since before the loss, so that it cannot be meant.
    Before,
}

/// What is amiss with a connection that works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Degraded {
    /// Too many of its runners are lost, so that nothing is written.
    Lost(Losses, Acknowledged),
    /// The list of runners leaves out so many that are there, so that it is not gone by.
    Unlisted(Losses),
}

impl Losses {
    /// Whether these are too many to be believed.
    pub fn are_many(self) -> bool {
        let Self { lost, of } = self;
        lost > FEW && lost.saturating_mul(SHARE) > of
    }

    fn told(self) -> String {
        let Self { lost, of } = self;
        format!("{lost} of {of} runners")
    }
}

impl Brake {
    /// Why an object waits, in words.
    pub(super) fn told(self) -> String {
        format!(
            "{} of the connection are gone from GitLab or refused, all at once: nothing is registered, changed or removed before they are back. The connection's condition Degraded tells how to go on",
            self.losses.told()
        )
    }
}

impl Acknowledged {
    /// What has to be done besides, in words.
    fn told(self) -> &'static str {
        match self {
            Self::No => "",
            Self::Before => ", which has said so since before the loss: remove it and set it again",
        }
    }
}

impl Degraded {
    /// The condition that says so.
    fn verdict(self) -> Verdict {
        let (reason, message) = match self {
            Self::Lost(losses, acknowledged) => (
                Reason::RunnersLost,
                format!(
                    "{} are gone from GitLab or refused, all at once: nothing is registered, changed or removed before they are back. If they are gone for good, acknowledge that with the annotation {ACKNOWLEDGE_LOSS}: \"{}\"{}",
                    losses.told(),
                    losses.lost,
                    acknowledged.told()
                ),
            ),
            Self::Unlisted(losses) => (
                Reason::ListIncomplete,
                format!(
                    "GitLab's list of runners leaves out {}, and those of them that were asked for by number are there: the list is not gone by",
                    losses.told()
                ),
            ),
        };
        Verdict::new(ConditionType::Degraded, true, reason, message)
    }
}

/// The status of a connection with that in it.
pub fn with_degraded(
    mut status: ConnectionStatus,
    previous: &ConnectionStatus,
    degraded: Option<Degraded>,
    now: Timestamp,
) -> ConnectionStatus {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let verdicts = degraded.map(Degraded::verdict).into_iter().collect();
    let generation = status.observed_generation;
    let more = merge(&previous.conditions, verdicts, generation, now);
    status.conditions.extend(more);
    status
}

/// Whether a runner was there when it was last looked at, so that it is news when it no longer is.
pub fn was_there(status: &GitLabRunnerStatus) -> bool {
    let refused = [
        Reason::GitLabRefused,
        Reason::PermissionMissing,
        Reason::RunnerMissing,
        Reason::RunnerForeign,
        Reason::DeletionBlocked,
    ];
    let ready = find(&status.conditions, ConditionType::Ready);
    let runner = status.runner.as_ref();
    // An earlier process may have counted it, and this one has not.
    if runner.is_some_and(|runner| runner.missing_since.is_some()) {
        return true;
    }
    let was_refused =
        ready.is_some_and(|ready| refused.iter().any(|reason| ready.reason == reason.name()));
    is_true(&status.conditions, ConditionType::Registered) && !was_refused
}
