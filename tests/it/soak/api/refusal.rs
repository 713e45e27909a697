//! How the API server says no.
use serde_json::{Value, json};

use super::target::Target;

/// A refusal, by its code and reason.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    reason: &'static str,
    message: String,
}

impl Refusal {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code,
            reason,
            message,
        }
    }

    pub(crate) fn not_found(target: &Target, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", target.kind.qualified());
        Self::new(404, "NotFound", message)
    }

    pub(crate) fn exists(target: &Target, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", target.kind.qualified());
        Self::new(409, "AlreadyExists", message)
    }

    pub(crate) fn conflict(name: &str) -> Self {
        let message =
            format!("Operation cannot be fulfilled on \"{name}\": the object has been modified");
        Self::new(409, "Conflict", message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, "Invalid", message)
    }

    /// What a watch is told that asks for changes which nobody remembers any more.
    pub(crate) fn expired() -> Self {
        Self::new(410, "Expired", "too old resource version")
    }

    pub(crate) fn body(&self) -> Value {
        let Self {
            code,
            reason,
            message,
        } = self;
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code,
        })
    }
}
