//! What is wrong with a query, in the words of GitLab's GraphQL library.
use async_graphql_parser::Pos;
use serde_json::{Value, json};

/// One entry of `errors`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    message: String,
    positions: Vec<Pos>,
    path: Vec<Value>,
    extensions: Option<Value>,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            positions: Vec::new(),
            path: Vec::new(),
            extensions: None,
        }
    }

    pub(super) fn at(self, position: Pos) -> Self {
        Self {
            positions: vec![position],
            ..self
        }
    }

    /// At several places at once.
    pub(super) fn at_all(self, positions: Vec<Pos>) -> Self {
        Self { positions, ..self }
    }

    pub(super) fn within(self, path: &[Value]) -> Self {
        Self {
            path: path.to_vec(),
            ..self
        }
    }

    /// The machine-readable part that comes with static mistakes.
    pub(super) fn code(self, code: &str, more: Value) -> Self {
        let mut extensions = json!({ "code": code });
        if let (Value::Object(own), Value::Object(more)) = (&mut extensions, more) {
            own.extend(more);
        }
        Self {
            extensions: Some(extensions),
            ..self
        }
    }

    /// Extensions without a code.
    pub(super) fn bare(self, extensions: Value) -> Self {
        Self {
            extensions: Some(extensions),
            ..self
        }
    }

    pub(super) fn json(&self) -> Value {
        let Self {
            message,
            positions,
            path,
            extensions,
        } = self;
        let mut shown = serde_json::Map::from_iter([("message".to_owned(), json!(message))]);
        if !positions.is_empty() {
            let places = positions.iter();
            let places = places
                .map(|Pos { line, column }| json!({ "line": line, "column": column }))
                .collect();
            shown.insert("locations".to_owned(), Value::Array(places));
        }
        if !path.is_empty() {
            shown.insert("path".to_owned(), json!(path));
        }
        if let Some(extensions) = extensions {
            shown.insert("extensions".to_owned(), extensions.clone());
        }
        Value::Object(shown)
    }
}
