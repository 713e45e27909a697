//! Checking and resetting with the runner's own token: contract §3.17, §3.18.
use super::info;
use crate::rest::{
    call::{Answer, Call},
    declare::{Kind, Param, optional, required},
    entity,
    reply::Reply,
    runners::reset,
};
use crate::state::facts;
use serde_json::json;

const DECLARED: [Param; 3] = [
    required("token", Kind::Text),
    optional("system_id", Kind::Text),
    optional("info", Kind::Hash),
];

/// Contract §3.17: 200, and not read-only: it leaves a manager and a contact. Its body was a bare
/// `200` before it became an object.
pub(crate) fn verify(call: &mut Call<'_>) -> Answer {
    let given = call.declared(&DECLARED, &[])?;
    let runner = info::authenticated(call, &given)?;
    info::check_owned(call, &runner)?;
    info::contact(call, &runner, &given)?;
    if !call.gitlab.since(facts::VERIFY_ENTITY) {
        return Ok(Reply::ok(json!(200)));
    }
    Ok(Reply::ok(entity::registration(call.gitlab, &runner)))
}

/// Contract §3.18: an expired token cannot rescue itself.
pub(crate) fn reset_token(call: &mut Call<'_>) -> Answer {
    let given = call.declared(&[required("token", Kind::Text)], &[])?;
    let runner = info::authenticated(call, &given)?;
    info::check_owned(call, &runner)?;
    info::contact(call, &runner, &given)?;
    reset::reset(call.gitlab, runner.id, call.now)
}
