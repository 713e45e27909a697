//! What the API server refuses at apply, and with which words. Each rule and each bound has a case
//! on either side of it.
mod connections;
mod names;
mod nulls;
mod runners;
mod updates;
mod windows;

use serde_json::Value;

use crate::harness::{Manifest, Story, runner};

/// A rule: a manifest that just keeps it, one that just breaks it, and what is said of that.
struct Rule {
    keeps: Manifest,
    breaks: Manifest,
    words: &'static str,
}

fn rule(keeps: Manifest, breaks: Manifest, words: &'static str) -> Rule {
    Rule {
        keeps,
        breaks,
        words,
    }
}

/// Tries both cases of each rule, and reports all that went another way at once.
async fn holds(story: &Story<'_>, rules: Vec<Rule>) {
    let mut wrong = Vec::new();
    for Rule {
        keeps,
        breaks,
        words,
    } in rules
    {
        if let Err(refusal) = story.would_apply(&keeps).await {
            wrong.push(format!("refused: {}\n  {refusal}", shortened(&keeps)));
        }
        match story.would_apply(&breaks).await {
            Ok(()) => wrong.push(format!("accepted, not {words:?}: {}", shortened(&breaks))),
            Err(refusal) if refusal.contains(words) => {}
            Err(refusal) => wrong.push(format!("not {words:?}:\n  {refusal}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn shortened(manifest: &Manifest) -> String {
    manifest.json()["spec"]
        .to_string()
        .chars()
        .take(200)
        .collect()
}

/// A text of that length.
fn long(length: usize) -> String {
    "x".repeat(length)
}

/// A runner that keeps all rules.
fn some() -> Manifest {
    runner("accentor")
}

fn with(field: &str, value: impl Into<Value>) -> Manifest {
    some().with(field, value)
}

/// A rule about one field.
fn field(
    field: &str,
    keeps: impl Into<Value>,
    breaks: impl Into<Value>,
    words: &'static str,
) -> Rule {
    rule(with(field, keeps), with(field, breaks), words)
}
