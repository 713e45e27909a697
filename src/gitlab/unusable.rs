//! Replies that are of no use.
use serde_json::error::Category;

use super::error::Error;

/// More than any reply we ask for; what is longer comes from somewhere else.
pub(super) const LARGEST: usize = 4 * 1024 * 1024;

/// Why a reply is of no use although it may mean that GitLab acted. Carries nothing of the body
/// but GitLab's tidied words.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("the answer was status {status}: {message}")]
    Failed { status: u16, message: String },
    #[error("the answer is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("the answer broke off")]
    Cut(#[source] reqwest::Error),
    #[error("status {status} came where only 204 says that it was done")]
    NotDone { status: u16 },
    #[error("the answer to a write was status {status}, {redirection}")]
    Redirected { status: u16, redirection: String },
    #[error(
        "status {status} came with JSON that is not a {expected}: {} in line \
         {line}, column {column}",
        wrong(*category)
    )]
    Unreadable {
        status: u16,
        expected: &'static str,
        category: Category,
        line: usize,
        column: usize,
    },
}

fn wrong(category: Category) -> &'static str {
    match category {
        Category::Io => "an error of reading",
        Category::Syntax => "it is no JSON",
        Category::Data => "a field is missing or is something else",
        Category::Eof => "it breaks off",
    }
}

impl From<Unusable> for Error {
    fn from(unusable: Unusable) -> Self {
        Self::Lost(Box::new(unusable))
    }
}
