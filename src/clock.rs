//! The one place that asks what time it is.
use std::cell::RefCell;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

thread_local! {
    /// What tells the time on this thread in the system's place.
    static INSTEAD: RefCell<Option<Box<dyn Fn() -> Timestamp>>> = const { RefCell::new(None) };
}

/// By how many milliseconds the clock that we go by is ahead of this machine's.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// By how many milliseconds clocks may differ without anybody caring.
const TOLERANCE: i64 = 1_000;

/// The current time, in whole milliseconds: what Kubernetes and GitLab keep of it.
pub fn now() -> Timestamp {
    let told = INSTEAD.with_borrow(|instead| instead.as_ref().map(|tells| tells()));
    if let Some(told) = told {
        return whole(told);
    }
    let ours = by_the_system().as_millisecond();
    let ahead = AHEAD.load(Ordering::Relaxed);
    Timestamp::from_millisecond(ours.saturating_add(ahead)).unwrap_or_else(|_| by_the_system())
}

fn whole(now: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Goes by the clock of a server that we asked at `asked` by this machine's clock, and that says to have
/// answered at `told`, in whole seconds. Processes on different machines write and compare times of the same
/// objects, so that all go by the clock that they share. Tells by how many milliseconds that one is ahead,
/// where it is news.
pub fn goes_by(told: Timestamp, asked: Timestamp) -> Option<i64> {
    let before = AHEAD.load(Ordering::Relaxed);
    let ahead = corrected(before, told, asked, by_the_system());
    AHEAD.store(ahead, Ordering::Relaxed);
    (ahead != before).then_some(ahead)
}

/// The server has answered at some time between the two of ours, and within the second after `told`. As long as
/// what we assume of its clock fits that, nothing is changed.
fn corrected(before: i64, told: Timestamp, asked: Timestamp, heard: Timestamp) -> i64 {
    let told = told.as_millisecond();
    let least = told.saturating_sub(heard.as_millisecond());
    let most = told
        .saturating_add(1_000)
        .saturating_sub(asked.as_millisecond());
    let fits = |ahead: i64| {
        least.saturating_sub(TOLERANCE) <= ahead && ahead <= most.saturating_add(TOLERANCE)
    };
    match before {
        before if fits(before) => before,
        _ if fits(0) => 0,
        before => before.max(least).min(most),
    }
}

/// What this machine's own clock says.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn by_the_system() -> Timestamp {
    Timestamp::now()
}

/// Has something else tell the time on this thread, for a run of all controllers on one thread whose time
/// does not pass by itself.
pub fn told_on_this_thread_by(tells: impl Fn() -> Timestamp + 'static) {
    INSTEAD.set(Some(Box::new(tells)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    #[test]
    fn a_clock_is_followed_where_it_must_differ_and_not_where_the_answer_was_late() {
        const HOUR: i64 = 3_600_000;
        for (before, told, asked, heard, ahead) in [
            // The second in which we asked and heard, and those beside it.
            (0, 10_000, 10_200, 10_250, 0),
            (0, 10_000, 11_900, 11_950, 0),
            (0, 12_000, 11_100, 11_150, 0),
            // Nobody knows when in half a minute it was.
            (0, 10_000, 9_000, 39_000, 0),
            (-HOUR, 10_000, 9_000, 39_000, 0),
            (0, HOUR, 10_000, 10_100, HOUR - 10_100),
            (0, 10_000, HOUR, HOUR + 50, 11_000 - HOUR),
            // It stays with what it has found, until that cannot be any more.
            (HOUR, HOUR + 10_000, 10_300, 10_350, HOUR),
            (HOUR, 10_000, 10_300, 10_350, 0),
            (HOUR, 2 * HOUR + 10_000, 10_300, 10_350, 2 * HOUR - 350),
        ] {
            let told = corrected(before, at(told), at(asked), at(heard));
            assert_eq!(told, ahead, "{before} {asked} {heard}");
        }
    }
}
