//! What GitLab has said of its own limits.
use std::time::Duration;

use tokio::time::Instant;

use crate::gitlab::limits::Limits;

/// Some limiters do not say how long to wait (contract §1.9); a crowd of objects must not find
/// out by trying one after the other.
const UNSAID: Duration = Duration::from_secs(5);
/// Their windows are a minute long, most of them.
const LONGEST_UNSAID: Duration = Duration::from_mins(1);
/// For how long a limit that was named is believed: an answer names it again, or it has gone.
const BELIEVED: Duration = Duration::from_mins(2);
/// Ends of one and the same period, as two answers tell it, differ by no more than this.
const SAME: Duration = Duration::from_secs(2);

/// What was said last.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Until when nothing is to be sent.
    silence: Option<Instant>,
    /// How often in a row that was said, each time after the silence before had ended.
    refusals: u32,
    /// How many requests GitLab takes in a minute, and until when that is believed.
    limit: Option<(u32, Instant)>,
    /// How many it takes until then.
    left: Option<(u32, Instant)>,
}

impl Told {
    /// How much of the silence is left.
    pub(super) fn silence(&self, now: Instant) -> Option<Duration> {
        let left = self.silence?.checked_duration_since(now)?;
        Some(left).filter(|left| !left.is_zero())
    }

    /// Whether the last answer was that too much was sent, so that a single request is to find out
    /// whether that is over.
    pub(super) fn is_on_trial(&self) -> bool {
        self.refusals > 0
    }

    /// How many requests GitLab takes in a minute, if it says so.
    pub(super) fn limit(&self, now: Instant) -> Option<u32> {
        let (limit, until) = self.limit?;
        (now < until).then_some(limit)
    }

    /// How many it takes until then, if it says so.
    pub(super) fn left(&self, now: Instant) -> Option<(u32, Instant)> {
        self.left.filter(|(_, until)| now < *until)
    }

    /// One was sent.
    pub(super) fn count(&mut self) {
        if let Some((left, _)) = &mut self.left {
            *left = left.saturating_sub(1);
        }
    }

    /// Takes in what an answer says, while so many others are on their way. Answers overtake each
    /// other, so that an earlier end never replaces a later one.
    pub(super) fn learn(&mut self, limits: &Limits, others: u32, now: Instant) {
        let Limits {
            refused,
            wait,
            limit,
            remaining,
        } = *limits;
        if let Some(limit) = limit {
            self.limit = Some((limit.max(1), now + BELIEVED));
        }
        let silent = self.silence(now).is_some();
        if refused {
            self.refusals += u32::from(!silent);
            self.hold(now + wait.unwrap_or_else(|| unsaid(self.refusals)));
        } else if !silent {
            self.refusals = 0;
        }
        let (Some(remaining), Some(wait)) = (remaining, wait) else {
            return;
        };
        let until = now + wait;
        if remaining == 0 {
            self.hold(until);
        }
        self.left = match self.left(now) {
            Some((left, end)) if until < end + SAME => Some((left.min(remaining), end)),
            Some(_) | None => Some((remaining.saturating_sub(others), until)),
        };
    }

    fn hold(&mut self, until: Instant) {
        self.silence = Some(self.silence.map_or(until, |held| held.max(until)));
    }
}

/// How long to be silent when that was asked for the n-th time, and not for how long.
fn unsaid(refusals: u32) -> Duration {
    let doubled = UNSAID.saturating_mul(1 << refusals.saturating_sub(1).min(8));
    doubled.min(LONGEST_UNSAID)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Limits = Limits {
        refused: true,
        wait: None,
        limit: None,
        remaining: None,
    };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn refused(wait: u64) -> Limits {
        Limits {
            wait: Some(seconds(wait)),
            ..REFUSED
        }
    }

    fn used_up(limit: u32, remaining: u32, reset: u64) -> Limits {
        Limits {
            refused: false,
            wait: Some(seconds(reset)),
            limit: Some(limit),
            remaining: Some(remaining),
        }
    }

    #[test]
    fn silence_lasts_as_long_as_asked_and_no_longer() {
        let (mut told, now) = (Told::default(), Instant::now());
        assert_eq!(told.silence(now), None);
        told.learn(&refused(30), 0, now);
        for (after, left) in [(0, Some(30)), (29, Some(1)), (30, None), (31, None)] {
            let left = left.map(seconds);
            assert_eq!(told.silence(now + seconds(after)), left, "{after}");
        }
    }

    #[test]
    fn a_shorter_wait_does_not_end_a_longer_one() {
        let (mut told, now) = (Told::default(), Instant::now());
        told.learn(&refused(30), 0, now);
        told.learn(&refused(2), 0, now);
        assert_eq!(told.silence(now), Some(seconds(30)));
    }

    /// Thirty that were on their way are refused as one.
    #[test]
    fn a_refusal_without_a_time_silences_ever_longer() {
        let (mut told, mut now) = (Told::default(), Instant::now());
        for expected in [5, 10, 20, 40, 60, 60] {
            for _ in 0..30 {
                told.learn(&REFUSED, 0, now);
            }
            assert_eq!(told.silence(now), Some(seconds(expected)));
            now += seconds(expected);
            assert!(told.is_on_trial());
        }
        told.learn(&Limits::default(), 0, now);
        assert!(!told.is_on_trial());
        told.learn(&REFUSED, 0, now);
        assert_eq!(told.silence(now), Some(seconds(5)));
    }

    #[test]
    fn what_was_answered_before_the_refusal_ends_no_silence() {
        let (mut told, now) = (Told::default(), Instant::now());
        told.learn(&refused(30), 0, now);
        told.learn(&Limits::default(), 0, now + seconds(1));
        assert!(told.is_on_trial() && told.silence(now + seconds(1)).is_some());
    }

    #[test]
    fn a_budget_that_is_used_up_silences_even_after_success() {
        for (remaining, silence) in [(0, Some(seconds(20))), (1, None)] {
            let (mut told, now) = (Told::default(), Instant::now());
            told.learn(&used_up(600, remaining, 20), 0, now);
            assert_eq!(told.silence(now), silence, "{remaining} remaining");
        }
    }

    #[test]
    fn what_is_left_is_counted_down_and_believed_until_its_end() {
        let (mut told, now) = (Told::default(), Instant::now());
        let left = |told: &Told, after| told.left(now + seconds(after)).map(|(left, _)| left);
        told.learn(&used_up(100, 40, 20), 4, now);
        assert_eq!((told.limit(now), left(&told, 0)), (Some(100), Some(36)));
        told.count();
        // One that was overtaken, and one that counts what others have sent.
        told.learn(&used_up(100, 39, 20), 0, now);
        assert_eq!(left(&told, 19), Some(35));
        told.learn(&used_up(100, 9, 20), 0, now);
        assert_eq!((left(&told, 19), left(&told, 20)), (Some(9), None));
        told.learn(&used_up(100, 99, 60), 0, now + seconds(21));
        assert_eq!(left(&told, 21), Some(99));
        assert_eq!(told.limit(now + seconds(150)), None);
    }
}
