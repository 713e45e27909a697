//! The variables of an operation: what was declared and what was sent.
use std::collections::BTreeMap;

use async_graphql_parser::Pos;
use async_graphql_parser::types::{BaseType, OperationDefinition, Type};
use serde_json::{Value, json};

use super::problem::Problem;

/// One declared variable.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) declared: Type,
    /// Where it is declared.
    pub(super) position: Pos,
    pub(super) has_default: bool,
    /// None when neither sent nor given by default.
    pub(super) value: Option<Value>,
}

/// By name, without the dollar sign.
pub(super) type Variables = BTreeMap<String, Variable>;

/// What a request sends as variables: an object, with some clients as a string of JSON. Or why it
/// is no such thing.
pub(super) fn sent(given: &Value) -> Result<Value, String> {
    match given {
        Value::String(text) if text.trim().is_empty() => Ok(Value::Null),
        Value::String(text) => serde_json::from_str(text)
            .map_err(|error| error.to_string())
            .and_then(|parsed: Value| sent(&parsed)),
        Value::Null | Value::Object(_) => Ok(given.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(format!("Unexpected parameter: {given}"))
        }
    }
}

/// Reads what was sent; what is not declared is ignored.
pub(super) fn read(
    operation: &OperationDefinition,
    title: &str,
    sent: &Value,
) -> Result<Variables, Vec<Problem>> {
    let mut variables = Variables::new();
    let mut problems = Vec::new();
    for definition in &operation.variable_definitions {
        let declared = &definition.node.var_type.node;
        let name = definition.node.name.node.as_str();
        if !is_input(&declared.base) {
            let base = &declared.base;
            let text = format!("{base} isn't a defined input type (on ${name})");
            let more = json!({ "typeName": base.to_string(), "variableName": name });
            let problem = Problem::new(text)
                .at(definition.pos)
                .within(&[json!(title)]);
            problems.push(problem.code("variableRequiresValidType", more));
        }
        let default = definition.node.default_value.as_ref();
        let default = default.and_then(|value| value.node.clone().into_json().ok());
        let has_default = default.is_some();
        let value = sent.get(name).cloned().or(default);
        if !declared.nullable && value.as_ref().is_none_or(Value::is_null) {
            let text = format!("Variable ${name} of type {declared} was provided invalid value");
            let why = json!([{ "path": [], "explanation": "Expected value to not be null" }]);
            let extensions = json!({ "value": null, "problems": why });
            problems.push(Problem::new(text).at(definition.pos).bare(extensions));
        }
        let declared = declared.clone();
        variables.insert(
            name.to_owned(),
            Variable {
                declared,
                position: definition.pos,
                has_default,
                value,
            },
        );
    }
    if problems.is_empty() {
        Ok(variables)
    } else {
        Err(problems)
    }
}

const NULLABILITY: &str = "Nullability mismatch";

/// Why a variable may not stand where a type is expected, in the library's words.
pub(super) fn misfit(variable: &Variable, expected: &Type) -> Option<&'static str> {
    let declared = &variable.declared;
    if innermost(&declared.base) != innermost(&expected.base) {
        return Some("Type mismatch");
    }
    let may_be_null = declared.nullable && !variable.has_default;
    if may_be_null && !expected.nullable {
        return Some(NULLABILITY);
    }
    items_misfit(&declared.base, &expected.base)
}

fn innermost(base: &BaseType) -> &str {
    match base {
        BaseType::Named(name) => name,
        BaseType::List(items) => innermost(&items.base),
    }
}

fn items_misfit(declared: &BaseType, expected: &BaseType) -> Option<&'static str> {
    match (declared, expected) {
        (BaseType::Named(_), BaseType::Named(_)) => None,
        (BaseType::List(declared), BaseType::List(expected)) => {
            let may_be_null = declared.nullable && !expected.nullable;
            items_misfit(&declared.base, &expected.base).or(may_be_null.then_some(NULLABILITY))
        }
        (BaseType::Named(_), BaseType::List(_)) | (BaseType::List(_), BaseType::Named(_)) => {
            Some("List dimension mismatch")
        }
    }
}

/// Every input type that an argument of the schema has; no other can be declared.
const INPUTS: [&str; 13] = [
    "Boolean",
    "CiJobStatus",
    "CiRunnerID",
    "CiRunnerMembershipFilter",
    "CiRunnerSort",
    "CiRunnerStatus",
    "CiRunnerType",
    "CiRunnerUpgradeStatus",
    "Float",
    "ID",
    "Int",
    "String",
    "UserID",
];

fn is_input(base: &BaseType) -> bool {
    match base {
        BaseType::Named(name) => INPUTS.contains(&name.as_str()),
        BaseType::List(items) => is_input(&items.base),
    }
}
