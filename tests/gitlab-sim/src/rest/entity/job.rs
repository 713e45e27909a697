//! Jobs, as a runner's list shows them (contract §2.6).
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{basic_project, basic_user, iso, iso_or_null};
use crate::state::{GitLab, Job, JobStatus};

/// One row of `GET /runners/:id/jobs`.
pub(crate) fn job(gitlab: &GitLab, job: &Job, now: Timestamp) -> Value {
    let project = gitlab.projects.get(&job.project);
    let web = project
        .map(|project| {
            format!(
                "{}/{}",
                gitlab.external_url,
                gitlab.path_with_namespace(project)
            )
        })
        .unwrap_or_default();
    let user = job.user.and_then(|id| gitlab.users.get(&id));
    let mut shown = json!({
        "id": job.id,
        "status": job.status.word(),
        "stage": job.stage,
        "name": job.name,
        "ref": job.git_ref,
        "tag": false,
        "coverage": null,
        "allow_failure": false,
        "created_at": iso(job.created_at),
        "started_at": iso_or_null(job.started_at),
        "finished_at": iso_or_null(job.finished_at),
        "erased_at": null,
        "duration": job.started_at.map(|from| seconds(from, job.finished_at.unwrap_or(now))),
        "queued_duration": seconds(job.created_at, job.started_at.unwrap_or(now)),
        "user": user.map(|user| basic_user(gitlab, user)),
        "commit": commit(job, &web),
        "pipeline": pipeline(job, &web),
        "web_url": format!("{web}/-/jobs/{}", job.id),
        "project": project.map(|project| {
            let mut basic = basic_project(gitlab, project);
            if let Value::Object(fields) = &mut basic {
                fields.insert("ci_job_token_scope_enabled".to_owned(), json!(false));
            }
            basic
        }),
    });
    if let (JobStatus::Failed, Value::Object(fields)) = (job.status, &mut shown) {
        let reason = job.failure_reason.as_deref().unwrap_or("script_failure");
        fields.insert("failure_reason".to_owned(), json!(reason));
    }
    shown
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    SignedDuration::as_secs_f64(&to.duration_since(from))
}

/// Every job is a pipeline of its own here, over one made-up commit.
pub(crate) const SHA: &str = "2f1c0b8f6d3e4a5968778695a4b3c2d1e0f9a8b7";

fn commit(job: &Job, web: &str) -> Value {
    json!({
        "id": SHA,
        "short_id": "2f1c0b8f",
        "created_at": iso(job.created_at),
        "parent_ids": [],
        "title": "Change something",
        "message": "Change something\n",
        "author_name": "Administrator",
        "author_email": "admin@example.com",
        "authored_date": iso(job.created_at),
        "committer_name": "Administrator",
        "committer_email": "admin@example.com",
        "committed_date": iso(job.created_at),
        "web_url": format!("{web}/-/commit/{SHA}"),
    })
}

fn pipeline(job: &Job, web: &str) -> Value {
    json!({
        "id": job.id,
        "iid": job.id,
        "project_id": job.project,
        "sha": SHA,
        "ref": job.git_ref,
        "status": job.status.word(),
        "source": "push",
        "created_at": iso(job.created_at),
        "updated_at": iso(job.finished_at.or(job.started_at).unwrap_or(job.created_at)),
        "web_url": format!("{web}/-/pipelines/{}", job.id),
    })
}
