//! Deleting with the runner's own token: contract §3.15, §3.16.
use super::info;
use crate::rest::{
    call::{Answer, Call},
    declare::{Kind, required},
    refusal::Refusal,
    reply::Reply,
};

/// Contract §3.15: no role and no count of projects; whoever holds the token can.
pub(crate) fn runner(call: &mut Call<'_>) -> Answer {
    let given = call.declared(&[required("token", Kind::Text)], &[])?;
    let runner = info::authenticated(call, &given)?;
    call.check_unmodified_since(runner.updated_at)?;
    call.gitlab.delete_runner(runner.id);
    Ok(Reply::no_content())
}

/// Contract §3.16: one machine; the runner stays.
pub(crate) fn manager(call: &mut Call<'_>) -> Answer {
    let declarations = [
        required("token", Kind::Text),
        required("system_id", Kind::Text),
    ];
    let given = call.declared(&declarations, &[])?;
    let runner = info::authenticated(call, &given)?;
    let system_id = given.text("system_id").unwrap_or_default();
    let (manager, created_at) = call
        .gitlab
        .managers_of(runner.id)
        .find(|manager| manager.system_id == system_id)
        .map(|manager| (manager.id, manager.created_at))
        // The helper appends its words to a text that has them already.
        .ok_or_else(|| Refusal::not_found("Runner manager not found"))?;
    call.check_unmodified_since(created_at)?;
    call.gitlab.managers.remove(&manager);
    for job in call
        .gitlab
        .jobs
        .values_mut()
        .filter(|job| job.manager == Some(manager))
    {
        job.manager = None;
    }
    Ok(Reply::no_content())
}
