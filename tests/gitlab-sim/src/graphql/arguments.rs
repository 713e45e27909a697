//! The arguments of a field, checked against what it takes.
use std::collections::BTreeMap;

use async_graphql_parser::types as ast;
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::{ConstValue, Name, Value as Literal};
use serde_json::{Value, json};

use super::problem::Problem;
use super::schema::{Argument, Found, Kind};
use super::variables::{self, Variables};
use crate::state::Version;

/// Arguments by name, checked; null and omitted ones are left out.
pub(super) type Arguments = BTreeMap<&'static str, Value>;

/// Reads the arguments of one field; `path` is where it stands, for messages.
pub(super) fn read(
    node: &Positioned<ast::Field>,
    found: &Found,
    variables: &Variables,
    version: Version,
    path: &[Value],
    problems: &mut Vec<Problem>,
) -> Arguments {
    let mut out = Arguments::new();
    for (name, literal) in &node.node.arguments {
        let known = found
            .arguments
            .iter()
            .find(|a| a.name == name.node && version >= a.since);
        let Some(argument) = known else {
            problems.push(unknown(found, name, path));
            continue;
        };
        let mut path = path.to_vec();
        path.push(json!(argument.name));
        let read = if let Literal::Variable(variable) = &literal.node {
            from_variable(argument, variable, variables, literal.pos, &path)
        } else {
            value(argument, &filled_in(&literal.node, variables), found)
                .map_err(|problem| problem.at(node.pos).within(&path))
        };
        match read {
            Ok(Value::Null) => {}
            Ok(value) => {
                out.insert(argument.name, value);
            }
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(missing(node, found, path));
    out
}

/// A name that is given twice, to a field or to a directive.
pub(super) fn repeated(
    arguments: &[(Positioned<Name>, Positioned<Literal>)],
    path: &[Value],
) -> Vec<Problem> {
    let mut places = BTreeMap::<&str, Vec<Pos>>::new();
    for (name, _) in arguments {
        places.entry(name.node.as_str()).or_default().push(name.pos);
    }
    let repeated = places.into_iter().filter(|(_, places)| places.len() > 1);
    repeated
        .map(|(name, places)| {
            Problem::new(format!("There can be only one argument named \"{name}\""))
                .at_all(places)
                .within(path)
                .code("argumentNotUnique", json!({ "name": name }))
        })
        .collect()
}

fn missing(node: &Positioned<ast::Field>, found: &Found, path: &[Value]) -> Option<Problem> {
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
    if missing.is_empty() {
        return None;
    }
    let list = missing.join(", ");
    let text = format!(
        "Field '{}' is missing required arguments: {list}",
        found.name
    );
    let more = json!({ "className": "Field", "name": found.name, "arguments": list });
    let problem = Problem::new(text).at(node.pos).within(path);
    Some(problem.code("missingRequiredArguments", more))
}

impl Argument {
    fn is_required(&self) -> bool {
        self.declared.ends_with('!')
    }
}

fn unknown(found: &Found, name: &Positioned<Name>, path: &[Value]) -> Problem {
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

fn value(argument: &Argument, literal: &Literal, found: &Found) -> Result<Value, Problem> {
    let code = "argumentLiteralsIncompatible";
    if let (Kind::Gid(model), Literal::String(text)) = (argument.kind, literal) {
        return read_gid(text, model)
            .map_err(|why| Problem::new(why).code(code, json!({ "typeName": "CoercionError" })));
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
        Problem::new(text).code(code, more)
    })
}

/// A literal with the variables in its lists replaced by what was sent for them.
fn filled_in(literal: &Literal, variables: &Variables) -> Literal {
    let sent = |name: Name| {
        let value = variables.get(name.as_str()).and_then(|v| v.value.clone());
        ConstValue::from_json(value.unwrap_or_default())
    };
    let filled = literal.clone().into_const_with(sent);
    filled.map_or_else(|_| literal.clone(), ConstValue::into_value)
}

fn from_variable(
    argument: &Argument,
    name: &str,
    variables: &Variables,
    at: Pos,
    path: &[Value],
) -> Result<Value, Problem> {
    // That a variable is not declared is told once, with the operation.
    let Some(variable) = variables.get(name) else {
        return Ok(Value::Null);
    };
    let declared = &variable.declared;
    let misfit = ast::Type::new(argument.declared)
        .and_then(|expected| variables::misfit(variable, &expected));
    if let Some(misfit) = misfit {
        let text = format!(
            "{misfit} on variable ${name} and argument {} ({declared} / {})",
            argument.name, argument.declared
        );
        let more = json!({
            "variableName": name,
            "typeName": declared.to_string(),
            "argumentName": argument.name,
            "errorMessage": misfit,
        });
        let problem = Problem::new(text).at(at).within(path);
        return Err(problem.code("variableMismatch", more));
    }
    let value = variable.value.clone().unwrap_or_default();
    if value.is_null() {
        return Ok(Value::Null);
    }
    sent(argument.kind, &value, declared).map_err(|why| {
        let text = format!("Variable ${name} of type {declared} was provided invalid value");
        let why = json!([{ "path": [], "explanation": why }]);
        Problem::new(text)
            .at(variable.position)
            .bare(json!({ "value": value, "problems": why }))
    })
}

/// A variable's value, or why it is not one.
fn sent(kind: Kind, value: &Value, declared: &ast::Type) -> Result<Value, String> {
    match (kind, value) {
        (Kind::Gid(model), Value::String(text)) => read_gid(text, model),
        (Kind::Word(words), _) => from_json(kind, value)
            .ok_or_else(|| format!("Expected {value} to be one of: {}", words.join(", "))),
        _ => from_json(kind, value)
            .ok_or_else(|| format!("Could not coerce value {value} to {}", declared.base)),
    }
}

/// The number in a global id of a model.
fn read_gid(text: &str, model: &str) -> Result<Value, String> {
    let invalid = || format!("\"{text}\" is not a valid Global ID");
    let rest = text.strip_prefix("gid://gitlab/").ok_or_else(invalid)?;
    let (own, id) = rest.split_once('/').ok_or_else(invalid)?;
    if own != model {
        return Err(format!(
            "\"{text}\" does not represent an instance of {model}"
        ));
    }
    id.parse().map(|id: u64| json!(id)).map_err(|_| invalid())
}

/// Whole numbers of 32 bits are all there are.
fn integer(number: &serde_json::Number) -> Option<Value> {
    let number = number.as_i64()?;
    i32::try_from(number).ok().map(|number| json!(number))
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
        (Kind::Integer, Literal::Number(number)) => integer(number),
        // A word in quotes, too, is no word of an enumeration.
        (Kind::Word(_) | Kind::Text | Kind::Gid(_) | Kind::Boolean | Kind::Integer, _) => None,
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
        (Kind::Integer, Value::Number(number)) => integer(number),
        (Kind::Word(_) | Kind::Text | Kind::Gid(_) | Kind::Boolean | Kind::Integer, _) => None,
    }
}
