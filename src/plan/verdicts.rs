//! What each condition says, from the facts and the outcome of a pass.
use super::{
    observed::Observed,
    outcome::{Facts, Failure, Judged, Outcome},
    parts::{projects_assigned, registered, synced, token_ready},
    summary::summary,
};
use crate::api::conditions::{ConditionType, Reason, Truth, Verdict, find, is_true};
use crate::api::v1alpha1::GitLabRunnerStatus;

/// Judges every condition, in the order in which they are shown.
pub(super) fn judge(
    previous: &GitLabRunnerStatus,
    facts: &Facts<'_>,
    outcome: &Outcome,
) -> Vec<Judged> {
    if let Outcome::Failed(failure) = outcome
        && is_passing(previous, facts, failure)
    {
        let before = previous.conditions.iter().cloned();
        return before.map(Judged::AsBefore).collect();
    }
    let mut parts = vec![
        part(
            previous,
            facts,
            outcome,
            ConditionType::Registered,
            registered,
        ),
        part(
            previous,
            facts,
            outcome,
            ConditionType::TokenReady,
            token_ready,
        ),
        part(previous, facts, outcome, ConditionType::Synced, synced),
    ];
    if facts.project_scope {
        let about = ConditionType::ProjectsAssigned;
        parts.push(part(previous, facts, outcome, about, projects_assigned));
    }
    let mut judged = summary(facts, outcome);
    judged.extend(parts.into_iter().flatten());
    judged
}

/// A passing fault changes no condition of an object that was settled, Ready or not, so that one lost
/// packet is not two writes and an alarm; one that stays, or that a person must mend, does.
fn is_passing(previous: &GitLabRunnerStatus, facts: &Facts<'_>, failure: &Failure) -> bool {
    let was_settled = find(&previous.conditions, ConditionType::Ready).is_some()
        && !is_true(&previous.conditions, ConditionType::Reconciling)
        && previous.observed_generation == facts.generation;
    was_settled && !failure.stalled && !failure.persistent
}

/// A part: what the failed step says of it, else what the facts say, else what was there before.
fn part(
    previous: &GitLabRunnerStatus,
    facts: &Facts<'_>,
    outcome: &Outcome,
    about: ConditionType,
    judge: impl FnOnce(&Facts<'_>, &Observed) -> Option<(Truth, Reason, String)>,
) -> Option<Judged> {
    if let Outcome::Failed(failure) = outcome
        && failure.about == Some(about)
    {
        let Failure {
            reason, message, ..
        } = failure;
        return Some(Judged::Now(Verdict::new(about, false, *reason, message)));
    }
    let now = facts.seen.and_then(|seen| judge(facts, seen));
    match now {
        Some((truth, reason, message)) => {
            Some(Judged::Now(Verdict::new(about, truth, reason, message)))
        }
        None => find(&previous.conditions, about)
            .cloned()
            .map(Judged::AsBefore),
    }
}
