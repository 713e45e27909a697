//! What can be done to the world from behind GitLab's back.
use serde::Deserialize;

/// One thing to do, as JSON: `{"do": "dump"}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// The whole world, as JSON.
    Dump {},
}

/// Why a command was not carried out; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CommandError(pub String);
