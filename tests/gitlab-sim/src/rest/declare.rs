//! Grape's declarations of parameters, and the texts of its complaints (contract §1.3, 400 C).
use serde_json::{Map, Value};

use super::{coerce::coerce, params::Params, refusal::Refusal};

/// What a parameter is coerced to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Any text; numbers and booleans become text.
    Text,
    /// A whole number.
    Integer,
    /// A whole number that is not 0.
    NotZero,
    /// A boolean in one of its many spellings.
    Boolean,
    /// A list of texts, split on commas (contract §1.4).
    List,
    /// A nested object.
    Hash,
    /// A calendar date.
    Date,
    /// A moment.
    Moment,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Text of a certain form.
    Like(fn(&str) -> bool),
}

/// One declared parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

/// A parameter that may be left out.
pub(crate) const fn optional(name: &'static str, kind: Kind) -> Param {
    Param {
        name,
        kind,
        required: false,
    }
}

/// A parameter that must be there.
pub(crate) const fn required(name: &'static str, kind: Kind) -> Param {
    Param {
        name,
        kind,
        required: true,
    }
}

/// A rule over several parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule<'a> {
    /// One of them must be there.
    AtLeastOne(&'a [&'a str]),
    /// Only one of them may be there.
    Exclusive(&'a [&'a str]),
}

/// The parameters that were declared, coerced, and only those that were given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared(Map<String, Value>);

/// Reads the declared parameters, or refuses with every complaint in one sentence.
pub(crate) fn declared(
    params: &Params,
    declarations: &[Param],
    rules: &[Rule<'_>],
) -> Result<Declared, Refusal> {
    let mut given = Map::new();
    let mut complaints = Vec::new();
    for param in declarations {
        if param.required && !params.contains_key(param.name) {
            complaints.push(format!("{} is missing", param.name));
        }
        match params
            .get(param.name)
            .map(|value| coerce(value, param.kind))
        {
            Some(Ok(value)) => {
                complaints.extend(form_complaint(param, &value));
                given.insert(param.name.to_owned(), value);
            }
            Some(Err(_)) => complaints.push(format!("{} is invalid", param.name)),
            None if param.required => complaints.extend(form_complaint(param, &Value::Null)),
            None => {}
        }
    }
    complaints.extend(
        rules
            .iter()
            .filter_map(|rule| rule_complaint(*rule, params)),
    );
    if complaints.is_empty() {
        Ok(Declared(given))
    } else {
        Err(Refusal::error(400, complaints.join(", ")))
    }
}

/// Grape checks the values of an absent parameter only where it is required, which is why a
/// missing `runner_type` is complained of twice.
fn form_complaint(param: &Param, value: &Value) -> Option<String> {
    let absent = value.is_null();
    match param.kind {
        _ if absent && !param.required => None,
        Kind::OneOf(words) => {
            let known = value.as_str().is_some_and(|word| words.contains(&word));
            (!known).then(|| format!("{} does not have a valid value", param.name))
        }
        Kind::Like(fits) => {
            let fits = value.as_str().is_some_and(fits);
            (!fits).then(|| format!("{} is invalid", param.name))
        }
        Kind::NotZero => {
            (value.as_i64() == Some(0)).then(|| format!("{} has a value not allowed", param.name))
        }
        Kind::Text
        | Kind::Integer
        | Kind::Boolean
        | Kind::List
        | Kind::Hash
        | Kind::Date
        | Kind::Moment => None,
    }
}

/// What was sent counts, even where it could not be read.
fn rule_complaint(rule: Rule<'_>, given: &Params) -> Option<String> {
    let present = |names: &'_ [&str]| -> Vec<String> {
        names
            .iter()
            .filter(|name| given.contains_key(**name))
            .map(|name| (*name).to_owned())
            .collect()
    };
    match rule {
        Rule::AtLeastOne(names) => present(names).is_empty().then(|| {
            format!(
                "{} are missing, at least one parameter must be provided",
                names.join(", ")
            )
        }),
        Rule::Exclusive(names) => {
            let present = present(names);
            (present.len() > 1).then(|| format!("{} are mutually exclusive", present.join(", ")))
        }
    }
}

impl Declared {
    /// What was given, coerced, by name.
    pub(crate) fn values(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether a parameter was given, be it null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// What is left after `attributes_for_keys`: blank values are dropped, `false` is not
    /// (contract §1.4).
    pub(crate) fn without_blanks(mut self) -> Self {
        self.0.retain(|_, value| match value {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            Value::Bool(_) | Value::Number(_) => true,
        });
        self
    }

    /// A text; none when absent or null.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A number; none when absent or null.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// A number that is somebody's id; one that no row can have reads as 0.
    pub(crate) fn id(&self, name: &str) -> u64 {
        self.integer(name)
            .and_then(|id| u64::try_from(id).ok())
            .unwrap_or(0)
    }

    /// A boolean; none when absent or null.
    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    /// A list; none when absent. Null is the empty list.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<String>> {
        let items = self
            .0
            .get(name)?
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        Some(
            items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        )
    }

    /// A nested object.
    pub(crate) fn hash(&self, name: &str) -> Option<&Map<String, Value>> {
        self.0.get(name).and_then(Value::as_object)
    }
}
