//! GitLab's words in a refusal: found in any of its shapes, freed of secrets, and cut.
use std::cmp::Reverse;

use serde_json::Value;

use super::refusal::Refusal;
use super::verdict::{self, Body, Message, Registers, Verdict};

/// What a refusal may take up in a status, an event or a log line.
const LONGEST: usize = 512;
/// A credential shorter than this is no credential, and cutting it out would only garble words.
const SHORTEST_SECRET: usize = 8;
const NO_REASON: &str = "no reason was given";
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

/// What the body of an answer that is no success says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// A sentence for people, with what they need to know of where it comes from; never empty.
    pub(super) message: String,
    /// What it means, where GitLab says such a thing.
    pub(super) verdict: Option<Verdict>,
}

/// Reads a body of any of the shapes of contract §1.3, or of a stranger's making.
pub(super) fn words(
    registers: Registers,
    status: u16,
    media_type: &str,
    body: &[u8],
    secrets: &[&str],
) -> Words {
    let read = serde_json::from_slice::<Body>(body).ok();
    let said = read.as_ref().and_then(sentence);
    let verdict = read.and_then(|body| verdict::verdict(registers, status, &body));
    Words {
        message: shown(said.as_deref(), media_type, body, secrets),
        verdict: verdict.map(|verdict| tidied(verdict, secrets)),
    }
}

/// What GitLab says, or what to make of it where it says nothing.
fn shown(said: Option<&str>, media_type: &str, body: &[u8], secrets: &[&str]) -> String {
    let said = said.map(|said| tidy(said, secrets));
    let said = said.filter(|said| !said.is_empty());
    said.unwrap_or_else(|| match tidy(&strange(media_type, body), secrets) {
        nothing if nothing.is_empty() => NO_REASON.to_owned(),
        strange => strange,
    })
}

/// The same, where it quotes the answer.
fn tidied(verdict: Verdict, secrets: &[&str]) -> Verdict {
    if let Verdict::Refused(Refusal::InsufficientGranularScope { needs: Some(needs) }) = &verdict {
        let needs = Some(tidy(needs, secrets));
        return Verdict::Refused(Refusal::InsufficientGranularScope { needs });
    }
    verdict
}

/// What GraphQL says of a request that it does not carry out.
pub(super) fn graphql_words(body: &[u8], secrets: &[&str]) -> Option<String> {
    let body = serde_json::from_slice::<Body>(body).ok()?;
    let errors = body.errors?;
    let messages: Vec<&str> = errors
        .as_array()?
        .iter()
        .filter_map(|error| error.get("message")?.as_str())
        .collect();
    let said = || shown(Some(&messages.join(", ")), "", &[], secrets);
    (!messages.is_empty()).then(said)
}

fn sentence(body: &Body) -> Option<String> {
    let Body {
        message,
        error,
        error_description,
        scope,
        errors: _,
    } = body;
    if let Some(message) = message {
        return Some(match message {
            Message::Text(text) => text.clone(),
            Message::Fields(fields) => fields
                .iter()
                .map(|(name, texts)| format!("{name}: {}", texts.join(", ")))
                .collect::<Vec<_>>()
                .join("; "),
            Message::Other(other) => flat(other),
        });
    }
    let error = flat(error.as_ref()?);
    let message = error_description.clone().unwrap_or(error);
    let needs = scope
        .as_ref()
        .map(|scope| format!(" (needs one of the scopes: {scope})"));
    Some(message + &needs.unwrap_or_default())
}

/// Whether a body is a web page, whatever it calls itself.
pub(super) fn is_page(media_type: &str, body: &[u8]) -> bool {
    media_type.starts_with("text/html") || body.trim_ascii_start().starts_with(b"<")
}

/// What to make of a body that is not JSON, or not such JSON.
fn strange(media_type: &str, body: &[u8]) -> String {
    if is_page(media_type, body) {
        return "a web page".to_owned();
    }
    match str::from_utf8(body) {
        Ok(text) if media_type.starts_with("text/plain") && !text.trim().is_empty() => {
            text.to_owned()
        }
        _ => NO_REASON.to_owned(),
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
    let mut text = one_line(text);
    let mut secrets: Vec<String> = secrets.iter().map(|secret| one_line(secret)).collect();
    // One secret may begin with another.
    secrets.sort_by_key(|secret| Reverse(secret.len()));
    for secret in secrets.iter().filter(|it| it.len() >= SHORTEST_SECRET) {
        text = text.replace(secret, REMOVED);
    }
    let text = without_tokens(&text);
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some(_) => text.chars().take(LONGEST - 1).chain(['…']).collect(),
    }
}

/// Without what a terminal or a log would obey rather than show.
fn one_line(text: &str) -> String {
    let shown: String = text
        .chars()
        .filter(|letter| letter.is_whitespace() || !is_hidden(*letter))
        .collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Control characters, and those that nobody sees or that turn the direction of a text.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Goes through the text once: it may be as long as an answer, and hold nothing but tokens.
fn without_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices(['g', 'G']) {
        let rest = text.get(at..).unwrap_or_default();
        if at < from || !TOKENS.iter().any(|prefix| rest.starts_with(prefix)) {
            continue;
        }
        kept.push_str(text.get(from..at).unwrap_or_default());
        kept.push_str(REMOVED);
        from = at + rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::gitlab::unusable::LARGEST;

    fn json(body: &str) -> Words {
        words(
            Registers::No,
            400,
            "application/json",
            body.as_bytes(),
            &["my-own-secret"],
        )
    }

    #[test]
    fn each_shape_of_the_contract_gives_its_words() {
        let cases = [
            (
                r#"{"message":"403 Forbidden - No access granted"}"#,
                "403 Forbidden - No access granted",
            ),
            (
                r#"{"message":{"runner":["x"],"tags_list":["can not be empty","is odd"]}}"#,
                "runner: x; tags_list: can not be empty, is odd",
            ),
            (r#"{"error":"token is missing"}"#, "token is missing"),
            (
                r#"{"message":{"error":"This endpoint has been requested too many times."}}"#,
                "error: This endpoint has been requested too many times.",
            ),
            (
                r#"{"error":"insufficient_scope","error_description":"More is needed.","scope":"api read_api"}"#,
                "More is needed. (needs one of the scopes: api read_api)",
            ),
        ];
        for (body, message) in cases {
            assert_eq!(json(body).message, message, "{body}");
        }
    }

    #[test]
    fn strangers_are_told_apart() {
        let page = words(
            Registers::No,
            404,
            "text/html; charset=utf-8",
            b"<html>glpat-x</html>",
            &[],
        );
        let expected = Words {
            message: "a web page".to_owned(),
            verdict: None,
        };
        assert_eq!(page, expected);
        assert_eq!(
            words(Registers::No, 502, "", b" \n<!DOCTYPE html>", &[]),
            expected
        );
        assert_eq!(
            words(Registers::No, 429, "text/plain", b"Retry later\n", &[]).message,
            "Retry later"
        );
        for (media_type, body) in [
            ("text/plain", &b""[..]),
            ("image/png", b"abc"),
            ("text/plain", b"\xff"),
        ] {
            assert_eq!(
                words(Registers::No, 400, media_type, body, &[]).message,
                "no reason was given"
            );
        }
        assert_eq!(json("[1]").message, "no reason was given");
    }

    #[test]
    fn graphql_speaks_in_errors() {
        let said = |body: &str| graphql_words(body.as_bytes(), &["my-own-secret"]);
        let errors = r#"{"errors":[{"message":"Invalid token"},{"message":"my-own-secret"}]}"#;
        assert_eq!(said(errors).as_deref(), Some("Invalid token, [removed]"));
        for other in [
            r#"{"errors":[]}"#,
            r#"{"errors":"x"}"#,
            r#"{"message":"x"}"#,
            "",
        ] {
            assert_eq!(said(other), None, "{other}");
        }
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

    /// Whoever looks through all that is left anew for each token takes hours over this one.
    #[test]
    fn a_text_of_nothing_but_tokens_takes_no_longer_than_another() {
        let text = "glrt-a ".repeat(LARGEST / 7);
        let (sender, told) = mpsc::channel();
        thread::spawn(move || sender.send(tidy(&text, &["my-own-secret"])));
        let told = told.recv_timeout(Duration::from_secs(100)).unwrap();
        assert!(told.starts_with("[removed] [removed] "), "{told}");
        assert_eq!(told.chars().count(), LONGEST);
    }

    #[test]
    fn what_a_terminal_would_obey_is_left_out_before_secrets_are_looked_for() {
        let secrets = ["a-longer-secret-of-ours", "a-longer-secret", "two\nlines"];
        for (text, told) in [
            ("\u{1b}[31mred\u{7}", "[31mred"),
            ("a\tb\r\nc\u{85}d", "a b c d"),
            (
                "gl\u{1b}rt-abc and gl\u{200b}pat-abc",
                "[removed] and [removed]",
            ),
            ("\u{202e}txet", "txet"),
            ("a-longer-secret-of-ours", REMOVED),
            ("said two lines", "said [removed]"),
        ] {
            assert_eq!(tidy(text, &secrets), told, "{text:?}");
        }
    }

    #[test]
    fn what_a_refusal_needs_is_quoted_like_all_else() {
        let needs = format!("Runner: Read, glpat-zz {}", "x".repeat(600));
        let description = format!("… with the following group permissions: [{needs}].");
        let body = serde_json::json!({
            "error": "insufficient_granular_scope", "error_description": description,
        });
        let body = body.to_string();
        let said = words(Registers::No, 403, "application/json", body.as_bytes(), &[]);
        let Some(Verdict::Refused(Refusal::InsufficientGranularScope { needs: Some(needs) })) =
            said.verdict
        else {
            panic!("{said:?}");
        };
        assert!(needs.starts_with("Runner: Read, [removed] xx"), "{needs}");
        assert_eq!(needs.chars().count(), LONGEST);
    }
}
