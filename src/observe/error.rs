//! Why GitLab could not be looked at.
use std::fmt;

use crate::gitlab;

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
    /// Which projects are selected.
    Projects,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Runner => "the runner",
            Self::Runners => "the list of runners",
            Self::ScopePath => "the scope's path",
            Self::ProjectPath => "a project",
            Self::Projects => "the projects of spec.projectSelector",
        })
    }
}

/// A look that failed.
#[derive(Debug, thiserror::Error)]
#[error("could not read {subject} from GitLab")]
pub struct Error {
    /// What was looked at.
    pub subject: Subject,
    /// Why.
    pub source: gitlab::Error,
}

impl Subject {
    /// The error of a call that was to read this.
    pub fn failed(self, source: gitlab::Error) -> Error {
        Error {
            subject: self,
            source,
        }
    }
}

impl Error {
    /// Whether GitLab forbade to look at the runner.
    pub fn forbids_the_runner(&self) -> bool {
        let forbidden = matches!(self.source, gitlab::Error::Refused { status: 403, .. });
        self.subject == Subject::Runner && forbidden
    }
}
