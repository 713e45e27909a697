//! The summary: Ready, and whether anything is still to be expected.
//!
//! Ready is True when there is nothing to wait for: what was asked for is done, be it to report a drift
//! or to leave GitLab alone. helm, Flux and `kubectl wait` would wait for anything else for ever.
use super::{
    explain::explain,
    observed::Doubt,
    outcome::{Facts, Failure, Judged, Outcome},
    parts::{moved, present, projects_assigned, synced, token_ready},
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
                    | Blocked::Brake(_)
                    | Blocked::Draining(_)
                    | Blocked::Undeletable(Some(_))
                    | Blocked::Unclear(
                        Doubt::Vanished { .. }
                            | Doubt::NotAsked(_)
                            | Doubt::Unswept
                            | Doubt::Unadopted(_)
                    )
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
            let (truth, progress) = if *reason == Reason::Pending {
                (Truth::Unknown, Progress::Busy)
            } else if *reason == Reason::Suspended {
                (Truth::True, Progress::Done)
            } else if *reason == Reason::InvalidSpec {
                (Truth::False, Progress::Stuck)
            } else {
                (Truth::False, Progress::Busy)
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

/// Nothing is left to do: all is as declared, or what differs is reported only, or it cannot be changed.
fn resting(facts: &Facts<'_>) -> (Truth, Reason, String, Progress) {
    // Nobody is to read of an object that goes that it is ready: its runner is gone.
    if facts.leaving {
        let message = "nothing is left to do in GitLab, and the object goes".to_owned();
        return (Truth::False, Reason::Progressing, message, Progress::Busy);
    }
    let seen = facts.seen;
    let id = seen.and_then(present).map(|runner| runner.id);
    let ready = id
        .map(|id| {
            let moved = seen.and_then(moved).unwrap_or_default();
            format!("runner {id} is as declared{moved}")
        })
        .unwrap_or_default();
    let parts = [
        seen.and_then(|seen| synced(facts, seen)),
        seen.and_then(|seen| projects_assigned(facts, seen))
            .filter(|_| facts.project_scope),
        seen.and_then(|seen| token_ready(facts, seen))
            .filter(|(_, reason, _)| *reason == Reason::RenewedByRunner),
    ];
    let amiss: Vec<_> = parts
        .into_iter()
        .flatten()
        .filter(|(truth, _, _)| *truth != Truth::True)
        .collect();
    let is_reported = |reason: &Reason| {
        matches!(
            reason,
            Reason::Drifted | Reason::RenewedByRunner | Reason::NotVisible
        )
    };
    let worst = amiss.iter().find(|(_, reason, _)| !is_reported(reason));
    match worst.or(amiss.first()).cloned() {
        None => (Truth::True, Reason::Succeeded, ready, Progress::Done),
        Some((_, reason, message)) if is_reported(&reason) => {
            (Truth::True, reason, message, Progress::Done)
        }
        Some((_, Reason::Progressing, message)) => {
            (Truth::False, Reason::Progressing, message, Progress::Busy)
        }
        Some((_, reason, message)) => (Truth::False, reason, message, Progress::Stuck),
    }
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
