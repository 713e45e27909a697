//! What is told of each request to whoever counts them.
use std::sync::Arc;

use strum::{IntoStaticStr, VariantArray};

use super::error::Error;
use super::reply::Answer;

/// One request that was sent, for whoever counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    /// The endpoint without its numbers, such as `/runners/:id`.
    pub endpoint: &'static str,
    /// Such as `GET`.
    pub method: &'static str,
    /// What came of it.
    pub outcome: CallOutcome,
    /// From sending to the last byte of the reply.
    pub seconds: f64,
}

/// What came of a request, as coarse as a label should be; the variants of [`Error`] and success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum CallOutcome {
    /// GitLab did as asked, or said that what the path names is not there.
    Ok,
    /// See [`Error::Refused`].
    Refused,
    /// See [`Error::Lost`].
    Lost,
    /// See [`Error::NotGitLab`].
    #[strum(serialize = "not_gitlab")]
    NotGitLab,
    /// See [`Error::ReadOnly`].
    ReadOnly,
    /// See [`Error::Unsent`].
    Unsent,
    /// See [`Error::Throttled`].
    Throttled,
}

/// Is told of every request that was tried. Requests that are held back, because GitLab asked for
/// silence or the budget is used up, are not among them.
pub type Observe = Arc<dyn Fn(Call) + Send + Sync>;

impl CallOutcome {
    pub(super) fn of(answer: &Result<Answer, Error>) -> Self {
        match answer {
            Ok(_) => Self::Ok,
            Err(Error::Refused { refusal, .. }) if refusal.is_absence() => Self::Ok,
            Err(Error::Refused { .. }) => Self::Refused,
            Err(Error::Lost(_)) => Self::Lost,
            Err(Error::NotGitLab { .. }) => Self::NotGitLab,
            Err(Error::ReadOnly { .. }) => Self::ReadOnly,
            Err(Error::Unsent(_) | Error::NotLeading) => Self::Unsent,
            Err(Error::Throttled { .. } | Error::HeldBack { .. } | Error::Retired) => {
                Self::Throttled
            }
        }
    }
}
