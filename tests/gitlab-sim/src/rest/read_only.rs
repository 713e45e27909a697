//! A server that does not write: contract §10.
use bytes::Bytes;
use http::{Method, Request, header::REFERER};
use serde_json::json;

use super::{
    params::{content_type, media_type},
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{GitLab, OrganizationId, ReadOnly, facts};

/// Whether a request is there to change something.
pub(super) fn writes(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method)
}

/// What the instance answers to a write that it does not do. It is asked before anything else of
/// the API, whoever calls; and it goes by what the request says of its body, not of what it wants.
pub(super) fn refusal(gitlab: &GitLab, request: &Request<Bytes>, path: &str) -> Option<Reply> {
    let settings = &gitlab.settings;
    let closed = settings.maintenance_mode || settings.database_read_only;
    if !closed || !writes(request.method()) || path == "/api/graphql" {
        return None;
    }
    if media_type(content_type(request)) != "application/json" {
        let referer = request.headers().get(REFERER);
        let referer = referer.and_then(|value| value.to_str().ok());
        let start_page = format!("{}/", gitlab.external_url);
        return Some(Reply::empty(301).with("location", referer.unwrap_or(&start_page)));
    }
    let reply = |status, text: &str| Reply::json(status, json!({ "message": text }));
    if settings.maintenance_mode && settings.since(facts::MAINTENANCE_UNAVAILABLE) {
        let text = "GitLab Maintenance: system is in maintenance mode";
        return Some(reply(503, text).with("retry-after", RETRY_AFTER));
    }
    let text = "You cannot perform write operations on a read-only instance";
    Some(reply(403, text))
}

/// Seconds after which a client should come back.
const RETRY_AFTER: u64 = 60;

/// Refuses a write to an organisation that is not written to, which is asked once it is known who
/// calls.
pub(super) fn check_organization(
    gitlab: &GitLab,
    method: &Method,
    organization: OrganizationId,
) -> Result<(), Refusal> {
    let state = gitlab.read_only_organizations.get(&organization);
    let known = gitlab.since(facts::READ_ONLY_ORGANIZATIONS);
    match state.filter(|_| known && writes(method)) {
        None => Ok(()),
        Some(ReadOnly::ForATime) => {
            let text = "This organization is currently in read-only mode. Write operations are \
                        temporarily disabled.";
            let Refusal(reply) = Refusal::message(503, text);
            Err(Refusal(Box::new(reply.with("retry-after", RETRY_AFTER))))
        }
        Some(ReadOnly::ForGood) => Err(Refusal::forbidden_because(
            "This organization is currently in read-only mode. Write operations are disabled.",
        )),
    }
}
