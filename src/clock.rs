//! The one place that asks what time it is.
use jiff::Timestamp;

/// The current time, in whole milliseconds: what Kubernetes and GitLab keep of it.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
