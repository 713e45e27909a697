//! The four shapes of an error, and every text that goes into them (contract §1.3).
use serde_json::{Map, Value, json};

use super::reply::Reply;
use crate::state::Scope;

/// A request that is not carried out.
#[derive(Clone, Debug)]
pub(crate) struct Refusal(pub(crate) Box<Reply>);

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        *refusal.0
    }
}

impl Refusal {
    fn reply(reply: Reply) -> Self {
        Self(Box::new(reply))
    }

    /// Shape A: `{"message": "..."}`.
    pub(crate) fn message(status: u16, text: impl Into<String>) -> Self {
        Self::reply(Reply::json(status, json!({ "message": text.into() })))
    }

    /// Shape B: `{"message": {"attribute": ["..."]}}`.
    pub(crate) fn attributes(errors: &[(String, String)]) -> Self {
        let mut by_attribute = Map::new();
        for (attribute, text) in errors {
            let texts = by_attribute
                .entry(attribute.clone())
                .or_insert_with(|| json!([]));
            if let Value::Array(texts) = texts {
                texts.push(json!(text));
            }
        }
        Self::reply(Reply::json(400, json!({ "message": by_attribute })))
    }

    /// Shape C: `{"error": "..."}`.
    pub(crate) fn error(status: u16, text: impl Into<String>) -> Self {
        Self::reply(Reply::json(status, json!({ "error": text.into() })))
    }

    /// Shape D, 401: expired and revoked tokens.
    pub(crate) fn invalid_token(description: &str) -> Self {
        let body = json!({ "error": "invalid_token", "error_description": description });
        Self::reply(Reply::json(401, body).with("www-authenticate", challenge(description)))
    }

    /// Shape D, 403: the token's scopes do not open this.
    pub(crate) fn insufficient_scope(named: &[Scope]) -> Self {
        let description =
            "The request requires higher privileges than provided by the access token.";
        let scope: Vec<&str> = named.iter().map(|scope| scope.word()).collect();
        let body = json!({
            "error": "insufficient_scope",
            "error_description": description,
            "scope": scope.join(" "),
        });
        // The library forgets the challenge here.
        Self::reply(Reply::json(403, body))
    }

    /// Shape D, 403, without a scope: a fine-grained token lacks a permission, or has to be one.
    pub(crate) fn insufficient_granular_scope(description: &str) -> Self {
        let error = "insufficient_granular_scope";
        let body = json!({ "error": error, "error_description": description });
        Self::reply(Reply::json(403, body))
    }

    /// 400 in plain text: the request is not even read.
    pub(crate) fn malformed() -> Self {
        Self::reply(Reply::text(400, "Bad Request"))
    }

    /// 400 `400 Bad request - reason`.
    pub(crate) fn bad_request(reason: &str) -> Self {
        Self::message(400, format!("400 Bad request - {reason}"))
    }

    /// 401 without a usable credential.
    pub(crate) fn unauthorized() -> Self {
        Self::message(401, "401 Unauthorized")
    }

    /// 429 of one of the application's limits, with its interval where that is sent.
    pub(crate) fn too_many(retry_after: Option<i64>) -> Self {
        let text = "This endpoint has been requested too many times. Try again later.";
        let reply = Reply::json(429, json!({ "message": { "error": text } }));
        Self::reply(match retry_after {
            Some(seconds) => reply.with("retry-after", seconds),
            None => reply,
        })
    }

    /// 403 without a reason.
    pub(crate) fn forbidden() -> Self {
        Self::message(403, "403 Forbidden")
    }

    /// 403 `403 Forbidden - reason`.
    pub(crate) fn forbidden_because(reason: &str) -> Self {
        Self::message(403, format!("403 Forbidden - {reason}"))
    }

    /// 404 `404 What Not Found`.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::message(404, format!("404 {what} Not Found"))
    }

    /// 404 of a lookup that raised, with its lower-case f.
    pub(crate) fn record_not_found() -> Self {
        Self::message(404, "404 Not found")
    }

    /// 404 of a path that no route has.
    pub(crate) fn no_route() -> Self {
        Self::error(404, "404 Not Found")
    }

    /// 500 of an exception that nobody caught.
    pub(crate) fn internal() -> Self {
        Self::message(500, "500 Internal Server Error")
    }
}

fn challenge(description: &str) -> String {
    format!(
        "Bearer realm=\"Protected by OAuth 2.0\", error=\"invalid_token\", \
         error_description=\"{description}\""
    )
}
