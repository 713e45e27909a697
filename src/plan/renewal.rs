//! What is done about a token with which nothing is wrong in the Secret itself.
use jiff::Timestamp;

use super::{
    desired::{Desired, Wanted},
    observed::{Observed, SecretSighting, Sighting, StoredToken, TokenState},
    rotation::{Shown, TokenFacts},
    step::{Blocked, ResetReason, Step},
    successor::successor,
};
use crate::gitlab::model::Runner;

/// That the token in the Secret does not work any more, and that this is left as it is.
pub(super) fn left_to_runners(
    want: &Wanted,
    stored: &StoredToken,
    facts: &TokenFacts,
) -> Option<String> {
    let what = match stored.token {
        TokenState::Expired => "has ended",
        TokenState::Intact if facts.shown == Shown::Another => "was replaced by another",
        TokenState::Intact | TokenState::Missing | TokenState::Edited | TokenState::Unproven => {
            return None;
        }
    };
    want.rotation.is_left_to_runners().then(|| {
        let name = &want.secret.name;
        format!(
            "the token in Secret {name} {what}, and spec.tokenRotation.owner leaves it to the runner processes to renew it"
        )
    })
}

/// Whether somebody else has had the token replaced that is kept, and that is put right.
pub(super) fn is_superseded(want: &Wanted, facts: &TokenFacts) -> bool {
    facts.shown == Shown::Another && !want.rotation.is_left_to_runners()
}

/// The replacement of a token with which nothing is wrong, if it is time for that or somebody asks for it. Only
/// a runner that `rests`, with which all is well, is followed by another.
pub(super) fn renewal(
    want: &Wanted,
    runner: &Runner,
    seen: &Observed,
    now: Timestamp,
    rests: bool,
) -> Option<Step> {
    let SecretSighting::Ours(stored) = &seen.secret else {
        return None;
    };
    if want.leaves_token_of(runner.id) {
        return None;
    }
    let why = if seen.token.requested {
        ResetReason::Requested
    } else {
        let due = want.due(stored)?;
        (due <= now).then_some(ResetReason::Due)?
    };
    let successor = successor(want, runner, seen, now).filter(|_| rests);
    let successor = successor.map(|new| Step::Register(Box::new(new)));
    let reset = seen.can_reset().then_some(Step::ResetToken(runner.id, why));
    successor.or(reset)
}

/// The same, of an object about which GitLab has refused something else, be it a successor. One that is to
/// overlap is only replaced then if it ends.
pub fn renewal_beside(desired: &Desired, seen: &Observed, now: Timestamp) -> Option<Step> {
    match (desired, &seen.runner) {
        (Desired::Exists(want), Sighting::Present(runner)) => {
            let SecretSighting::Ours(stored) = &seen.secret else {
                return None;
            };
            let waits = successor(want, runner, seen, now).is_some() && stored.expires_at.is_none();
            renewal(want, runner, seen, now, false).filter(|_| !waits)
        }
        (Desired::Exists(_) | Desired::Gone(_), _) => None,
    }
}

/// That somebody else's Secret has our name keeps nothing but the token from being looked after.
pub(super) fn conflict(seen: &Observed) -> Option<Blocked> {
    match &seen.secret {
        SecretSighting::Foreign(made_for) => Some(Blocked::SecretConflict(made_for.clone())),
        SecretSighting::Absent | SecretSighting::Ours(_) => None,
    }
}

/// A template that makes no config.toml keeps nothing but that from being written.
pub(super) fn template(seen: &Observed) -> Option<Blocked> {
    seen.token.unmade.clone().map(Blocked::Template)
}
