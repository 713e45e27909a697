//! What each condition says, from the facts and the outcome of a pass.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{
    decide::{Blocked, Plan},
    diff::{diff, differences, project_difference},
    observed::{Doubt, Kept, Observed, Sighting, TokenState},
    status::{Facts, Failure, Outcome},
};
use crate::api::conditions::{ConditionType, Reason, Truth, Verdict, find, is_true};
use crate::api::v1alpha1::{DriftPolicy, GitLabRunnerStatus};
use crate::gitlab::model::Runner;

/// A condition that was judged in this pass, or that was not and stays.
pub(super) enum Judged {
    /// Judged.
    Now(Verdict),
    /// Not looked at.
    AsBefore(Condition),
}

/// Judges every condition, in the order in which they are shown.
pub(super) fn judge(
    previous: &GitLabRunnerStatus,
    facts: &Facts<'_>,
    outcome: &Outcome,
) -> Vec<Judged> {
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
    let mut judged = summary(previous, facts, outcome);
    judged.extend(parts.into_iter().flatten());
    judged
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

fn registered(_: &Facts<'_>, seen: &Observed) -> Option<(Truth, Reason, String)> {
    Some(match &seen.runner {
        Sighting::Present(runner) => (
            Truth::True,
            Reason::Succeeded,
            format!("runner {}", runner.id),
        ),
        Sighting::Absent => (Truth::False, Reason::Progressing, String::new()),
        Sighting::Unclear(Doubt::NotAsked) => return None,
        Sighting::Unclear(doubt) => {
            let (reason, message) = explain(&Blocked::Unclear(*doubt));
            (Truth::Unknown, reason, message)
        }
    })
}

fn token_ready(facts: &Facts<'_>, seen: &Observed) -> Option<(Truth, Reason, String)> {
    let want = facts.want?;
    let name = &want.secret.name;
    Some(match &seen.secret {
        Kept::Ours(keeping) if keeping.token == TokenState::Intact => {
            (Truth::True, Reason::Succeeded, format!("Secret {name}"))
        }
        Kept::Foreign => (
            Truth::False,
            Reason::SecretConflict,
            explain(&Blocked::SecretConflict).1,
        ),
        Kept::Ours(_) | Kept::Absent => (Truth::False, Reason::Progressing, String::new()),
    })
}

fn synced(facts: &Facts<'_>, seen: &Observed) -> Option<(Truth, Reason, String)> {
    let (want, runner) = (facts.want?, present(seen)?);
    let edit = diff(runner, &want.settings, facts.mark).unwrap_or_default();
    let rows = differences(runner, &edit);
    let fields: Vec<&str> = rows.iter().map(|row| row.field).collect();
    Some(match (fields.is_empty(), want.drift) {
        (true, _) => (Truth::True, Reason::Succeeded, String::new()),
        (false, DriftPolicy::Report) => (
            Truth::False,
            Reason::Drifted,
            format!("GitLab differs in {}; see status.drift", fields.join(", ")),
        ),
        (false, DriftPolicy::Correct) => (
            Truth::False,
            Reason::Progressing,
            format!("changing {}", fields.join(", ")),
        ),
    })
}

fn projects_assigned(facts: &Facts<'_>, seen: &Observed) -> Option<(Truth, Reason, String)> {
    let (want, runner) = (facts.want?, present(seen)?);
    let unknown = super::decide::unknown_projects(seen);
    if !unknown.is_empty() {
        let (reason, message) = explain(&Blocked::ProjectsUnknown(unknown));
        return Some((Truth::False, reason, message));
    }
    Some(match (project_difference(runner, seen), want.drift) {
        (None, _) => (Truth::True, Reason::Succeeded, String::new()),
        (Some(_), DriftPolicy::Report) => (
            Truth::False,
            Reason::Drifted,
            "GitLab differs in projects; see status.drift".to_owned(),
        ),
        (Some(_), DriftPolicy::Correct) => (
            Truth::False,
            Reason::Progressing,
            "changing projects".to_owned(),
        ),
    })
}

fn present(seen: &Observed) -> Option<&Runner> {
    match &seen.runner {
        Sighting::Present(runner) => Some(runner),
        Sighting::Absent | Sighting::Unclear(_) => None,
    }
}

/// Ready, and Reconciling or Stalled where they apply.
fn summary(previous: &GitLabRunnerStatus, facts: &Facts<'_>, outcome: &Outcome) -> Vec<Judged> {
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

/// Why we wait, as a reason and a sentence.
pub(super) fn explain(blocked: &Blocked) -> (Reason, String) {
    match blocked {
        Blocked::Unclear(Doubt::Unsearchable) => (
            Reason::RegistrationUnclear,
            "the answer to a registration was lost, and the credential may not search for the runner: give it read_api or api, or look for this object's uid in the maintenance notes yourself".to_owned(),
        ),
        Blocked::Unclear(Doubt::Foreign(id)) => (
            Reason::RunnerForeign,
            format!("the connection's url has changed, and runner {id} there is not this object's"),
        ),
        Blocked::Unclear(Doubt::NotAsked) => {
            (Reason::ConnectionNotReady, "GitLab was not asked".to_owned())
        }
        Blocked::Settling(until) => (
            Reason::RegistrationUnclear,
            format!("the answer to a registration was lost; the runner is looked for until {until:.0}, then registered anew"),
        ),
        Blocked::ScopeUnknown => (
            Reason::ScopeNotFound,
            "GitLab knows no such path, or the credential cannot see it".to_owned(),
        ),
        Blocked::SecretConflict => (
            Reason::SecretConflict,
            "a Secret of that name exists and is not this object's; it is left alone".to_owned(),
        ),
        Blocked::ProjectsUnknown(names) => (
            Reason::ProjectNotFound,
            format!("GitLab knows no project {}, or the credential cannot see it", names.join(", ")),
        ),
        Blocked::Undeletable => (
            Reason::DeletionBlocked,
            "the runner is still in GitLab: the connection cannot be used, and the runner's own token is not in the Secret".to_owned(),
        ),
    }
}
