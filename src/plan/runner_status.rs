//! What status says of the runner itself.
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{insight, mark::Mark, outcome::Facts, seconds::whole_seconds};
use crate::api::v1alpha1::{GitLabRunnerStatus, ProjectStatus, RunnerStatus};
use crate::gitlab::model::{Insight, ProjectRef, Runner, Scope};

/// How far behind `contactedAt` may fall while nothing else changes: a runner process calls every
/// few seconds, and an idle fleet is to cause no writes.
pub const CONTACT_GRAIN: SignedDuration = SignedDuration::from_hours(1);

/// The runner as it was seen.
pub(super) fn runner_status(
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
        insight: Insight { at_work, managers },
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
        managers: managers.as_ref().map(insight::managers),
        busy: *at_work,
        projects: match projects {
            Some(projects) => assigned(projects),
            None => before
                .map(|before| before.projects.clone())
                .unwrap_or_default(),
        },
        mark: mark_on(runner, facts.mark).or_else(|| {
            let same = before.filter(|before| u64::try_from(before.id) == Ok(id.0));
            same?.mark.clone()
        }),
        missing_since: None,
    };
    let contacted_at = contacted(before, &status, contacted_at.map(whole_seconds));
    RunnerStatus {
        contacted_at,
        ..status
    }
}

/// The projects as status shows them, by number, and no more than it takes.
fn assigned(projects: &[ProjectRef]) -> Vec<ProjectStatus> {
    let shown = projects.iter().filter_map(|project| {
        let id = i64::try_from(project.id.0).ok()?;
        let path = project.path.clone();
        Some(ProjectStatus { id, path })
    });
    let mut shown: Vec<ProjectStatus> = shown.collect();
    shown.sort_by_key(|project| project.id);
    shown.truncate(128);
    shown
}

/// This object's mark, if the runner carries it.
fn mark_on(runner: &Runner, mark: &Mark) -> Option<String> {
    let its = Mark::split(runner.maintenance_note.text()?).1;
    let its = its.filter(|its| its.uid == mark.uid)?;
    Some(its.to_string())
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

/// The runner as it was, which GitLab says is not there.
pub(super) fn missing(previous: &GitLabRunnerStatus, now: Timestamp) -> Option<RunnerStatus> {
    let runner = previous.runner.clone()?;
    let since = runner.missing_since.clone().unwrap_or(Time(now));
    Some(RunnerStatus {
        missing_since: Some(since),
        ..runner
    })
}
