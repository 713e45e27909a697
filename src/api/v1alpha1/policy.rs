//! What the operator may do on its own.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens in GitLab when the object is deleted.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// The runner is removed.
    #[default]
    Delete,
    /// The runner stays in GitLab and its token in the Secret.
    Orphan,
}

/// What happens when GitLab differs from what is declared.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriftPolicy {
    /// GitLab is changed back.
    #[default]
    Correct,
    /// No setting is written; the differences are listed in status.drift.
    Report,
}
