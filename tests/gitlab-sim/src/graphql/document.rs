//! The text of a request, parsed, with the operation that is meant and its variables.
use std::collections::HashMap;

use async_graphql_parser::types::{
    DocumentOperations, FragmentDefinition, OperationDefinition, OperationType,
};
use async_graphql_parser::{Positioned, parse_query};
use async_graphql_value::Name;
use serde_json::Value;

use super::problem::Problem;
use super::variables::{self, Variables};

/// What is to be done.
pub(super) struct Document {
    /// How the path of a static mistake begins: `query` or `query Name`.
    pub(super) title: String,
    pub(super) operation: OperationDefinition,
    /// The operations that stand beside it; they may use the fragments that it does not.
    pub(super) others: Vec<OperationDefinition>,
    pub(super) fragments: HashMap<Name, Positioned<FragmentDefinition>>,
    pub(super) variables: Variables,
}

/// Parses a query and picks the operation called `name`, or the only one.
pub(super) fn parse(
    text: &str,
    name: Option<&str>,
    variables: &Value,
) -> Result<Document, Vec<Problem>> {
    if text.trim().is_empty() {
        return Err(vec![Problem::new("No query string was present")]);
    }
    let parsed = parse_query(text).map_err(|error| {
        let problem = Problem::new(error.to_string());
        vec![match error.positions().next() {
            Some(position) => problem.at(position),
            None => problem,
        }]
    })?;
    let (found, operation, others) =
        pick(parsed.operations, name).map_err(|problem| vec![problem])?;
    let operation = operation.node;
    match operation.ty {
        OperationType::Query => {}
        OperationType::Mutation => {
            return Err(vec![Problem::new("Schema is not configured for mutations")]);
        }
        OperationType::Subscription => {
            return Err(vec![Problem::new(
                "Schema is not configured for subscriptions",
            )]);
        }
    }
    let title = found.map_or_else(|| "query".to_owned(), |name| format!("query {name}"));
    let variables = variables::read(&operation, &title, variables)?;
    Ok(Document {
        title,
        operation,
        others,
        fragments: parsed.fragments,
        variables,
    })
}

type Found = (
    Option<String>,
    Positioned<OperationDefinition>,
    Vec<OperationDefinition>,
);

fn pick(operations: DocumentOperations, name: Option<&str>) -> Result<Found, Problem> {
    let unknown = |name: &str| Problem::new(format!("No operation named \"{name}\""));
    let mut all = match (operations, name) {
        (DocumentOperations::Single(only), None) => return Ok((None, only, Vec::new())),
        (DocumentOperations::Single(_), Some(name)) => return Err(unknown(name)),
        (DocumentOperations::Multiple(all), _) => all,
    };
    let name = match (name, all.keys().next()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(only)) if all.len() == 1 => only.to_string(),
        (None, _) => return Err(Problem::new("An operation name is required")),
    };
    let meant = all.remove(name.as_str()).ok_or_else(|| unknown(&name))?;
    let others = all.into_values().map(|other| other.node).collect();
    Ok((Some(name), meant, others))
}
