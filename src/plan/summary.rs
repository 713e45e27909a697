//! The summary: Ready, and whether anything is still to be expected.
use super::{
    explain::explain,
    observed::Doubt,
    outcome::{Facts, Failure, Judged, Outcome},
    parts::{moved, present, projects_assigned, synced},
    step::{Blocked, Plan},
};
use crate::api::conditions::{ConditionType, Reason, Truth, Verdict};

/// Ready, and Reconciling or Stalled where they apply.
pub(super) fn summary(facts: &Facts<'_>, outcome: &Outcome) -> Vec<Judged> {
    let (truth, reason, message, mood) = match outcome {
        Outcome::Planned(Plan::Rest) => resting(facts),
        Outcome::Planned(Plan::Hold(blocked)) => {
            let (reason, message) = explain(blocked);
            let waiting = matches!(
                blocked,
                Blocked::Settling(_)
                    | Blocked::UnderWay(_)
                    | Blocked::Unclear(Doubt::Vanished { .. })
            );
            let mood = if waiting { Mood::Busy } else { Mood::Stuck };
            (Truth::False, reason, message, mood)
        }
        Outcome::Planned(Plan::Act(step)) => {
            let message = format!("under way: {}", step.name());
            (Truth::False, Reason::Progressing, message, Mood::Busy)
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
        Outcome::Failed(failure) => return failed(failure),
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
        .map(|id| {
            let moved = seen.and_then(moved).unwrap_or_default();
            format!("runner {id} is as declared{moved}")
        })
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

/// Unknown while it may pass, False when a person must mend it.
fn failed(failure: &Failure) -> Vec<Judged> {
    let Failure {
        reason,
        message,
        about: _,
        stalled,
        persistent: _,
        attempt_is_void: _,
    } = failure;
    let (truth, mood) = if *stalled {
        (Truth::False, Mood::Stuck)
    } else {
        (Truth::Unknown, Mood::Busy)
    };
    let ready = Verdict::new(ConditionType::Ready, truth, *reason, message);
    let mood = mood.verdict(*reason, message.clone());
    [Some(ready), mood]
        .into_iter()
        .flatten()
        .map(Judged::Now)
        .collect()
}
