//! GitLab's numbers; one type each, so that a group never stands in for a project.
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// Of a person or of the bot behind a project or group access token.
    UserId,
    /// Of a group or subgroup.
    GroupId,
    /// Of a project.
    ProjectId,
    /// Of a personal, project or group access token.
    TokenId,
    /// Of a runner.
    RunnerId,
    /// Of a runner manager.
    ManagerId,
    /// Of a job.
    JobId,
    /// Of an organisation; runners cannot be shared across them.
    OrganizationId,
}
