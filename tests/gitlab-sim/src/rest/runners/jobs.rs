//! A runner's jobs: contract §3.8.
use std::cmp::Reverse;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::show::ID;
use crate::rest::{
    call::{Answer, Call},
    declare::{Declared, Kind, optional},
    entity,
    page::{Paging, url_with},
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{JOB_STATUSES, Job, JobId, Role};

/// Contract §3.8. Jobs of projects where the caller is below Reporter are left out silently.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let given = call.declared(
        &[
            ID,
            optional("system_id", Kind::Text),
            optional("status", Kind::OneOf(JOB_STATUSES)),
            optional("order_by", Kind::OneOf(&["id"])),
            optional("sort", Kind::OneOf(&["asc", "desc"])),
            optional("cursor", Kind::Text),
            optional("pagination", Kind::OneOf(&["legacy", "keyset"])),
        ],
        &[],
    )?;
    let paging = Paging::of(call)?;
    let (caller, runner) = (call.caller()?, call.runner(given.id("id"))?);
    let gitlab = &*call.gitlab;
    if !gitlab.can_read_builds(&caller, &runner) {
        return Err(Refusal::forbidden_because("No access granted"));
    }
    let asked = given.text("system_id").filter(|id| !id.trim().is_empty());
    let machine = asked.map(|system_id| {
        gitlab
            .managers_of(runner.id)
            .find(|m| m.system_id == system_id)
            .map(|m| m.id)
    });
    let may_see = |job: &&Job| {
        caller.reads_all()
            || gitlab
                .projects
                .get(&job.project)
                .is_some_and(|project| gitlab.has_project_role(&caller, project, Role::Reporter))
    };
    let mut rows: Vec<&Job> = gitlab
        .jobs
        .values()
        .filter(|job| job.runner == Some(runner.id))
        .filter(|job| machine.is_none_or(|id| id.is_some() && job.manager == id))
        .filter(|job| {
            given
                .text("status")
                .is_none_or(|word| job.status.word() == word)
        })
        .filter(may_see)
        .collect();
    // Without `order_by` the rows come ascending, though `sort` is said to default to `desc`.
    let keyset = given.text("pagination") == Some("keyset");
    let descending =
        (given.has("order_by") || keyset) && given.text("sort").unwrap_or("desc") == "desc";
    if descending {
        rows.sort_by_key(|job| Reverse(job.id));
    }
    if keyset {
        return Ok(after_cursor(call, &rows, &given, descending));
    }
    let paging = if machine.is_some() {
        paging.uncounted()
    } else {
        paging
    };
    Ok(paging.reply(call, &rows, |job| entity::job(gitlab, job, call.now)))
}

/// Keyset pagination: no numbers, only a `next` link with an opaque cursor (contract §1.8).
fn after_cursor(call: &Call<'_>, rows: &[&Job], given: &Declared, descending: bool) -> Reply {
    let after = given.text("cursor").and_then(decode_cursor);
    let past = |job: &&&Job| match after {
        Some(after) if descending => job.id < after,
        Some(after) => job.id > after,
        None => true,
    };
    let size = Paging::of(call).map_or(20, Paging::size);
    let rest: Vec<&&Job> = rows.iter().filter(past).collect();
    let shown: Vec<_> = rest
        .iter()
        .take(size)
        .map(|job| entity::job(call.gitlab, job, call.now))
        .collect();
    let reply = Reply::ok(json!(shown)).with("x-per-page", size);
    let last = rest
        .len()
        .checked_sub(size + 1)
        .and_then(|_| rest.get(size - 1));
    let Some(last) = last else {
        return reply;
    };
    let mut params = call.params_as_read();
    params.insert("cursor".to_owned(), json!(encode_cursor(last.id)));
    params.insert("per_page".to_owned(), json!(size));
    let url = url_with(call, &params);
    let cursor = encode_cursor(last.id);
    reply
        .with("link", format!("<{url}>; rel=\"next\""))
        .with("x-next-cursor", cursor)
}

fn encode_cursor(id: JobId) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "id": id.to_string(), "_kd": "n" }).to_string())
}

fn decode_cursor(cursor: &str) -> Option<JobId> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let value: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    value.get("id")?.as_str()?.parse().ok().map(JobId)
}
