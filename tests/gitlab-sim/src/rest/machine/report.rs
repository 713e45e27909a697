//! What a runner says of a job it has taken: contract §3.25.
use super::limit::Limit;
use crate::rest::{
    call::{Answer, Call},
    declare::{Kind, Param, optional, required},
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{GitLab, JobId, JobStatus, facts};

/// The job of the path, if the token of the parameter or the header `JOB-TOKEN` is its own. Whoever
/// shows it is the job's machine, so this is a contact as well.
fn own_job(call: &mut Call<'_>, limit: Limit) -> Result<JobId, Refusal> {
    const DECLARED: [Param; 2] = [required("id", Kind::Integer), optional("token", Kind::Text)];
    let given = call.declared(&DECLARED, &[])?;
    let header = call.header("job-token").map(str::to_owned);
    let shown = given.text("token").map(str::to_owned).or(header);
    let shown = shown.unwrap_or_default();
    limit.check(call, &shown)?;
    let job = call
        .gitlab
        .jobs
        .get(&JobId(given.id("id")))
        .filter(|job| job.token.expose() == shown)
        .ok_or_else(Refusal::forbidden)?;
    let (id, status) = (job.id, job.status);
    if status != JobStatus::Running {
        let Refusal(reply) = Refusal::forbidden_because(not_running(call.gitlab));
        let reply = reply.with("job-status", status.word());
        return Err(Refusal(Box::new(reply)));
    }
    call.gitlab.job_heartbeat(id, call.address(), call.now);
    Ok(id)
}

/// Jobs that are being canceled still report since 17.x, which the words came to cover.
fn not_running(gitlab: &GitLab) -> &'static str {
    if gitlab.since(facts::PROCESSING_WORDS) {
        "Job is not processing on runner"
    } else {
        "Job is not running"
    }
}

/// 200: running, or how it ended.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = own_job(call, Limit::Job)?;
    let given = call.declared(
        &[
            optional("state", Kind::Text),
            optional("failure_reason", Kind::Text),
        ],
        &[],
    )?;
    let end = match given.text("state") {
        Some("success") => Some(JobStatus::Success),
        Some("failed") => Some(JobStatus::Failed),
        Some(_) | None => None,
    };
    if let Some(end) = end {
        let reason = given.text("failure_reason").map(str::to_owned);
        call.gitlab.finish_job(id, end, reason, call.now);
    }
    let status = call
        .gitlab
        .jobs
        .get(&id)
        .map_or("running", |job| job.status.word());
    Ok(Reply::text(200, "200").with("job-status", status))
}

/// 202: one more piece of the log; it must begin where the last one ended.
pub(crate) fn trace(call: &mut Call<'_>) -> Answer {
    let id = own_job(call, Limit::Trace)?;
    let start = call
        .header("content-range")
        .and_then(|range| range.split('-').next()?.trim().parse::<usize>().ok())
        .ok_or_else(|| Refusal::error(400, "400 Missing header Content-Range"))?;
    let piece = call.request.body().clone();
    let job = call
        .gitlab
        .jobs
        .get_mut(&id)
        .ok_or_else(Refusal::internal)?;
    let range = |length: usize| format!("0-{length}");
    if start != job.trace.len() {
        let Refusal(reply) = Refusal::error(416, "416 Range Not Satisfiable");
        return Err(Refusal(Box::new(
            reply.with("range", range(job.trace.len())),
        )));
    }
    job.trace.extend_from_slice(&piece);
    Ok(Reply::text(202, range(job.trace.len()))
        .with("job-status", job.status.word())
        .with("range", range(job.trace.len()))
        .with("x-gitlab-trace-update-interval", 60))
}
