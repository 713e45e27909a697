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
    let (truth, reason, message, progress) = match outcome {
        Outcome::Planned(Plan::Rest) => resting(facts),
        Outcome::Planned(Plan::Hold(blocked)) => {
            let (reason, message) = explain(blocked, facts);
            let waiting = matches!(
                blocked,
                Blocked::Settling(_)
                    | Blocked::UnderWay(_)
                    | Blocked::Unclear(Doubt::Vanished { .. })
            );
            let progress = if waiting {
                Progress::Busy
            } else {
                Progress::Stuck
            };
            (Truth::False, reason, message, progress)
        }
        Outcome::Planned(Plan::Act(step)) => {
            let message = format!("under way: {}", step.name().replace('_', " "));
            (Truth::False, Reason::Progressing, message, Progress::Busy)
        }
        Outcome::Obstructed(reason, message) => {
            let truth = if *reason == Reason::Pending {
                Truth::Unknown
            } else {
                Truth::False
            };
            let progress = if *reason == Reason::InvalidSpec {
                Progress::Stuck
            } else if *reason == Reason::Suspended {
                Progress::Done
            } else {
                Progress::Busy
            };
            (truth, *reason, message.clone(), progress)
        }
        Outcome::Failed(failure) => return failed(failure),
    };
    let mut judged = vec![Judged::Now(Verdict::new(
        ConditionType::Ready,
        truth,
        reason,
        message.clone(),
    ))];
    judged.extend(progress.verdict(reason, message).map(Judged::Now));
    judged
}

/// Whether anything is to be expected of the operator.
#[derive(Clone, Copy)]
enum Progress {
    Done,
    Busy,
    Stuck,
}

impl Progress {
    fn verdict(self, reason: Reason, message: String) -> Option<Verdict> {
        let about = match self {
            Self::Done => return None,
            Self::Busy => ConditionType::Reconciling,
            Self::Stuck => ConditionType::Stalled,
        };
        Some(Verdict::new(about, true, reason, message))
    }
}

/// Nothing is left to do; under `Report` that is not yet what was asked for.
fn resting(facts: &Facts<'_>) -> (Truth, Reason, String, Progress) {
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
        (Truth::True, Reason::Succeeded, ready, Progress::Done),
        |(_, reason, message)| (Truth::False, reason, message, Progress::Done),
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
    let (truth, progress) = if *stalled {
        (Truth::False, Progress::Stuck)
    } else {
        (Truth::Unknown, Progress::Busy)
    };
    let ready = Verdict::new(ConditionType::Ready, truth, *reason, message);
    let progress = progress.verdict(*reason, message.clone());
    [Some(ready), progress]
        .into_iter()
        .flatten()
        .map(Judged::Now)
        .collect()
}
