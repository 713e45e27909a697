//! Facts, the outcome of a pass and what was there before, turned into the whole status.
//!
//! What was not looked at in this pass keeps its previous value, so that an outage does not erase
//! what is known.
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::{
    attempt,
    desired::Wanted,
    diff::{diff, differences},
    observed::{Kept, Observed, Sighting},
    outcome::{Facts, Judged, Outcome},
    verdicts,
};
use crate::api::conditions::merge;
use crate::api::v1alpha1::{
    Drift, DriftPolicy, GitLabRunnerStatus, ProjectStatus, ResolvedScope, RunnerStatus, TokenStatus,
};
use crate::gitlab::model::{Runner, Scope};

/// How far behind `contactedAt` may fall while nothing else changes: a runner process calls every
/// few seconds, and an idle fleet is to cause no writes.
const CONTACT_GRAIN: SignedDuration = SignedDuration::from_hours(1);

/// The status that says all this. Equal input gives equal output, so an unchanged world makes no
/// write.
pub fn project(
    previous: &GitLabRunnerStatus,
    facts: &Facts<'_>,
    outcome: &Outcome,
    now: Timestamp,
) -> GitLabRunnerStatus {
    let now = whole_seconds(now);
    let judged = verdicts::judge(previous, facts, outcome);
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
            Some(Sighting::Absent) => None,
            Some(Sighting::Unclear(_)) | None => previous.runner.clone(),
        },
        token: match seen {
            Some(seen) => token_status(facts.want, seen),
            None => previous.token.clone(),
        },
        drift: drift(previous, facts),
        registration: attempt::kept(previous, void, now),
        removal: previous.removal.clone(),
    }
}

fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
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

fn runner_status(
    previous: &GitLabRunnerStatus,
    runner: &Runner,
    facts: &Facts<'_>,
) -> RunnerStatus {
    let Runner {
        id,
        runner_type,
        description,
        tags,
        run_untagged: _,
        paused,
        locked: _,
        access_level: _,
        maximum_timeout: _,
        maintenance_note: _,
        projects,
        group_url: _,
        online,
        status,
        contacted_at,
    } = runner;
    let before = previous.runner.as_ref();
    let status = RunnerStatus {
        id: i64::try_from(id.0).unwrap_or(i64::MAX),
        type_: runner_type.clone(),
        gitlab_url: facts.gitlab_url.to_owned(),
        web_url: web_url(runner, facts),
        description: description.clone(),
        paused: *paused,
        online: *online,
        status: status.clone(),
        contacted_at: None,
        tags: tags.iter().cloned().collect(),
        projects: match projects {
            Some(projects) => {
                let mut projects: Vec<ProjectStatus> = projects
                    .iter()
                    .filter_map(|project| {
                        let id = i64::try_from(project.id.0).ok()?;
                        Some(ProjectStatus {
                            id,
                            path: project.path.clone(),
                        })
                    })
                    .collect();
                projects.sort_by_key(|project| project.id);
                projects.truncate(128);
                projects
            }
            None => before
                .map(|before| before.projects.clone())
                .unwrap_or_default(),
        },
    };
    let contacted_at = contacted(before, &status, contacted_at.map(whole_seconds));
    RunnerStatus {
        contacted_at,
        ..status
    }
}

/// Keeps the previous time of contact while it is recent enough and nothing else has changed.
fn contacted(
    before: Option<&RunnerStatus>,
    status: &RunnerStatus,
    at: Option<Timestamp>,
) -> Option<Time> {
    let kept = before.and_then(|before| {
        let same = RunnerStatus {
            contacted_at: None,
            ..before.clone()
        } == *status;
        before.contacted_at.clone().filter(|kept| {
            let lag = at.map(|at| at.duration_since(kept.0).abs());
            same && lag.is_some_and(|lag| lag < CONTACT_GRAIN)
        })
    });
    kept.or(at.map(Time))
}

/// The runner's page, where its address can be told from what GitLab sends.
fn web_url(runner: &Runner, facts: &Facts<'_>) -> Option<String> {
    let (url, id) = (facts.gitlab_url, runner.id);
    match facts.seen.and_then(|seen| seen.scope)? {
        Scope::Instance => Some(format!("{url}/admin/runners/{id}")),
        Scope::Group(_) => runner
            .group_url
            .as_ref()
            .map(|group| format!("{group}/-/runners/{id}")),
        Scope::Project(owner) => {
            let projects = runner.projects.as_ref()?;
            let path = &projects.iter().find(|project| project.id == owner)?.path;
            Some(format!("{url}/{path}/-/runners/{id}"))
        }
    }
}

fn token_status(want: Option<&Wanted>, seen: &Observed) -> Option<TokenStatus> {
    let (secret_name, keeping) = match (&seen.former, &seen.secret, want) {
        // Named as long as it is there, or it would be forgotten there, with the token.
        (Some((name, keeping)), ..) => (name, keeping),
        (None, Kept::Ours(keeping), Some(want)) => (&want.secret.name, keeping),
        _ => return None,
    };
    Some(TokenStatus {
        secret_name: secret_name.clone(),
        issued_at: keeping.issued_at.map(whole_seconds).map(Time),
        expires_at: keeping.expires_at.map(whole_seconds).map(Time),
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
