//! What a pass looks at in GitLab.
use std::fmt;

/// What is read from GitLab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The runner, by its number.
    Runner,
    /// The list that a runner is looked for in, or is to be in.
    Runners,
    /// What the scope's path leads to.
    ScopePath,
    /// What a further project's path leads to.
    ProjectPath,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Runner => "the runner",
            Self::Runners => "the list of runners",
            Self::ScopePath => "the scope's path",
            Self::ProjectPath => "a project",
        })
    }
}
