//! Where the job router is: contract §3.21.
use serde_json::json;

use crate::rest::{
    call::{Answer, Call},
    refusal::Refusal,
    reply::Reply,
};

/// Since 18.7; the runner's token comes in a header.
pub(crate) fn discovery(call: &mut Call<'_>) -> Answer {
    let token = call.header("runner-token").unwrap_or_default();
    call.gitlab
        .authenticated_runner(token, call.now)
        .ok_or_else(Refusal::forbidden)?;
    match &call.gitlab.settings.job_router_url {
        Some(url) => Ok(Reply::ok(json!({ "server_url": url }))),
        None => Err(Refusal::message(
            501,
            "Job Router is not available. Please contact your administrator.",
        )),
    }
}
