//! GraphQL reads (contract §5).
use bytes::Bytes;
use jiff::Timestamp;

use crate::GitLab;

/// Answers `POST /api/graphql`.
pub(crate) fn handle(
    _gitlab: &mut GitLab,
    _request: &http::Request<Bytes>,
    _now: Timestamp,
) -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = http::StatusCode::NOT_FOUND;
    response
}
