//! The one place that asks what time it is.
use std::cell::RefCell;

use jiff::Timestamp;

thread_local! {
    /// What tells the time on this thread in the system's place.
    static INSTEAD: RefCell<Option<Box<dyn Fn() -> Timestamp>>> = const { RefCell::new(None) };
}

/// The current time, in whole milliseconds: what Kubernetes and GitLab keep of it.
pub fn now() -> Timestamp {
    let told = INSTEAD.with_borrow(|instead| instead.as_ref().map(|tells| tells()));
    let now = told.unwrap_or_else(by_the_system);
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn by_the_system() -> Timestamp {
    Timestamp::now()
}

/// Has something else tell the time on this thread, for a run of all controllers on one thread whose time
/// does not pass by itself.
pub fn told_on_this_thread_by(tells: impl Fn() -> Timestamp + 'static) {
    INSTEAD.set(Some(Box::new(tells)));
}
