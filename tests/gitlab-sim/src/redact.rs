//! What is cut out of the request log, so that no secret shows in it.
//!
//! A cut secret keeps its first letters (`glpat-abcd…`), so that a test can tell two credentials
//! apart, and never more than half of it.
use serde_json::Value;

/// How many characters of a secret remain after its well-known prefix.
const KEPT: usize = 4;

/// Prefixes by which GitLab's own tokens are known wherever they stand in a text.
const PREFIXES: [&str; 9] = [
    "glpat-",
    "glrtr-",
    "glrt-",
    "glptt-",
    "gldt-",
    "glcbt-",
    "gloas-",
    "glft-",
    "GR1348941",
];

/// Fields whose value is a secret whatever it looks like.
const FIELDS: [&str; 8] = [
    "token",
    "private_token",
    "access_token",
    "job_token",
    "refresh_token",
    "client_secret",
    "password",
    "runners_token",
];

/// Headers whose value is a secret whatever it looks like.
const HEADERS: [&str; 6] = [
    "private-token",
    "job-token",
    "runner-token",
    "deploy-token",
    "authorization",
    "cookie",
];

/// A header's value as the log keeps it; `name` in lower case.
pub(crate) fn header(name: &str, value: &str) -> String {
    if !HEADERS.contains(&name) {
        return text(value);
    }
    match value.split_once(' ') {
        Some((scheme, secret)) => format!("{scheme} {}", cut(secret)),
        None => cut(value),
    }
}

/// The value of a query or form field as the log keeps it.
pub(crate) fn field(name: &str, value: &str) -> String {
    if FIELDS.contains(&name) {
        cut(value)
    } else {
        text(value)
    }
}

/// A JSON document as the log keeps it.
pub(crate) fn json(value: Value) -> Value {
    match value {
        Value::String(whole) => Value::String(text(&whole)),
        Value::Array(items) => Value::Array(items.into_iter().map(json).collect()),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let shown = match value.as_str() {
                    Some(secret) => Value::String(field(&name, secret)),
                    None => json(value),
                };
                (name, shown)
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Any other text as the log keeps it: tokens that are recognisable by their prefix are cut.
pub(crate) fn text(whole: &str) -> String {
    let mut out = String::with_capacity(whole.len());
    let mut rest = whole;
    while let Some((start, prefix)) = first_prefix(rest) {
        let (before, found) = rest.split_at(start);
        let length = prefix.len() + secret_length(found.get(prefix.len()..).unwrap_or_default());
        let (secret, after) = found.split_at(length);
        out.push_str(before);
        out.push_str(&cut(secret));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn first_prefix(text: &str) -> Option<(usize, &'static str)> {
    PREFIXES
        .iter()
        .filter_map(|prefix| Some((text.find(prefix)?, *prefix)))
        .min()
}

fn secret_length(text: &str) -> usize {
    text.find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter)))
        .unwrap_or(text.len())
}

fn cut(secret: &str) -> String {
    let known = PREFIXES
        .iter()
        .find(|prefix| secret.starts_with(**prefix))
        .map_or(0, |p| p.len());
    let length = secret.chars().count();
    let kept = known + KEPT.min(length.saturating_sub(known) / 2);
    let mut out: String = secret.chars().take(kept).collect();
    if kept < length {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as j;

    #[test]
    fn nothing_of_a_secret_but_its_first_letters_remains() {
        for (shown, expected) in [
            (
                header("private-token", "glpat-abcdefghijklmnopqrst"),
                "glpat-abcd…",
            ),
            (
                header("authorization", "Bearer glpat-abcdefghijklmnopqrst"),
                "Bearer glpat-abcd…",
            ),
            (header("runner-token", "bareword0123456789xx"), "bare…"),
            (header("accept", "application/json"), "application/json"),
            (field("token", "abc"), "a…"),
            (field("token", ""), ""),
            (field("description", "mine"), "mine"),
            (
                text("search: \"glrt-t1_0123456789.0a.b\", x"),
                "search: \"glrt-t1_0…\", x",
            ),
            (
                text("two glrt-aaaaaaaaaaaa glpat-bbbbbbbbbbbb"),
                "two glrt-aaaa… glpat-bbbb…",
            ),
        ] {
            assert_eq!(shown, expected);
        }
        assert_eq!(
            json(
                j!({"token": "abcdefghijkl", "info": {"token": "abcdefghijkl"}, "tag_list": ["a"], "n": 1})
            ),
            j!({"token": "abcd…", "info": {"token": "abcd…"}, "tag_list": ["a"], "n": 1})
        );
    }
}
