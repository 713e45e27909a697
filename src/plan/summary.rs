//! The summary: Ready, and whether anything is still to be expected.
use super::{
    decide::{Blocked, Plan},
    explain::explain,
    outcome::{Facts, Failure, Judged, Outcome},
    parts::{present, projects_assigned, synced},
};
use crate::api::conditions::{ConditionType, Reason, Truth, Verdict, find, is_true};
use crate::api::v1alpha1::GitLabRunnerStatus;

/// Ready, and Reconciling or Stalled where they apply.
pub(super) fn summary(
    previous: &GitLabRunnerStatus,
    facts: &Facts<'_>,
    outcome: &Outcome,
) -> Vec<Judged> {
    let (truth, reason, message, mood) = match outcome {
        Outcome::Planned(Plan::Rest) => resting(facts),
        Outcome::Planned(Plan::Hold(blocked)) => {
            let (reason, message) = explain(blocked);
            let waiting = matches!(blocked, Blocked::Settling(_));
            let mood = if waiting { Mood::Busy } else { Mood::Stuck };
            (Truth::False, reason, message, mood)
        }
        Outcome::Planned(Plan::Act(_)) => {
            (Truth::False, Reason::Progressing, String::new(), Mood::Busy)
        }
        Outcome::Obstructed(reason, message) => {
            let truth = if *reason == Reason::Pending {
                Truth::Unknown
            } else {
                Truth::False
            };
            let mood = if *reason == Reason::InvalidSpec {
                Mood::Stuck
            } else if *reason == Reason::Suspended {
                Mood::Calm
            } else {
                Mood::Busy
            };
            (truth, *reason, message.clone(), mood)
        }
        Outcome::Failed(failure) => return failed(previous, facts, failure),
    };
    let mut judged = vec![Judged::Now(Verdict::new(
        ConditionType::Ready,
        truth,
        reason,
        message.clone(),
    ))];
    judged.extend(mood.verdict(reason, message).map(Judged::Now));
    judged
}

/// Whether anything is to be expected of the operator.
#[derive(Clone, Copy)]
enum Mood {
    Calm,
    Busy,
    Stuck,
}

impl Mood {
    fn verdict(self, reason: Reason, message: String) -> Option<Verdict> {
        let about = match self {
            Self::Calm => return None,
            Self::Busy => ConditionType::Reconciling,
            Self::Stuck => ConditionType::Stalled,
        };
        Some(Verdict::new(about, true, reason, message))
    }
}

/// Nothing is left to do; under `Report` that is not yet what was asked for.
fn resting(facts: &Facts<'_>) -> (Truth, Reason, String, Mood) {
    let seen = facts.seen;
    let id = seen.and_then(present).map(|runner| runner.id);
    let ready = id
        .map(|id| format!("runner {id} is as declared"))
        .unwrap_or_default();
    [
        seen.and_then(|seen| synced(facts, seen)),
        seen.and_then(|seen| projects_assigned(facts, seen))
            .filter(|_| facts.project_scope),
    ]
    .into_iter()
    .flatten()
    .find(|(truth, _, _)| *truth != Truth::True)
    .map_or(
        (Truth::True, Reason::Succeeded, ready, Mood::Calm),
        |(_, reason, message)| (Truth::False, reason, message, Mood::Calm),
    )
}

/// A passing fault leaves a Ready object Ready, so that one lost packet is not two writes and an
/// alarm; one that stays, or that a person must mend, does not.
fn failed(previous: &GitLabRunnerStatus, facts: &Facts<'_>, failure: &Failure) -> Vec<Judged> {
    let Failure {
        reason,
        message,
        about: _,
        stalled,
        persistent,
        attempt_is_void: _,
    } = failure;
    let was_ready = is_true(&previous.conditions, ConditionType::Ready)
        && previous.observed_generation == facts.generation;
    let ready = find(&previous.conditions, ConditionType::Ready);
    if let (true, false, false, Some(ready)) = (was_ready, *stalled, *persistent, ready) {
        return vec![Judged::AsBefore(ready.clone())];
    }
    let truth = if *stalled {
        Truth::False
    } else {
        Truth::Unknown
    };
    let mood = if *stalled { Mood::Stuck } else { Mood::Busy };
    let mut judged = vec![Judged::Now(Verdict::new(
        ConditionType::Ready,
        truth,
        *reason,
        message,
    ))];
    judged.extend(mood.verdict(*reason, message.clone()).map(Judged::Now));
    judged
}
