//! Resetting a runner's token by number: contract §3.9.
use super::show::ID;
use crate::rest::{
    call::{Answer, Call},
    entity, model,
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{GitLab, Runner, RunnerId, facts};
use jiff::Timestamp;

/// Contract §3.9: works on an expired token too, since it goes by number.
pub(crate) fn authentication_token(call: &mut Call<'_>) -> Answer {
    let given = call.declared(&[ID], &[])?;
    let (caller, runner) = (call.caller()?, call.runner(given.id("id"))?);
    if !call.gitlab.can_update_runner(&caller, &runner) {
        return Err(Refusal::forbidden_because("No access granted"));
    }
    reset(call.gitlab, runner.id, call.now)
}

/// The reset itself, which the runner's own token can ask for too (contract §3.18).
pub(crate) fn reset(gitlab: &mut GitLab, id: RunnerId, now: Timestamp) -> Answer {
    let runner = gitlab.runners.get(&id).ok_or_else(Refusal::internal)?;
    if let Some(error) = model::organization_error(gitlab, runner) {
        return Err(Refusal::attributes(&[error]));
    }
    let overdue = |runner: &Runner| runner.token_rotation_deadline.is_some_and(|at| at <= now);
    if !gitlab.runners.get(&id).is_some_and(overdue) {
        gitlab.reset_runner_token(id, now);
    } else if gitlab.since(facts::TOKEN_EXPIRY_PARAMS) && gitlab.settings.enterprise {
        return Err(Refusal::error(403, "Token rotation deadline has passed"));
    }
    // The Community Edition and older releases present the token without looking whether the
    // service failed, so the old one comes back with 201.
    gitlab
        .runners
        .get(&id)
        .map(|runner| Reply::created(entity::token_result(runner)))
        .ok_or_else(Refusal::internal)
}
