//! The variables of an operation: what was declared and what was sent.
use std::collections::BTreeMap;

use async_graphql_parser::types::{BaseType, OperationDefinition, Type};
use serde_json::{Value, json};

use super::problem::Problem;

/// One declared variable.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) declared: Type,
    pub(super) has_default: bool,
    /// None when neither sent nor given by default.
    pub(super) value: Option<Value>,
}

/// By name, without the dollar sign.
pub(super) type Variables = BTreeMap<String, Variable>;

/// Reads what was sent; what is not declared is ignored.
pub(super) fn read(
    operation: &OperationDefinition,
    sent: &Value,
) -> Result<Variables, Vec<Problem>> {
    // Some clients send the variables as a string of JSON.
    let parsed = sent
        .as_str()
        .map(|text| serde_json::from_str(text).unwrap_or_default());
    let sent = parsed.as_ref().unwrap_or(sent);
    let mut variables = Variables::new();
    let mut problems = Vec::new();
    for definition in &operation.variable_definitions {
        let declared = &definition.node.var_type.node;
        let name = definition.node.name.node.as_str();
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

/// Whether a variable of the one type may stand where the other is expected.
pub(super) fn fits(variable: &Variable, expected: &Type) -> bool {
    let declared = &variable.declared;
    (expected.nullable || !declared.nullable || variable.has_default)
        && bases_fit(&declared.base, &expected.base)
}

fn bases_fit(declared: &BaseType, expected: &BaseType) -> bool {
    match (declared, expected) {
        (BaseType::Named(declared), BaseType::Named(expected)) => declared == expected,
        (BaseType::List(declared), BaseType::List(expected)) => {
            (expected.nullable || !declared.nullable) && bases_fit(&declared.base, &expected.base)
        }
        (BaseType::Named(_), BaseType::List(_)) | (BaseType::List(_), BaseType::Named(_)) => false,
    }
}
