//! How long to wait, as pure functions: spread by the object's uid, so that no two replicas of a
//! test differ and no hundred objects come back at once.
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

const SHORTEST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_mins(5);
const OUTAGE: Duration = Duration::from_secs(5);
const LONG_OUTAGE: Duration = Duration::from_mins(1);
const SELDOM: Duration = Duration::from_hours(1);

/// How long to wait after the n-th failure in a row of this object: 2 s, doubled each time up to
/// 5 min, spread by a tenth either way.
pub fn after_failures(failures: u32, uid: &str) -> Duration {
    let doubled = SHORTEST.saturating_mul(1 << failures.saturating_sub(1).min(16));
    spread(doubled.min(LONGEST), uid)
}

/// How long to wait after GitLab has refused the same for the n-th time: one resync, doubled each time
/// up to an hour.
pub fn after_refusals(times: u32, resync: Duration, uid: &str) -> Duration {
    let doubled = resync.saturating_mul(1 << times.saturating_sub(1).min(16));
    spread(doubled.min(SELDOM.max(resync)), uid)
}

/// A part of `period`, always the same for the same object, so that many come back one after the other.
pub fn within(period: Duration, uid: &str) -> Duration {
    spread(period, uid).saturating_sub(period.mul_f64(0.9)) * 5
}

/// How long to wait before a GitLab is asked again that has found no answer for the n-th time in a row:
/// 5 s, doubled each time up to a minute. A person who has mended something waits for it.
pub fn after_outages(times: u32, name: &str) -> Duration {
    let doubled = OUTAGE.saturating_mul(1 << times.saturating_sub(1).min(16));
    spread(doubled.min(LONG_OUTAGE), name)
}

/// `period`, shortened or lengthened by up to a tenth, always the same for the same object.
pub fn spread(period: Duration, uid: &str) -> Duration {
    spread_by(0.1, period, uid)
}

/// The same for what is told to be so often, which is not to be much more seldom: by up to three hundredths.
pub fn nearly(period: Duration, name: &str) -> Duration {
    spread_by(0.03, period, name)
}

fn spread_by(part: f64, period: Duration, name: &str) -> Duration {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let thousandths = u32::try_from(hasher.finish() % 2001).unwrap_or_default();
    period.mul_f64(1.0 - part + part * f64::from(thousandths) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_stay_within_a_tenth() {
        for (failures, seconds) in [
            (0, 2.0),
            (1, 2.0),
            (2, 4.0),
            (3, 8.0),
            (9, 300.0),
            (99, 300.0),
        ] {
            for uid in ["a", "b", "c"] {
                let waits = after_failures(failures, uid).as_secs_f64();
                assert!(
                    (0.9..=1.1).contains(&(waits / seconds)),
                    "{failures}: {waits}"
                );
            }
        }
        assert_ne!(spread(LONGEST, "a"), spread(LONGEST, "b"));
        let (mut least, mut most) = (f64::MAX, 0.0_f64);
        for name in 0..1000 {
            let part = nearly(LONGEST, &name.to_string()).div_duration_f64(LONGEST);
            (least, most) = (least.min(part), most.max(part));
        }
        assert!((0.97..0.971).contains(&least), "{least}");
        assert!((1.029..=1.03).contains(&most), "{most}");
    }

    #[test]
    fn a_gitlab_that_is_away_is_asked_once_a_minute_in_the_end() {
        for (times, seconds) in [
            (0, 5.0),
            (1, 5.0),
            (2, 10.0),
            (4, 40.0),
            (5, 60.0),
            (99, 60.0),
        ] {
            let wait = after_outages(times, "a").as_secs_f64();
            assert!((0.9..=1.1).contains(&(wait / seconds)), "{times}: {wait}");
        }
    }

    #[test]
    fn what_was_refused_is_asked_again_after_a_resync_and_ever_more_seldom() {
        let minutes = |times, resync| {
            let wait = after_refusals(times, Duration::from_mins(resync), "a");
            wait.as_secs_f64() / 60.0
        };
        for (times, resync, expected) in [
            (1, 10, 10.0),
            (2, 10, 20.0),
            (3, 10, 40.0),
            (4, 10, 60.0),
            (u32::MAX, 10, 60.0),
            (1, 120, 120.0),
            (9, 120, 120.0),
        ] {
            let wait = minutes(times, resync);
            assert!((0.9..=1.1).contains(&(wait / expected)), "{times}: {wait}");
        }
    }
}
