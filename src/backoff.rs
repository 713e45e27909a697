//! How long to wait, as pure functions: spread by the object's uid, so that no two replicas of a
//! test differ and no hundred objects come back at once.
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

const SHORTEST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_mins(5);

/// How long to wait after the n-th failure in a row of this object: 2 s, doubled each time up to
/// 5 min, spread by a tenth either way.
pub fn after_failures(failures: u32, uid: &str) -> Duration {
    let doubled = SHORTEST.saturating_mul(1 << failures.saturating_sub(1).min(16));
    spread(doubled.min(LONGEST), uid)
}

/// `period`, shortened or lengthened by up to a tenth, always the same for the same object.
pub fn spread(period: Duration, uid: &str) -> Duration {
    let mut hasher = DefaultHasher::new();
    uid.hash(&mut hasher);
    let tenths = u32::try_from(hasher.finish() % 2001).unwrap_or_default();
    period.mul_f64(0.9 + f64::from(tenths) / 10_000.0)
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
    }
}
