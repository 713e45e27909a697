//! A runner that the credential has made and may not look at, as one with `create_runner` alone.
use jiff::Timestamp;

use super::{
    desired::Wanted,
    observed::{Observed, SecretSighting},
    renewal::conflict,
    step::{Blocked, Plan, Step, Undone},
};
use crate::gitlab::model::RunnerId;

/// What is done about it: its Secret is kept in order, and what takes more is told. `keeping` is what
/// should be done about the Secret.
pub(super) fn unseen(
    want: &Wanted,
    id: RunnerId,
    keeping: Option<Step>,
    seen: &Observed,
    now: Timestamp,
) -> Plan {
    let undone = match keeping {
        Some(Step::ResetToken(..)) => Undone::Token,
        Some(step) => return Plan::Act(step),
        None if seen.changed == Some(true) => Undone::Settings,
        None if want.manages_projects() => Undone::Projects,
        None if want.pausing.is_some() => Undone::Pausing,
        None if seen.token.requested || is_due(want, seen, now) => Undone::Rotation,
        None => return conflict(seen).map_or(Plan::Rest, Plan::Hold),
    };
    Plan::Hold(Blocked::OutOfReach(id, undone))
}

fn is_due(want: &Wanted, seen: &Observed, now: Timestamp) -> bool {
    let SecretSighting::Ours(stored) = &seen.secret else {
        return false;
    };
    let due = want.due(stored);
    due.is_some_and(|at| at <= now)
}

/// What cannot be done, and what to do.
pub(super) fn out_of_reach(id: RunnerId, undone: Undone) -> String {
    let what = match undone {
        Undone::Settings => {
            "spec asks for other settings than the runner was registered with, and none can be changed"
        }
        Undone::Token => "the runner's token is lost, and none can be made",
        Undone::Rotation => "its token is due, or was asked to be replaced, and none can be made",
        Undone::Projects => "spec names further projects, and it can be assigned to none",
        Undone::Pausing => "spec.pauseWindows pauses it by the clock, which cannot be done",
    };
    format!(
        "the connection's credential may register runners and do nothing to runner {id}: {what}. Give the connection a credential with manage_runner or api, or delete this object and make it anew"
    )
}

/// What is known of such a runner.
pub(super) fn not_visible(id: RunnerId) -> String {
    format!(
        "runner {id} was registered as declared; whether it still is so is not known, since the connection's credential may not look at runners: with manage_runner or api it could"
    )
}

/// Why such a runner cannot be removed, and what to do.
pub(super) fn unremovable(id: RunnerId) -> String {
    format!(
        "the connection's credential may only register runners, and no Secret of this object holds the token of runner {id}, by which it could be removed: give the connection a credential with manage_runner or api, or set spec.deletionPolicy to Orphan to leave the runner in GitLab"
    )
}
