//! Every example of `README.md`, in the order in which it stands there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
#![allow(
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

use gitlab_sim::{Options, Seed, Server, Settings};
use serde_json::Value;
use tokio::task::JoinHandle;

#[path = "doors/wire.rs"]
#[expect(dead_code, reason = "the tests of the doors use the rest")]
mod wire;

const README: &str = include_str!("../README.md");
const COMMANDS: &str = include_str!("../src/command.rs");
const TOKENS: &str = include_str!("../src/state/access_token.rs");

/// The fenced pieces: what stands after the fence, and the text.
fn pieces() -> Vec<(&'static str, &'static str)> {
    let mut pieces = Vec::new();
    let mut rest = README;
    while let Some((_, after)) = rest.split_once("\n```") {
        let (kind, after) = after.split_once('\n').unwrap();
        let (text, after) = after.split_once("```").unwrap();
        pieces.push((kind, text.trim_end()));
        rest = after;
    }
    pieces
}

/// `METHOD path`, headers, and after an empty line or at once the body.
async fn send(url: String, text: &'static str) -> Value {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (headers, body) = match rest.split_once("\n\n") {
        Some((headers, body)) => (headers, body),
        None if rest.contains(": ") && !rest.starts_with(['{', '"', '[']) => (rest, ""),
        None => ("", rest),
    };
    let mut request = format!("{first} HTTP/1.1\r\nHost: gitlab.example.com\r\n");
    for header in headers.lines() {
        request += header;
        request += "\r\n";
    }
    let length = body.len();
    request += &[
        "Connection: close\r\nContent-Type: application/json\r\nContent-Length: ",
        &length.to_string(),
        "\r\n\r\n",
        body,
    ]
    .concat();
    let answer = wire::Answer::parse(&wire::bytes_of(wire::connect(&url).await, &request).await);
    assert!(
        (200..300).contains(&answer.status),
        "{text}: {} {}",
        answer.status,
        answer.text()
    );
    answer.json()
}

/// Whether everything that is expected is there; there may be more.
fn includes(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => expected
            .iter()
            .all(|(key, value)| actual.get(key).is_some_and(|own| includes(own, value))),
        (Value::Array(actual), Value::Array(expected)) => {
            actual.len() == expected.len()
                && actual
                    .iter()
                    .zip(expected)
                    .all(|(own, value)| includes(own, value))
        }
        _ => actual == expected,
    }
}

/// A request that is held at the gate while the page goes on.
type Held = JoinHandle<Value>;

#[tokio::test]
async fn every_example_works() {
    let mut sim: Option<Server> = None;
    let mut answer = Value::Null;
    let mut waiting: Option<Held> = None;
    for (kind, text) in pieces() {
        match (kind, &sim) {
            ("yaml seed", _) => sim = Some(Server::start(text, Options::default()).await.unwrap()),
            ("http control", Some(sim)) => answer = send(sim.control_url(), text).await,
            ("http control start", Some(sim)) => {
                waiting = Some(tokio::spawn(send(sim.control_url(), text)));
            }
            ("http gitlab", Some(sim)) if waiting.is_some() => {
                let request = tokio::spawn(send(sim.url().to_owned(), text));
                answer = waiting.take().unwrap().await.unwrap();
                let id = serde_json::from_value(answer["id"].clone()).unwrap();
                assert_eq!(sim.release(id), 1);
                request.await.unwrap();
            }
            ("http gitlab", Some(sim)) => answer = send(sim.url().to_owned(), text).await,
            ("json" | "json held", Some(_)) => {
                let expected: Value = serde_json::from_str(text).unwrap();
                assert!(includes(&answer, &expected), "{text}\nbut it was\n{answer}");
            }
            ("sh" | "rust", _) => {}
            (kind, _) => panic!("what is a piece of kind {kind:?}?"),
        }
    }
}

#[test]
fn every_command_has_an_example() {
    let names = variants(COMMANDS, "Command");
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(
            README.contains(&format!("{{\"do\": \"{name}\"")),
            "{name} has no example"
        );
    }
}

/// What a seed may say is told, and what it is told exists.
#[test]
fn every_setting_and_every_scope_is_told() {
    let settings = serde_json::to_value(Settings::default()).unwrap();
    for name in settings.as_object().unwrap().keys() {
        let rows = README.lines().filter(|line| line.starts_with("| "));
        let row = rows.filter_map(|line| line.split(" | ").next());
        let told = row.filter(|first| first.contains(&format!("`{name}`")));
        assert_eq!(told.count(), 1, "the setting {name}");
    }
    let list = README
        .lines()
        .find_map(|line| line.strip_prefix("- **scopes**"))
        .unwrap();
    let told: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    for name in &told {
        let seed = format!("users: [{{ username: a, tokens: [{{ scopes: [{name}] }}] }}]");
        assert!(Seed::from_yaml(&seed).is_ok(), "the scope {name}");
    }
    for name in variants(TOKENS, "Scope") {
        assert!(told.contains(&name.as_str()), "the scope {name}");
    }
}

/// The variants of an enumeration as JSON spells them.
fn variants(source: &str, name: &str) -> Vec<String> {
    let start = source.find(&format!("pub enum {name} {{")).unwrap();
    let body = &source[start..start + source[start..].find("\n}").unwrap()];
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()))
        .map(|line| line.split([' ', '(', '{', ',']).next().unwrap())
        .map(snake_case)
        .collect()
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}
