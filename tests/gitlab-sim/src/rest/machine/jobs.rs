//! What a running gitlab-runner polls: contract §3.25.
use serde_json::{Value, json};

use super::{info, limit::Limit};
use crate::rest::{
    call::{Answer, Call},
    declare::{Kind, Param, optional, required},
    entity::SHA,
    reply::Reply,
};
use crate::state::{AccessLevel, GitLab, Job, JobId, JobStatus, ManagerId, Runner, RunnerId};

const DECLARED: [Param; 4] = [
    required("token", Kind::Text),
    optional("system_id", Kind::Text),
    optional("last_update", Kind::Text),
    optional("info", Kind::Hash),
];

/// 201 with a job, else 204 with the text that comes back as `last_update`.
pub(crate) fn request(call: &mut Call<'_>) -> Answer {
    let given = call.declared(&DECLARED, &[])?;
    Limit::Request.check(call, given.text("token").unwrap_or_default())?;
    let runner = info::authenticated(call, &given)?;
    info::check_owned(call, &runner)?;
    let manager = info::job_contact(call, &runner, &given)?;
    // The tick is read before the queue, so that a job queued in between is not missed.
    let nothing = Reply::no_content().with("x-gitlab-last-update", tick(&runner));
    let unchanged = given
        .text("last_update")
        .is_some_and(|text| text == tick(&runner));
    if unchanged {
        return Ok(nothing);
    }
    match call.gitlab.take_job(runner.id, manager, call.now) {
        Some(job) => Ok(Reply::created(payload(call.gitlab, job, &runner))),
        None => Ok(nothing),
    }
}

fn tick(runner: &Runner) -> String {
    format!(
        "{:032x}",
        u128::from(runner.queue_tick) << 32 | u128::from(runner.id.0)
    )
}

impl GitLab {
    /// Gives a runner the oldest job that it may run.
    pub(crate) fn take_job(
        &mut self,
        runner: RunnerId,
        manager: ManagerId,
        now: jiff::Timestamp,
    ) -> Option<JobId> {
        let runner = self.runners.get(&runner)?;
        let id = self
            .jobs
            .values()
            .find(|job| self.suits(runner, job))
            .map(|job| job.id)?;
        let runner = runner.id;
        let job = self.jobs.get_mut(&id)?;
        job.status = JobStatus::Running;
        job.runner = Some(runner);
        job.manager = Some(manager);
        job.started_at = Some(now);
        Some(id)
    }

    fn suits(&self, runner: &Runner, job: &Job) -> bool {
        let serves = self.projects.get(&job.project).is_some_and(|project| {
            let runners = self.runners_for_project(project);
            !project.archived && runners.iter().any(|other| other.id == runner.id)
        });
        let tags = if job.tags.is_empty() {
            runner.run_untagged
        } else {
            job.tags.iter().all(|tag| runner.tags.contains(tag))
        };
        let protected = runner.access_level == AccessLevel::NotProtected || job.protected;
        job.status == JobStatus::Pending && runner.active && serves && tags && protected
    }
}

/// The smallest job that gitlab-runner carries out.
fn payload(gitlab: &GitLab, id: JobId, runner: &Runner) -> Value {
    let Some(job) = gitlab.jobs.get(&id) else {
        return Value::Null;
    };
    let path = gitlab
        .projects
        .get(&job.project)
        .map(|project| gitlab.path_with_namespace(project))
        .unwrap_or_default();
    let url = &gitlab.external_url;
    let timeout = runner.maximum_timeout.unwrap_or(3600).min(3600);
    json!({
        "id": job.id,
        "token": job.token.expose(),
        "allow_git_fetch": true,
        "job_info": {
            "id": job.id,
            "name": job.name,
            "stage": job.stage,
            "project_id": job.project,
            "project_name": path.rsplit('/').next(),
        },
        "git_info": {
            "repo_url": format!("{url}/{path}.git"),
            "ref": job.git_ref,
            "ref_type": "branch",
            "sha": SHA,
            "before_sha": "0".repeat(40),
            "refspecs": [],
            "depth": 20,
        },
        "runner_info": { "timeout": timeout, "runner_session_url": null },
        "variables": variables(job, url, &path),
        "steps": [{
            "name": "script",
            "script": job.script,
            "timeout": timeout,
            "when": "on_success",
            "allow_failure": false,
        }],
        "image": null,
        "services": [],
        "artifacts": null,
        "cache": [],
        "credentials": [],
        "dependencies": [],
        "features": { "trace_sections": true },
    })
}

fn variables(job: &Job, url: &str, path: &str) -> Value {
    let variable = |key: &str, value: String| json!({ "key": key, "value": value, "public": true, "masked": false });
    json!([
        variable("CI", "true".to_owned()),
        variable("CI_JOB_ID", job.id.to_string()),
        variable("CI_JOB_NAME", job.name.clone()),
        variable("CI_PROJECT_ID", job.project.to_string()),
        variable("CI_PROJECT_PATH", path.to_owned()),
        variable("CI_PROJECT_URL", format!("{url}/{path}")),
        variable("CI_SERVER_URL", url.to_owned()),
        // There is no repository behind the stand-in.
        variable("GIT_STRATEGY", "none".to_owned()),
    ])
}
