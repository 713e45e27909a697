//! The arguments of a field, checked against what it takes.
use std::collections::BTreeMap;

use async_graphql_parser::Positioned;
use async_graphql_parser::types as ast;
use async_graphql_value::Value as Literal;
use serde_json::{Value, json};

use super::problem::Problem;
use super::schema::{Argument, Found, Kind};
use super::variables::{self, Variables};
use crate::state::Era;

/// Arguments by name, checked; null and omitted ones are left out.
pub(super) type Arguments = BTreeMap<&'static str, Value>;

/// Reads the arguments of one field; `path` is where it stands, for messages.
pub(super) fn read(
    node: &Positioned<ast::Field>,
    found: &Found,
    variables: &Variables,
    era: Era,
    path: &[Value],
    problems: &mut Vec<Problem>,
) -> Arguments {
    let mut out = Arguments::new();
    for (name, literal) in &node.node.arguments {
        let known = found
            .arguments
            .iter()
            .find(|a| a.name == name.node && a.since <= era);
        let Some(argument) = known else {
            problems.push(unknown(found, name, path));
            continue;
        };
        match value(argument, &literal.node, found, variables) {
            Ok(Value::Null) => {}
            Ok(value) => {
                out.insert(argument.name, value);
            }
            Err(problem) => problems.push(problem.at(node.pos).within(path)),
        }
    }
    let missing: Vec<&str> = found
        .arguments
        .iter()
        .filter(|argument| argument.is_required())
        .filter(|argument| {
            !node
                .node
                .arguments
                .iter()
                .any(|(name, _)| name.node == argument.name)
        })
        .map(|argument| argument.name)
        .collect();
    if !missing.is_empty() {
        let list = missing.join(", ");
        let text = format!(
            "Field '{}' is missing required arguments: {list}",
            found.name
        );
        let more = json!({ "className": "Field", "name": found.name, "arguments": list });
        let problem = Problem::new(text).at(node.pos).within(path);
        problems.push(problem.code("missingRequiredArguments", more));
    }
    out
}

impl Argument {
    fn is_required(&self) -> bool {
        self.declared.ends_with('!')
    }
}

fn unknown(found: &Found, name: &Positioned<async_graphql_value::Name>, path: &[Value]) -> Problem {
    let text = format!(
        "Field '{}' doesn't accept argument '{}'",
        found.name, name.node
    );
    let mut path = path.to_vec();
    path.push(json!(name.node));
    let more = json!({ "name": found.name, "typeName": "Field", "argumentName": name.node });
    Problem::new(text)
        .at(name.pos)
        .within(&path)
        .code("argumentNotAccepted", more)
}

fn value(
    argument: &Argument,
    literal: &Literal,
    found: &Found,
    variables: &Variables,
) -> Result<Value, Problem> {
    if let Literal::Variable(name) = literal {
        return from_variable(argument, name, variables);
    }
    let fit = if *literal == Literal::Null {
        (!argument.is_required()).then_some(Value::Null)
    } else {
        from_literal(argument.kind, literal)
    };
    fit.ok_or_else(|| {
        let text = format!(
            "Argument '{}' on Field '{}' has an invalid value ({literal}). Expected type '{}'.",
            argument.name, found.name, argument.declared
        );
        let more = json!({ "typeName": "Field", "argumentName": argument.name });
        Problem::new(text).code("argumentLiteralsIncompatible", more)
    })
}

fn from_variable(argument: &Argument, name: &str, variables: &Variables) -> Result<Value, Problem> {
    // That a variable is not declared is told once, with the operation.
    let Some(variable) = variables.get(name) else {
        return Ok(Value::Null);
    };
    let expected = ast::Type::new(argument.declared);
    if !expected.is_some_and(|expected| variables::fits(variable, &expected)) {
        let text = format!(
            "Type mismatch on variable ${name} and argument {} ({} / {})",
            argument.name, variable.declared, argument.declared
        );
        let more = json!({
            "variableName": name,
            "typeName": variable.declared.to_string(),
            "argumentName": argument.name,
            "errorMessage": "Type mismatch",
        });
        return Err(Problem::new(text).code("variableMismatch", more));
    }
    let value = variable.value.clone().unwrap_or_default();
    if value.is_null() {
        return Ok(Value::Null);
    }
    from_json(argument.kind, &value).ok_or_else(|| {
        let declared = &variable.declared;
        let text = format!("Variable ${name} of type {declared} was provided invalid value");
        let why = json!([{ "path": [], "explanation": format!("Could not coerce value {value} to {declared}") }]);
        Problem::new(text).bare(json!({ "value": value, "problems": why }))
    })
}

fn from_literal(kind: Kind, literal: &Literal) -> Option<Value> {
    match (kind, literal) {
        (Kind::Word(words), Literal::Enum(word)) => {
            words.contains(&word.as_str()).then(|| json!(word.as_str()))
        }
        (Kind::Words(words), Literal::List(items)) => items
            .iter()
            .map(|item| from_literal(Kind::Word(words), item))
            .collect(),
        (Kind::Words(words), one) => Some(json!([from_literal(Kind::Word(words), one)?])),
        (Kind::Texts, Literal::List(items)) => items
            .iter()
            .map(|item| from_literal(Kind::Text, item))
            .collect(),
        (Kind::Texts, one) => Some(json!([from_literal(Kind::Text, one)?])),
        (Kind::Text, Literal::String(text)) => Some(json!(text)),
        (Kind::Boolean, Literal::Boolean(truth)) => Some(json!(truth)),
        (Kind::Integer, Literal::Number(number)) => number.as_i64().map(|number| json!(number)),
        // A word in quotes, too, is no word of an enumeration.
        (Kind::Word(_) | Kind::Text | Kind::Boolean | Kind::Integer, _) => None,
    }
}

fn from_json(kind: Kind, value: &Value) -> Option<Value> {
    match (kind, value) {
        (Kind::Word(words), Value::String(word)) => {
            words.contains(&word.as_str()).then(|| value.clone())
        }
        (Kind::Words(words), Value::Array(items)) => items
            .iter()
            .map(|item| from_json(Kind::Word(words), item))
            .collect(),
        (Kind::Words(words), one) => Some(json!([from_json(Kind::Word(words), one)?])),
        (Kind::Texts, Value::Array(items)) => items
            .iter()
            .map(|item| from_json(Kind::Text, item))
            .collect(),
        (Kind::Texts, one) => Some(json!([from_json(Kind::Text, one)?])),
        (Kind::Text, Value::String(_)) | (Kind::Boolean, Value::Bool(_)) => Some(value.clone()),
        (Kind::Integer, Value::Number(number)) => number.as_i64().map(|number| json!(number)),
        (Kind::Word(_) | Kind::Text | Kind::Boolean | Kind::Integer, _) => None,
    }
}
