//! What the OAuth layer and the parser of parameters say, in the shapes D and C of contract §1.3.
use super::refusal::Refusal;

/// What an `error` means, if one of the two says such a thing with that status.
pub(super) fn refusal(
    status: u16,
    error: &str,
    description: Option<&str>,
    scope: Option<&str>,
) -> Option<Refusal> {
    by_code(status, error, description, scope).or_else(|| by_parser(status, error))
}

/// Shape D. Others speak OAuth as well, so a code alone is not enough where it judges a credential.
fn by_code(
    status: u16,
    code: &str,
    description: Option<&str>,
    scope: Option<&str>,
) -> Option<Refusal> {
    match (status, code, description) {
        (401, "invalid_token", Some(text)) if text.starts_with("Token was revoked") => {
            Some(Refusal::TokenRevoked)
        }
        (401, "invalid_token", Some(text)) if text.starts_with("Token is expired") => {
            Some(Refusal::TokenExpired)
        }
        (401, "invalid_token", Some(text)) if text.starts_with("Token ") => {
            Some(Refusal::TokenUnknown)
        }
        (401, "dpop_error", Some(_)) => Some(Refusal::Other),
        (403, "insufficient_scope", Some(_)) => {
            let ours = scope?
                .split_whitespace()
                .any(|scope| SCOPES.contains(&scope));
            ours.then_some(Refusal::InsufficientScope)
        }
        (403, "insufficient_granular_scope", Some(text)) => {
            Some(Refusal::InsufficientGranularScope {
                needs: needed(text),
            })
        }
        _ => None,
    }
}

/// GitLab's scopes for what is asked here; it names those that would do (contract §1.3).
const SCOPES: [&str; 6] = [
    "api",
    "read_api",
    "create_runner",
    "manage_runner",
    "read_user",
    "self_rotate",
];

/// The permissions in `… with the following group permissions: [Runner: Read].`
fn needed(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("permissions: [")?;
    let (needs, _) = rest.split_once(']')?;
    Some(needs.to_owned())
}

/// What Grape says of a parameter.
const PARSER: [&str; 7] = [
    "is missing",
    "are missing",
    "is invalid",
    "is empty",
    "does not have a valid value",
    "has a value not allowed",
    "are mutually exclusive",
];

/// Whether these are Grape's words: names of parameters with what is wrong with each, joined by commas.
fn is_of_parameters(error: &str) -> bool {
    let is_name = |text: &str| {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '[' | ']');
        !text.is_empty() && text.chars().all(part)
    };
    let says = |part: &str| {
        let words = part.split_once(' ');
        part == "at least one parameter must be provided"
            || words.is_some_and(|(name, said)| is_name(name) && PARSER.contains(&said))
    };
    let mut parts = error.split(", ");
    parts.clone().all(|part| is_name(part) || says(part)) && parts.any(says)
}

/// Contract §3.20: what is wrong with the life that a runner's first token was to have.
pub(super) fn is_of_the_life(reason: &str) -> bool {
    ["token_expires_at ", "token_rotation_deadline "]
        .iter()
        .any(|field| reason.starts_with(field))
}

/// Shape C.
fn by_parser(status: u16, error: &str) -> Option<Refusal> {
    let unsupported = error.ends_with(" is not supported.");
    match status {
        400 if is_of_parameters(error)
            || error.contains("message body does not match declared format") =>
        {
            Some(Refusal::Other)
        }
        403 if error == "Token rotation deadline has passed" => Some(Refusal::RotationDeadline),
        404 if error == "404 Not Found" => Some(Refusal::NoSuchEndpoint),
        406 if error.starts_with("The requested format ") && unsupported => Some(Refusal::Other),
        410 if error.starts_with("API V3 is no longer supported") => Some(Refusal::NoSuchEndpoint),
        415 if error.starts_with("The provided content-type ") && unsupported => {
            Some(Refusal::Other)
        }
        _ => None,
    }
}
