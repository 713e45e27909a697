//! What GitLab was asked to change, for whoever keeps an account of that.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ones are not GitLab's.
const LONGEST: usize = 64;

/// A request that was sent, and would change something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Such as `PUT`.
    pub method: &'static str,
    /// The endpoint without its numbers, such as `/runners/:id`.
    pub endpoint: &'static str,
    /// The HTTP status of the answer, if one came.
    pub status: Option<u16>,
    /// By what name GitLab's own logs know the request (`correlation_id` there), if the answer says so.
    pub request_id: Option<String>,
}

/// The last of them. Cheap to clone; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Trail(Arc<Mutex<Option<Change>>>);

impl Trail {
    /// Tells it once.
    pub fn take(&self) -> Option<Change> {
        self.last().take()
    }

    pub(super) fn begins(&self, method: &'static str, endpoint: &'static str) {
        *self.last() = Some(Change {
            method,
            endpoint,
            status: None,
            request_id: None,
        });
    }

    pub(super) fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        if let Some(change) = &mut *self.last() {
            change.status = Some(status.as_u16());
            change.request_id = request_id(headers);
        }
    }

    fn last(&self) -> MutexGuard<'_, Option<Change>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever stands between may write anything there.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fine = (1..=LONGEST).contains(&id.len()) && id.chars().all(fits);
    fine.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_name_of_a_request_is_taken_over_only_if_it_looks_like_one() {
        let long = "a".repeat(LONGEST + 1);
        for (header, id) in [
            ("01KB8A8ZVJ5G0V3S9Y7XQ6M2TD", true),
            ("0a1b-2c", true),
            ("", false),
            ("a b", false),
            ("\"}", false),
            (&*long, false),
        ] {
            let value = HeaderValue::from_str(header).unwrap();
            let told = request_id(&HeaderMap::from_iter([(REQUEST_ID, value)]));
            assert_eq!(told.as_deref(), id.then_some(header));
        }
        assert_eq!(request_id(&HeaderMap::new()), None);
    }
}
