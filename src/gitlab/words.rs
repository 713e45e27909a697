//! GitLab's words in a refusal: found in any of its shapes, freed of secrets, and cut.
use std::{borrow::Cow, ops::Range};

use serde::Deserialize;
use serde_json::Value;

/// What a refusal may take up in a status, an event or a log line.
const LONGEST: usize = 512;
/// A credential shorter than this is no credential, and cutting it out would only garble words.
const SHORTEST_SECRET: usize = 8;
const REMOVED: &str = "[removed]";

/// How GitLab's tokens begin. An instance may have its own prefix for access tokens, which is why
/// the very credentials of a call are removed as well.
const TOKENS: [&str; 13] = [
    "glrt-",
    "glrtr-",
    "glpat-",
    "gldt-",
    "glptt-",
    "glcbt-",
    "gloas-",
    "glft-",
    "glsoat-",
    "glagent-",
    "glimt-",
    "glffct-",
    "GR1348941",
];

/// What the body of a refusal says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// A sentence for people; never empty.
    pub(super) message: String,
    /// The OAuth layer's code (contract §1.3, shape D).
    pub(super) error: Option<String>,
    /// Whether one of GitLab's endpoints said it (shapes A and B), rather than its router, the
    /// layers around it, or a stranger.
    pub(super) from_endpoint: bool,
}

#[derive(Deserialize)]
struct Body {
    message: Option<Value>,
    error: Option<Value>,
    error_description: Option<String>,
    scope: Option<String>,
}

/// Reads a body of any of the shapes of contract §1.3, or of a stranger's making.
pub(super) fn words(status: u16, media_type: &str, body: &[u8], secrets: &[&str]) -> Words {
    let tidy = |text: &str| tidy(text, secrets);
    if let Ok(Body {
        message,
        error,
        error_description,
        scope,
    }) = serde_json::from_slice(body)
    {
        if let Some(message) = message {
            return Words {
                message: tidy(&flat(&message)),
                error: None,
                from_endpoint: true,
            };
        }
        if let Some(error) = error {
            let error = flat(&error);
            let needs = scope.map(|scope| format!(" (needs one of the scopes: {scope})"));
            let from_oauth = error_description.is_some() || needs.is_some();
            let message = error_description.unwrap_or_else(|| error.clone());
            return Words {
                message: tidy(&(message + &needs.unwrap_or_default())),
                error: from_oauth.then(|| tidy(&error)),
                from_endpoint: false,
            };
        }
    }
    Words {
        message: tidy(&strange(status, media_type, body)),
        error: None,
        from_endpoint: false,
    }
}

/// Whether a body is a web page, whatever it calls itself.
pub(super) fn is_page(media_type: &str, body: &[u8]) -> bool {
    media_type.starts_with("text/html") || body.trim_ascii_start().starts_with(b"<")
}

/// What to make of a body that is not JSON.
fn strange(status: u16, media_type: &str, body: &[u8]) -> String {
    if is_page(media_type, body) && status >= 500 {
        return "a web page; GitLab, or a proxy in front of it, is out of order".to_owned();
    }
    if is_page(media_type, body) {
        return format!(
            "a web page with status {status}; this does not look like GitLab's API, check the URL \
             and what stands between here and GitLab"
        );
    }
    match str::from_utf8(body) {
        Ok(text) if media_type.starts_with("text/plain") && !text.trim().is_empty() => {
            text.to_owned()
        }
        _ => "no reason was given".to_owned(),
    }
}

/// `{"tags_list": ["a", "b"]}` becomes `tags_list: a, b`.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name}: {}", flat(value)))
            .collect::<Vec<_>>()
            .join("; "),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// One line without secrets, of bounded length. Secrets go first: a cut through one would leave
/// a half that nothing recognises any more.
pub(super) fn tidy(text: &str, secrets: &[&str]) -> String {
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for secret in secrets
        .iter()
        .filter(|secret| secret.len() >= SHORTEST_SECRET)
    {
        text = text.replace(secret, REMOVED);
    }
    let text = without_tokens(&text);
    match text.char_indices().nth(LONGEST) {
        None => text.into_owned(),
        Some(_) => text.chars().take(LONGEST - 1).chain(['…']).collect(),
    }
}

fn without_tokens(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    while let Some(found) = token(&text) {
        text.to_mut().replace_range(found, REMOVED);
    }
    text
}

/// Where the first thing that looks like a token begins and ends.
fn token(text: &str) -> Option<Range<usize>> {
    let start = TOKENS.iter().filter_map(|prefix| text.find(prefix)).min()?;
    let rest = text.get(start..)?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    Some(start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(body: &str) -> Words {
        words(400, "application/json", body.as_bytes(), &["my-own-secret"])
    }

    #[test]
    fn each_shape_of_the_contract_gives_its_words() {
        let cases = [
            (
                r#"{"message":"403 Forbidden - No access granted"}"#,
                "403 Forbidden - No access granted",
                true,
            ),
            (
                r#"{"message":{"runner":["x"],"tags_list":["can not be empty","is odd"]}}"#,
                "runner: x; tags_list: can not be empty, is odd",
                true,
            ),
            (r#"{"error":"token is missing"}"#, "token is missing", false),
            (
                r#"{"message":{"error":"This endpoint has been requested too many times."}}"#,
                "error: This endpoint has been requested too many times.",
                true,
            ),
        ];
        for (body, message, from_endpoint) in cases {
            let expected = Words {
                message: message.to_owned(),
                error: None,
                from_endpoint,
            };
            assert_eq!(json(body), expected, "{body}");
        }
    }

    #[test]
    fn the_oauth_layer_gives_its_code_too() {
        let said = json(
            r#"{"error":"insufficient_scope","error_description":"More is needed.","scope":"api read_api"}"#,
        );
        assert_eq!(said.error.as_deref(), Some("insufficient_scope"));
        assert_eq!(
            said.message,
            "More is needed. (needs one of the scopes: api read_api)"
        );
    }

    #[test]
    fn strangers_are_told_apart() {
        let page = words(
            404,
            "text/html; charset=utf-8",
            b"<html>glpat-x</html>",
            &[],
        );
        assert!(
            page.message.contains("404") && page.message.contains("not look like GitLab's API")
        );
        assert!(!page.message.contains("glpat") && !page.from_endpoint);
        let undeclared = words(502, "", b" \n<!DOCTYPE html>", &[]);
        assert!(undeclared.message.contains("web page"));
        assert_eq!(
            words(429, "text/plain", b"Retry later\n", &[]).message,
            "Retry later"
        );
        for (media_type, body) in [
            ("text/plain", &b""[..]),
            ("image/png", b"abc"),
            ("text/plain", b"\xff"),
        ] {
            assert_eq!(
                words(400, media_type, body, &[]).message,
                "no reason was given"
            );
        }
        assert_eq!(json("[1]").message, "no reason was given");
    }

    #[test]
    fn nothing_secret_is_repeated() {
        let said = json(
            r#"{"message":"(glrt-t1_abc.01.x) glpat-zz, GR1348941q_-9! 'my-own-secret' xglrtr-y"}"#,
        );
        assert_eq!(
            said.message,
            "([removed]) [removed], [removed]! '[removed]' x[removed]"
        );
        assert_eq!(tidy("a globe, glittering", &["a"]), "a globe, glittering");
    }

    #[test]
    fn long_messages_are_cut_after_secrets_are_gone() {
        let text = "é".repeat(510) + "my-own-secret" + &"x".repeat(600);
        let tidied = tidy(&text, &["my-own-secret"]);
        assert_eq!(tidied.chars().count(), LONGEST);
        assert!(tidied.ends_with("[…") && !tidied.contains("my"));
        assert_eq!(tidy(&"é".repeat(LONGEST), &[]).chars().count(), LONGEST);
    }
}
