//! Which answers are GitLab's own, and what they mean. GitLab says much of it in words only (contract
//! §1.3), so this is the one place that compares them.
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::codes;
use super::refusal::Refusal;

/// What one of GitLab's own answers means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No.
    Refused(Refusal),
    /// Not now: nothing is written (contract §10).
    ReadOnly,
    /// Not so fast.
    Throttled,
}

/// How a request registers a runner, if it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Registers {
    /// It does not.
    No,
    /// `POST /user/runners`
    ByUser,
    /// `POST /runners`
    ByToken,
}

/// What the model may have against a registration by token, by its keys (contract §1.5, §3.14).
const ATTRIBUTES: [&str; 10] = [
    "access_level",
    "base",
    "description",
    "maintenance_note",
    "maximum_timeout",
    "name",
    "runner",
    "runner_namespaces.base",
    "runner_projects.base",
    "tags_list",
];

impl Registers {
    pub(super) fn by(method: &str, endpoint: &str) -> Self {
        match (method, endpoint) {
            ("POST", "/user/runners") => Self::ByUser,
            ("POST", "/runners") => Self::ByToken,
            _ => Self::No,
        }
    }

    /// Whether shape B is surely GitLab's answer: by a user a registration is refused in shape A (contract
    /// §1.3).
    fn takes(self, fields: &BTreeMap<String, Vec<String>>) -> bool {
        let known = |name: &String| ATTRIBUTES.contains(&name.as_str());
        !fields.is_empty()
            && match self {
                Self::No => true,
                Self::ByUser => false,
                Self::ByToken => fields.keys().all(known),
            }
    }
}

/// A body in the shapes of contract §1.3, or anybody's JSON.
#[derive(Debug, Deserialize)]
pub(super) struct Body {
    pub(super) message: Option<Message>,
    pub(super) error: Option<Value>,
    pub(super) error_description: Option<String>,
    pub(super) scope: Option<String>,
    /// GraphQL's, each with a message.
    pub(super) errors: Option<Value>,
}

/// `message` of the shapes A and B.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Message {
    Text(String),
    Fields(BTreeMap<String, Vec<String>>),
    Other(Value),
}

/// What a body means, if GitLab's REST API says such a thing with that status. Of a request that
/// registers a runner only what is surely GitLab's is taken for it.
pub(super) fn verdict(registers: Registers, status: u16, body: &Body) -> Option<Verdict> {
    surely(registers, status, body).or_else(|| {
        // Both resets of a token are answered so, in words that nobody has told (contract §1.3).
        let says = matches!(body.message, Some(Message::Text(_)))
            || (body.message.is_none() && matches!(body.error, Some(Value::String(_))));
        (status == 422 && registers == Registers::No && says)
            .then_some(Verdict::Refused(Refusal::Other))
    })
}

/// Whether GraphQL's errors say that a query costs more than this GitLab lets one cost (contract §5.4).
pub(super) fn is_too_complex(errors: &Value) -> bool {
    errors.as_array().into_iter().flatten().any(|error| {
        let text = error.get("message").and_then(Value::as_str);
        text.is_some_and(|text| text.contains("which exceeds max complexity of"))
    })
}

/// Whether GraphQL's errors say that this release knows runners without some field of what is asked.
pub(super) fn is_without_a_field(errors: &Value) -> bool {
    errors.as_array().into_iter().flatten().any(|error| {
        let text = error.get("message").and_then(Value::as_str);
        text.is_some_and(|text| text.contains("doesn't exist on type 'CiRunner"))
    })
}

fn surely(registers: Registers, status: u16, body: &Body) -> Option<Verdict> {
    match (&body.message, &body.error) {
        (Some(Message::Text(text)), _) => by_text(status, text),
        (Some(Message::Fields(fields)), _) => {
            (status == 400 && registers.takes(fields)).then(|| {
                let taken = fields.values().flatten().any(|text| is_taken(text));
                Verdict::Refused(if taken {
                    Refusal::AlreadyAssigned
                } else {
                    Refusal::Other
                })
            })
        }
        (Some(Message::Other(other)), _) => {
            let text = other.get("error").and_then(Value::as_str)?;
            (status == 429 && text.starts_with(LIMITER)).then_some(Verdict::Throttled)
        }
        (None, Some(Value::String(error))) => {
            let refusal = codes::refusal(
                status,
                error,
                body.error_description.as_deref(),
                body.scope.as_deref(),
            )?;
            Some(Verdict::Refused(refusal))
        }
        (None, _) => None,
    }
}

/// The application's own limiter.
const LIMITER: &str = "This endpoint has been requested too many times";
const MIGRATIONS: &str = "Executing database migrations. Please retry later.";

/// Shape A.
fn by_text(status: u16, text: &str) -> Option<Verdict> {
    if writes_nothing(status, text) {
        return Some(Verdict::ReadOnly);
    }
    if status == 429 && text == MIGRATIONS {
        return Some(Verdict::Throttled);
    }
    let numbered = text
        .strip_prefix(&status.to_string())
        .is_some_and(|rest| rest.starts_with(' '));
    let refusal = match status {
        400 => bad_request(text, numbered)?,
        401 if text == "401 Unauthorized" => Refusal::TokenUnknown,
        403 if numbered => forbidden(text),
        404 if numbered => missing(text),
        405 if text == "Non GET methods are not allowed for moved projects" => Refusal::Other,
        422 if text == "Runner is orphaned" => Refusal::Other,
        401 | 405 | 409 | 410 | 412 | 422 if numbered => Refusal::Other,
        _ => return None,
    };
    Some(Verdict::Refused(refusal))
}

/// Contract §10: what a server says that surely has written nothing.
fn writes_nothing(status: u16, text: &str) -> bool {
    match status {
        403 => {
            text == "You cannot perform write operations on a read-only instance"
                || text
                    .starts_with("403 Forbidden - This organization is currently in read-only mode")
        }
        503 => {
            text.starts_with("GitLab Maintenance:")
                || text.starts_with("This organization is currently in read-only mode")
        }
        _ => false,
    }
}

fn is_taken(text: &str) -> bool {
    text.contains("has already been taken")
}

/// Contract §3.12: such a sentence ends with the name of its reason.
fn is_of_assigning(text: &str) -> bool {
    let reason = text.rsplit_once(" - ").map(|(_, reason)| reason);
    text.starts_with("Assign to ")
        || matches!(
            reason,
            Some(
                "runner_error"
                    | "project_not_in_same_organization"
                    | "not_authorized_to_add_runner_in_project"
            )
        )
}

fn bad_request(text: &str, numbered: bool) -> Option<Refusal> {
    let reason = text.strip_prefix("400 Bad request - ").unwrap_or(text);
    Some(match reason {
        _ if is_taken(text) => Refusal::AlreadyAssigned,
        _ if reason.ends_with("to be a personal access token") => Refusal::NotAnAccessToken,
        "Token already revoked" => Refusal::TokenRevoked,
        _ if numbered && codes::is_of_the_life(reason) => Refusal::TokenLife,
        _ if reason.starts_with("Rotation of legacy") => Refusal::RotationDisabled,
        "Scope contains invalid value" => Refusal::Other,
        _ if numbered || is_of_assigning(text) => Refusal::Other,
        _ => return None,
    })
}

fn forbidden(text: &str) -> Refusal {
    match text.strip_prefix("403 Forbidden - ") {
        None if text == "403 Forbidden" => Refusal::Forbidden,
        Some("Runner is locked" | "User not allowed to assign runner") => Refusal::Locked,
        Some("Runner associated with more than one project") => Refusal::MoreThanOneProject,
        Some(reason)
            if reason.starts_with("You cannot unassign a runner from the owner project")
                || reason.starts_with("Only one project associated with the runner") =>
        {
            Refusal::OwnerProject
        }
        Some(_) | None => Refusal::Other,
    }
}

fn missing(text: &str) -> Refusal {
    match text {
        // Up to 18.x a runner that is not there is told with a small f.
        "404 Runner Not Found" | "404 Not found" => Refusal::RunnerMissing,
        "404 Project Not Found" => Refusal::ProjectMissing,
        "404 Group Not Found" => Refusal::GroupMissing,
        // To a fine-grained token, of what it may not know of as well (contract §8.2).
        "404 Not Found" => Refusal::Missing,
        _ => Refusal::Other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn judged(status: u16, body: &Value) -> Option<Verdict> {
        let body: Body = serde_json::from_value(body.clone()).unwrap();
        verdict(Registers::No, status, &body)
    }

    fn refused(status: u16, body: &Value) -> Option<Refusal> {
        match judged(status, body) {
            Some(Verdict::Refused(refusal)) => Some(refusal),
            Some(other @ (Verdict::ReadOnly | Verdict::Throttled)) => panic!("{body}: {other:?}"),
            None => None,
        }
    }

    fn said(text: &str) -> Value {
        json!({ "message": text })
    }

    #[test]
    fn what_gitlab_says_is_missing_or_forbidden_is_its_own() {
        for (status, body, refusal) in [
            (404, said("404 Runner Not Found"), Refusal::RunnerMissing),
            (404, said("404 Not found"), Refusal::RunnerMissing),
            (404, said("404 Not Found"), Refusal::Missing),
            (404, said("404 Project Not Found"), Refusal::ProjectMissing),
            (404, said("404 Group Not Found"), Refusal::GroupMissing),
            (404, said("404 User Not Found"), Refusal::Other),
            (
                404,
                json!({"error": "404 Not Found"}),
                Refusal::NoSuchEndpoint,
            ),
            (401, said("401 Unauthorized"), Refusal::TokenUnknown),
            (403, said("403 Forbidden"), Refusal::Forbidden),
            (
                403,
                said("403 Forbidden - No access granted"),
                Refusal::Other,
            ),
            (
                403,
                said("403 Forbidden - Runner is locked"),
                Refusal::Locked,
            ),
            (
                403,
                said("403 Forbidden - User not allowed to assign runner"),
                Refusal::Locked,
            ),
            (
                403,
                said("403 Forbidden - Runner associated with more than one project"),
                Refusal::MoreThanOneProject,
            ),
            (
                403,
                said(
                    "403 Forbidden - You cannot unassign a runner from the owner project. Delete the runner instead",
                ),
                Refusal::OwnerProject,
            ),
            (
                403,
                said(
                    "403 Forbidden - Only one project associated with the runner. Please remove the runner instead",
                ),
                Refusal::OwnerProject,
            ),
        ] {
            assert_eq!(refused(status, &body), Some(refusal), "{status} {body}");
        }
    }

    #[test]
    fn what_gitlab_says_of_an_assignment_is_its_own() {
        let taken = "Validation failed: Runner projects runner has already been taken";
        for (body, refusal) in [
            (
                said(&format!("Assign to {taken} - runner_error")),
                Refusal::AlreadyAssigned,
            ),
            (
                json!({"message": {"assign_to": [taken]}}),
                Refusal::AlreadyAssigned,
            ),
            (
                said("runner can only be elsewhere - project_not_in_same_organization"),
                Refusal::Other,
            ),
            (
                said("Assign to Taking over is not allowed - runner_error"),
                Refusal::Other,
            ),
        ] {
            assert_eq!(refused(400, &body), Some(refusal), "{body}");
        }
    }

    #[test]
    fn what_gitlab_says_is_wrong_with_a_request_is_its_own() {
        let error = |text: &str| json!({ "error": text });
        let token = "requires token type to be a personal access token";
        assert_eq!(
            refused(400, &said(&format!("400 Bad request - This {token}"))),
            Some(Refusal::NotAnAccessToken)
        );
        for told in [
            "token_expires_at is required when token_rotation_deadline is specified",
            "token_expires_at must be at least 5 minutes in the future",
            "token_expires_at is too far in the future (maximum is 2026-03-16T08:00:00Z)",
            "token_rotation_deadline cannot be in the past",
            "token_rotation_deadline must be less than or equal to token_expires_at",
        ] {
            let body = said(&format!("400 Bad request - {told}"));
            assert_eq!(refused(400, &body), Some(Refusal::TokenLife), "{told}");
        }
        let late = error("Token rotation deadline has passed");
        assert_eq!(refused(403, &late), Some(Refusal::RotationDeadline));
        for (status, body) in [
            (400, said("400 Bad request - Missing/invalid project")),
            (400, said("Scope contains invalid value")),
            (400, json!({"message": {"tags_list": ["is odd"]}})),
            (400, error("token is missing")),
            (
                400,
                error("id is invalid, type does not have a valid value"),
            ),
            (400, error("active, paused are mutually exclusive")),
            (
                400,
                error("a, b are missing, at least one parameter must be provided"),
            ),
            (
                405,
                said("Non GET methods are not allowed for moved projects"),
            ),
            (409, said("409 Conflict: Resource lock")),
            (410, said("410 Gone - runner registration disallowed")),
            (415, error("The provided content-type '' is not supported.")),
            (422, said("Runner is orphaned")),
        ] {
            assert_eq!(
                refused(status, &body),
                Some(Refusal::Other),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn the_oauth_layer_is_known_by_code_and_words() {
        let said = |code: &str, text: &str| json!({ "error": code, "error_description": text });
        let granular = "Access denied: This operation requires a fine-grained personal access token with the following group permissions: [Runner: Read, Runner: Update].";
        let unsupported =
            "Access denied: This operation doesn't support fine-grained personal access tokens.";
        let needs = |needs: Option<&str>| Refusal::InsufficientGranularScope {
            needs: needs.map(str::to_owned),
        };
        for (status, code, text, refusal) in [
            (
                401,
                "invalid_token",
                "Token was revoked. You have to re-authorize from the user.",
                Some(Refusal::TokenRevoked),
            ),
            (
                401,
                "invalid_token",
                "Token is expired. You can either do re-authorization or token refresh.",
                Some(Refusal::TokenExpired),
            ),
            (
                403,
                "insufficient_granular_scope",
                granular,
                Some(needs(Some("Runner: Read, Runner: Update"))),
            ),
            (
                403,
                "insufficient_granular_scope",
                unsupported,
                Some(needs(None)),
            ),
            // Somebody else who speaks OAuth, or of another status.
            (403, "insufficient_scope", "More.", None),
            (
                401,
                "invalid_token",
                "Cannot convert access token to JSON",
                None,
            ),
            (401, "invalid_client", "Token is expired", None),
            (400, "invalid_token", "Token was revoked.", None),
        ] {
            assert_eq!(
                refused(status, &said(code, text)),
                refusal,
                "{code}: {text}"
            );
        }
    }

    #[test]
    fn a_missing_scope_is_one_of_gitlabs() {
        for (scope, refusal) in [
            (json!("api read_api"), Some(Refusal::InsufficientScope)),
            (json!("create_runner"), Some(Refusal::InsufficientScope)),
            (json!("orders.write"), None),
            (json!(""), None),
            (Value::Null, None),
        ] {
            let body = json!({
                "error": "insufficient_scope", "error_description": "More.", "scope": scope,
            });
            assert_eq!(refused(403, &body), refusal, "{body}");
        }
    }

    /// A reset is refused in words that are not known; a second runner is worse than asking in vain.
    #[test]
    fn what_may_be_gitlabs_is_not_believed_of_a_registration() {
        for (status, body) in [
            (422, said("Token cannot be reset")),
            (422, json!({"error": "Token cannot be reset"})),
            (400, json!({"message": {"tags_list": ["is odd"]}})),
        ] {
            assert_eq!(refused(status, &body), Some(Refusal::Other), "{body}");
            let read: Body = serde_json::from_value(body.clone()).unwrap();
            assert_eq!(verdict(Registers::ByUser, status, &read), None, "{body}");
        }
        for body in [json!({}), json!({"message": {"a": ["b"]}})] {
            assert_eq!(refused(422, &body), None, "{body}");
        }
    }

    #[test]
    fn what_others_say_is_not_gitlabs() {
        for (status, body) in [
            (404, said("no Route matched with those values")),
            (404, said("Not Found")),
            (404, said("404Runner")),
            (403, said("Forbidden")),
            (403, said("404 Runner Not Found")),
            (401, said("Unauthorized")),
            (401, said("No API key found in request")),
            (404, json!({"error": "Not Found"})),
            (
                404,
                json!({"error": "404 Not Found", "message": "No such route"}),
            ),
            (400, json!({"error": "The token is invalid"})),
            (400, json!({"error": "bad_request"})),
            (400, json!({"message": {}})),
            (403, json!({"message": {"tags_list": ["is odd"]}})),
            (403, json!({"error": {"code": 403}})),
            (429, said("API rate limit exceeded")),
            (404, json!({"errors": [{"message": "404 Not Found"}]})),
            (404, json!({})),
        ] {
            assert_eq!(judged(status, &body), None, "{status} {body}");
        }
    }

    #[test]
    fn a_server_that_does_not_write_is_told_from_one_that_refuses() {
        let organisation = "This organization is currently in read-only mode.";
        for (status, text) in [
            (
                403,
                "You cannot perform write operations on a read-only instance".to_owned(),
            ),
            (
                503,
                "GitLab Maintenance: system is in maintenance mode".to_owned(),
            ),
            (
                503,
                format!("{organisation} Write operations are temporarily disabled."),
            ),
            (
                403,
                format!("403 Forbidden - {organisation} Write operations are disabled."),
            ),
        ] {
            let body = json!({ "message": text });
            assert_eq!(judged(status, &body), Some(Verdict::ReadOnly), "{text}");
        }
        for (status, text) in [
            (503, "503 Service Unavailable"),
            (403, "GitLab Maintenance: x"),
        ] {
            assert_eq!(judged(status, &json!({ "message": text })), None, "{text}");
        }
    }

    #[test]
    fn gitlabs_limiters_are_known() {
        let limiter =
            json!({"error": "This endpoint has been requested too many times. Try again later."});
        for message in [limiter, json!(MIGRATIONS)] {
            let body = json!({ "message": message });
            assert_eq!(judged(429, &body), Some(Verdict::Throttled), "{body}");
        }
    }
}
