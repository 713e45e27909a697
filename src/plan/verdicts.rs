//! What each condition says, from the facts and the outcome of a pass.
use jiff::Timestamp;

use super::{
    insight::online,
    observed::{Observed, Sighting},
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
    now: Timestamp,
) -> Vec<Judged> {
    if let Outcome::Failed(failure) = outcome
        && is_passing(previous, facts, failure)
    {
        let before = previous.conditions.iter().cloned();
        return before.map(Judged::AsBefore).collect();
    }
    let mut parts: Vec<(ConditionType, Part)> = vec![
        (ConditionType::Registered, registered),
        (ConditionType::TokenReady, token_ready),
        (ConditionType::Synced, synced),
    ];
    if facts.project_scope {
        parts.push((ConditionType::ProjectsAssigned, projects_assigned));
    }
    let mut judged = summary(facts, outcome);
    let stall = judged.iter().find_map(stall);
    for (about, judge) in parts {
        let part = part(previous, facts, outcome, about, judge);
        judged.extend(part.map(|part| held_up(part, about, stall.as_ref())));
    }
    judged.extend(is_online(previous, facts, now).filter(|_| !facts.leaving));
    judged
}

/// Whether processes use the token, as far as it was looked at.
fn is_online(previous: &GitLabRunnerStatus, facts: &Facts<'_>, now: Timestamp) -> Option<Judged> {
    let seen = facts.seen.and_then(|seen| online(facts, seen, now));
    let before = || find(&previous.conditions, ConditionType::Online).cloned();
    let is_gone = facts
        .seen
        .is_some_and(|seen| seen.runner == Sighting::Absent);
    seen.map(Judged::Now)
        .or_else(|| before().filter(|_| !is_gone).map(Judged::AsBefore))
}

/// What a part of being ready says, where something was seen of it.
type Part = fn(&Facts<'_>, &Observed) -> Option<(Truth, Reason, String)>;

/// Why nothing is to be expected, if this says so.
fn stall(judged: &Judged) -> Option<(Reason, String)> {
    match judged {
        Judged::Now(verdict) if verdict.about == ConditionType::Stalled => {
            Some((verdict.reason, verdict.message.clone()))
        }
        Judged::Now(_) | Judged::AsBefore(_) => None,
    }
}

/// A part that is not so yet is under way, unless all is stalled: then it is held up by the same.
fn held_up(part: Judged, about: ConditionType, stall: Option<&(Reason, String)>) -> Judged {
    let under_way = match &part {
        Judged::Now(verdict) => verdict.reason == Reason::Progressing,
        Judged::AsBefore(condition) => condition.reason == Reason::Progressing.name(),
    };
    match stall {
        Some((reason, message)) if under_way => {
            Judged::Now(Verdict::new(about, false, *reason, message))
        }
        Some(_) | None => part,
    }
}

/// A passing fault changes no condition of an object that was settled, Ready or not, so that one lost
/// packet is not two writes and an alarm; one that stays, or that a person must mend, does. One that
/// holds up a deletion is told: nobody is to read that an object is ready whose runner may be gone.
fn is_passing(previous: &GitLabRunnerStatus, facts: &Facts<'_>, failure: &Failure) -> bool {
    let was_settled = find(&previous.conditions, ConditionType::Ready).is_some()
        && !is_true(&previous.conditions, ConditionType::Reconciling)
        && previous.observed_generation == facts.generation;
    was_settled && !facts.leaving && !failure.stalled && !failure.persistent
}

/// A part: what the failed step says of it, else what the facts say, else what was there before.
fn part(
    previous: &GitLabRunnerStatus,
    facts: &Facts<'_>,
    outcome: &Outcome,
    about: ConditionType,
    judge: Part,
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
