//! How Grape and dry-types read one value (contract §1.4).
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};

use super::declare::Kind;
use crate::state::{is_ruby_blank, split_elements};

/// A value that cannot be what was declared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uncoercible;

const TRUE: &[&str] = &[
    "1", "on", "On", "ON", "t", "true", "True", "TRUE", "T", "y", "yes", "Yes", "YES", "Y",
];
const FALSE: &[&str] = &[
    "0", "off", "Off", "OFF", "f", "false", "False", "FALSE", "F", "n", "no", "No", "NO", "N",
];

/// Reads a value as declared. An empty string is "no value" to everything but texts and lists.
pub(crate) fn coerce(value: &Value, kind: Kind) -> Result<Value, Uncoercible> {
    if let Kind::List = kind {
        return Ok(json!(list(value)));
    }
    let is_text = matches!(kind, Kind::Text | Kind::OneOf(_) | Kind::Like(_));
    if value.is_null() || (!is_text && value.as_str() == Some("")) {
        return Ok(Value::Null);
    }
    match kind {
        Kind::Text | Kind::OneOf(_) | Kind::Like(_) => scalar(value).map(Value::String),
        Kind::Integer | Kind::NotZero => integer(value).map(|number| json!(number)),
        Kind::Boolean => boolean(value).map(Value::Bool),
        Kind::Hash => value.is_object().then(|| value.clone()).ok_or(Uncoercible),
        Kind::Date => date(value).map(|date| json!(date.to_string())),
        Kind::Moment => moment(value).map(|at| json!(at.to_string())),
        Kind::List => Ok(json!(list(value))),
    }
}

fn scalar(value: &Value) -> Result<String, Uncoercible> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(Uncoercible),
    }
}

/// A comma string, a list, or, being neither, the empty list.
fn list(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => split_elements([text.as_str()]),
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().filter_map(|item| scalar(item).ok()).collect();
            split_elements(texts.iter().map(String::as_str))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
    .into_iter()
    .filter(|item| !item.is_empty())
    .collect()
}

/// Ruby's integers have no end; one beyond ours is only ever "too large" or "too small".
fn integer(value: &Value) -> Result<i64, Uncoercible> {
    match value {
        Value::Number(number) => Ok(whole(number)),
        Value::String(text) => integer_text(text).ok_or(Uncoercible),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(Uncoercible),
    }
}

/// A number of JSON loses its fraction in silence.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the fraction is to be cut off, and what is too large becomes the largest"
)]
fn whole(number: &serde_json::Number) -> i64 {
    number
        .as_i64()
        .unwrap_or_else(|| number.as_f64().unwrap_or_default() as i64)
}

/// Ruby's `Integer(text, 10)`: a sign, blanks around, zeros in front, and single underscores
/// between digits.
fn integer_text(text: &str) -> Option<i64> {
    let text = text.trim_matches(is_ruby_blank);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let groups_are_digits = digits
        .split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    if !groups_are_digits {
        return None;
    }
    let size = digits.replace('_', "").parse().unwrap_or(i64::MAX);
    Some(if negative { -size } else { size })
}

fn boolean(value: &Value) -> Result<bool, Uncoercible> {
    let text = scalar(value)?;
    if TRUE.contains(&text.as_str()) {
        Ok(true)
    } else if FALSE.contains(&text.as_str()) {
        Ok(false)
    } else {
        Err(Uncoercible)
    }
}

fn date(value: &Value) -> Result<Date, Uncoercible> {
    value
        .as_str()
        .and_then(|text| text.trim().parse().ok())
        .ok_or(Uncoercible)
}

fn moment(value: &Value) -> Result<Timestamp, Uncoercible> {
    let text = value.as_str().ok_or(Uncoercible)?.trim();
    let midnight = || {
        text.parse::<Date>()
            .ok()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
    };
    text.parse()
        .ok()
        .or_else(|| Some(midnight()?.timestamp()))
        .ok_or(Uncoercible)
}
