//! How often a roster may be swept: sweeps take no more than a tenth of what the credential may ask.
use std::time::Duration;

use jiff::SignedDuration;

use crate::observe::Connected;
use crate::plan::{By, Pace};

/// The part of a credential's requests that sweeps may take.
const SHARE: u32 = 10;

/// How long after the beginning of a sweep of so many requests the next may begin.
pub fn period(requests: u32, per_minute: u32, resync: Duration) -> Duration {
    let minute = Duration::from_mins(1);
    let least = minute.saturating_mul(requests.saturating_mul(SHARE)) / per_minute.max(1);
    resync.max(least)
}

/// How many more requests fit into such a period, one at least.
pub(super) fn left(requests: u32, per_minute: u32, period: Duration) -> usize {
    let share = f64::from(per_minute) / f64::from(SHARE) * period.as_secs_f64() / 60.0;
    let left = share - f64::from(requests);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is at least 1, and a conversion of floats saturates"
    )]
    let left = left.max(1.0) as usize;
    left
}

/// How runners are looked at where `partly` of them are not shown whole, and so many of those are read each
/// time.
pub(super) fn of(
    connected: &Connected,
    period: Duration,
    resync: Duration,
    partly: usize,
    each_time: usize,
) -> Pace {
    let by = if !connected.can.lists_all() {
        By::Number
    } else if connected.can.graphql && !connected.roster.has_unanswered() {
        By::GraphQl
    } else {
        By::Rest
    };
    let times = u32::try_from(partly.div_ceil(each_time.max(1))).unwrap_or(u32::MAX);
    Pace {
        by,
        every: told(period),
        resync: told(resync),
        details_within: (times > 0).then(|| told(period.saturating_mul(times))),
    }
}

/// A time as people are told of it, in halves of a minute and rounded up where it is longer than that, so
/// that one page more is no news.
pub(super) fn told(time: Duration) -> SignedDuration {
    let half = 30;
    let seconds = time.as_secs();
    let seconds = if seconds > half {
        seconds.div_ceil(half).saturating_mul(half)
    } else {
        seconds
    };
    SignedDuration::try_from(Duration::from_secs(seconds)).unwrap_or(SignedDuration::MAX)
}

/// For how long a sweep counts where those after it fail.
pub fn lasts(period: Duration) -> Duration {
    period.saturating_mul(3) + Duration::from_secs(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_take_a_tenth_at_most_and_are_no_more_frequent_than_asked() {
        let minute = Duration::from_mins(1);
        for (requests, per_minute, resync, seconds) in [
            (10, 600, 60, 60),
            (60, 600, 60, 60),
            (61, 600, 60, 61),
            (600, 600, 60, 600),
            (1, 100, 60, 60),
            (100, 100, 60, 600),
            (0, 0, 60, 60),
            (u32::MAX, 600, 300, 429_496_729),
        ] {
            let resync = Duration::from_secs(resync);
            let period = period(requests, per_minute, resync);
            assert_eq!(period.as_secs(), seconds, "{requests} of {per_minute}");
        }
        let told = [1, 30, 31, 60, 61].map(|seconds| told(Duration::from_secs(seconds)).as_secs());
        assert_eq!(told, [1, 30, 60, 60, 90]);
        assert_eq!(left(10, 600, minute), 50);
        assert_eq!(left(60, 600, minute), 1);
        assert_eq!(left(600, 600, minute), 1);
    }
}
