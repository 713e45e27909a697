//! Facts, the outcome of a pass and what was there before, turned into the whole status.
//!
//! What was not looked at in this pass keeps its previous value, so that an outage does not erase
//! what is known.
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::{
    Blocked, Plan, adoption, attempt,
    diff::{diff, differences},
    drain,
    observed::{Doubt, SecretSighting, Sighting, StoredToken},
    operation,
    outcome::{Facts, Judged, Outcome},
    parts::is_of,
    pausing, predecessor_status,
    runner_status::{missing, runner_status},
    seconds::whole_seconds,
    verdicts,
};
use crate::api::conditions::merge;
use crate::api::v1alpha1::{Drift, DriftPolicy, GitLabRunnerStatus, ResolvedScope, TokenStatus};
use crate::gitlab::model::{GroupId, ProjectId, Scope};

/// The status that says all this. Equal input gives equal output, so an unchanged world makes no
/// write.
pub fn next_status(
    previous: &GitLabRunnerStatus,
    facts: &Facts<'_>,
    outcome: &Outcome,
    now: Timestamp,
) -> GitLabRunnerStatus {
    let now = whole_seconds(now);
    let judged = verdicts::judge(previous, facts, outcome, now);
    let conditions: Vec<Condition> = judged
        .into_iter()
        .flat_map(|judged| match judged {
            Judged::Now(verdict) => {
                merge(&previous.conditions, vec![verdict], facts.generation, now)
            }
            Judged::AsBefore(condition) => vec![condition],
        })
        .collect();
    let void = matches!(outcome, Outcome::Failed(failure) if failure.attempt_is_void);
    let seen = facts.seen;
    GitLabRunnerStatus {
        observed_generation: facts.generation,
        conditions,
        scope: seen
            .and_then(|seen| seen.scope)
            .filter(|_| !facts.gitlab_url.is_empty())
            .map(|scope| resolved(scope, facts.gitlab_url))
            .or_else(|| previous.scope.clone()),
        runner: match seen.map(|seen| &seen.runner) {
            Some(Sighting::Present(runner)) => Some(runner_status(previous, runner, facts)),
            // While the object goes, its number is all that tells which runner it was.
            Some(Sighting::Absent) if facts.leaving || is_held(outcome) => previous.runner.clone(),
            Some(Sighting::Absent) => None,
            Some(Sighting::Unclear(Doubt::Vanished { .. })) => missing(previous, now),
            Some(Sighting::Unclear(_)) | None => previous.runner.clone(),
        },
        token: token_status(previous, facts, is_held(outcome)),
        drift: drift(previous, facts),
        pausing: match facts.want {
            Some(want) => want.pausing.map(pausing::shown),
            None => pausing::still(previous, now),
        },
        drain: drain::shown(previous, seen),
        predecessor: predecessor_status::shown(previous, seen, facts.leaving, now),
        undeletable_since: drain::undeletable_since(previous, outcome, now),
        registration: attempt::kept(previous, seen, void, now),
        adoption: adoption::kept(previous, facts.want),
        operation: operation::still_open(previous, seen),
        last_handled_reconcile_at: previous.last_handled_reconcile_at.clone(),
        last_handled_rotate_at: operation::answered(previous, seen),
    }
}

/// Whether too many runners are lost at once for anything to be believed of this one.
fn is_held(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Planned(Plan::Hold(Blocked::Brake(_))))
}

/// The scope as status names it.
pub fn resolved(scope: Scope, gitlab_url: &str) -> ResolvedScope {
    let (type_, id) = match scope {
        Scope::Instance => ("instance", None),
        Scope::Group(id) => ("group", i64::try_from(id.0).ok()),
        Scope::Project(id) => ("project", i64::try_from(id.0).ok()),
    };
    ResolvedScope {
        type_: type_.to_owned(),
        id,
        gitlab_url: Some(gitlab_url.to_owned()),
    }
}

/// The scope that status names, if it names one.
pub fn scope_of(resolved: &ResolvedScope) -> Option<Scope> {
    let number = || u64::try_from(resolved.id?).ok();
    match &*resolved.type_ {
        "instance" => Some(Scope::Instance),
        "group" => number().map(GroupId).map(Scope::Group),
        "project" => number().map(ProjectId).map(Scope::Project),
        _ => None,
    }
}

/// The token that GitLab gave last. What is known of it stays known while no Secret holds it: a Secret
/// that is put back is judged by it.
fn token_status(
    previous: &GitLabRunnerStatus,
    facts: &Facts<'_>,
    held: bool,
) -> Option<TokenStatus> {
    let (Some(seen), Some(want)) = (facts.seen, facts.want) else {
        return previous.token.clone();
    };
    let here = match &seen.secret {
        SecretSighting::Ours(stored) => Some((&want.secret.name, stored)),
        SecretSighting::Absent | SecretSighting::Foreign(_) => None,
    };
    let others = seen.others.iter().map(|(name, stored)| (name, stored));
    let is_right = |(_, stored): &(&String, &StoredToken)| is_of(seen, stored);
    let Some((name, stored)) = here.into_iter().chain(others).find(is_right) else {
        let gone = seen.runner == Sighting::Absent && !held;
        return previous.token.clone().filter(|_| !gone);
    };
    let rotate_at = want.due(stored);
    let time = |at: Option<Timestamp>| at.map(whole_seconds).map(Time);
    Some(TokenStatus {
        secret_name: name.clone(),
        digest: stored.digest.clone(),
        issued_at: time(stored.issued_at),
        rotate_at: time(rotate_at),
        expires_at: time(stored.expires_at),
    })
}

fn drift(previous: &GitLabRunnerStatus, facts: &Facts<'_>) -> Vec<Drift> {
    let (Some(want), Some(seen)) = (facts.want, facts.seen) else {
        return previous.drift.clone();
    };
    // `Synced` points here, and says what it said before as well.
    let Sighting::Present(runner) = &seen.runner else {
        return previous.drift.clone();
    };
    if want.drift != DriftPolicy::Report {
        return Vec::new();
    }
    let edit = diff(runner, &want.settings, facts.mark).unwrap_or_default();
    let cut = |text: String| text.chars().take(2048).collect::<String>();
    let settings = differences(runner, &edit).into_iter();
    settings
        .chain(super::diff::project_difference(runner, seen))
        .map(|row| Drift {
            field: row.field.to_owned(),
            desired: cut(row.desired),
            actual: cut(row.actual),
        })
        .collect()
}
