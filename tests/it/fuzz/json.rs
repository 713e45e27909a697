//! What is near an input that has JSON in it, and still is JSON.
use serde_json::{Map, Value, json};

use crate::chaos::Random;

/// The same with one value in its JSON changed, if it ends in some.
pub(super) fn mutated(random: &mut Random, input: &[u8], words: &[&str]) -> Option<Vec<u8>> {
    let start = start(input)?;
    let mut value: Value = serde_json::from_slice(&input[start..]).ok()?;
    let donor = nth(&mut value, random.index(1000)).clone();
    let node = nth(&mut value, random.index(1000));
    change(random, node, donor, words);
    let mut mutated = input[..start].to_vec();
    mutated.extend(serde_json::to_vec(&value).ok()?);
    Some(mutated)
}

/// Where a line begins with the JSON that goes on to the end.
fn start(input: &[u8]) -> Option<usize> {
    let opens = |at: usize| matches!(input.get(at), Some(b'{' | b'['));
    if opens(0) {
        return Some(0);
    }
    let breaks = input.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    breaks.map(|(at, _)| at + 1).find(|at| opens(*at))
}

/// The value that comes so far into all of them, over and over.
fn nth(value: &mut Value, number: usize) -> &mut Value {
    let mut left = number % count(value);
    let mut node = value;
    loop {
        if left == 0 {
            return node;
        }
        left -= 1;
        let inner: Vec<&mut Value> = match node {
            Value::Array(items) => items.iter_mut().collect(),
            Value::Object(fields) => fields.values_mut().collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        let mut next = None;
        for item in inner {
            let size = count(item);
            if left < size {
                next = Some(item);
                break;
            }
            left -= size;
        }
        node = next.unwrap();
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn change(random: &mut Random, node: &mut Value, donor: Value, words: &[&str]) {
    let any = ["id", "token", "message"];
    let words = if words.is_empty() { &any } else { words };
    let word = words[random.index(words.len())];
    match (random.below(8), node) {
        (0, Value::Object(fields)) => drop(fields.insert(word.to_owned(), donor)),
        (1 | 2, Value::Object(fields)) => without(random, fields),
        (0, Value::Array(items)) => items.push(donor),
        (1, Value::Array(items)) => {
            let times = 200_usize.min(items.len() * random.index(40));
            let more: Vec<Value> = items.iter().cycle().take(times).cloned().collect();
            items.extend(more);
        }
        (2 | 3, Value::String(text)) => text.push_str(word),
        (3, node) => *node = donor,
        (_, node) => *node = scalar(random, word),
    }
}

fn without(random: &mut Random, fields: &mut Map<String, Value>) {
    let names: Vec<String> = fields.keys().cloned().collect();
    if !names.is_empty() {
        fields.remove(&names[random.index(names.len())]);
    }
}

fn scalar(random: &mut Random, word: &str) -> Value {
    match random.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(1.5),
        6 => json!(""),
        7 => json!([]),
        8 => json!({}),
        9 => json!("x".repeat(5000)),
        10 => (0..100).fold(json!(1), |inner, _| json!([inner])),
        11 => json!("a\u{1b}[31m\u{202e}\r\nb"),
        _ => json!(word),
    }
}
