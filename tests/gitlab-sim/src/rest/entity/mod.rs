//! What replies look like (contract §2).
mod access_token;
mod job;
mod namespace;
mod runner;
mod user;

use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use access_token::{access_token, granular_scopes};
pub(crate) use job::{SHA, job};
pub(crate) use namespace::{basic_project, group, project};
pub(crate) use runner::{DetailsView, details, list_item, manager, registration, token_result};
pub(crate) use user::{basic_user, user};

/// ISO 8601 in UTC with milliseconds (contract §2).
pub(crate) fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The same, or null.
pub(crate) fn iso_or_null(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| json!(iso(at)))
}
