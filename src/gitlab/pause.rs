//! Being silent for as long as GitLab asked for.
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    StatusCode,
    header::{DATE, HeaderMap, RETRY_AFTER},
};
use tokio::time::Instant;

/// Some limiters do not say how long to wait (contract §1.9); a crowd of objects must not find
/// out by trying one after the other.
const UNSAID: Duration = Duration::from_secs(5);
/// Not even a limiter with a window of an hour keeps us from looking now and then: the limit may
/// have been raised, and a wrong clock must not silence us for a year.
const LONGEST: Duration = Duration::from_mins(5);
const SHORTEST: Duration = Duration::from_secs(1);

/// Until when nothing is sent with this credential.
#[derive(Debug, Default)]
pub(super) struct Pause(Mutex<Option<Instant>>);

impl Pause {
    /// How much of the silence is left.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until?
            .checked_duration_since(now)
            .filter(|left| !left.is_zero())
    }

    /// Takes in what a reply says about limits. Returns the wait that a refusal for them asks
    /// for, if it says.
    pub(super) fn learn(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        now: Instant,
    ) -> Option<Duration> {
        let asked = asked(headers).map(|wait| wait.clamp(SHORTEST, LONGEST));
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.hold(now + asked.unwrap_or(UNSAID));
        } else if let Some(wait) = asked
            && number(headers, "ratelimit-remaining") == Some(0)
        {
            self.hold(now + wait);
        }
        asked
    }

    /// Replies overtake each other, so an earlier end never replaces a later one.
    fn hold(&self, until: Instant) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some(held.map_or(until, |held| held.max(until)));
    }
}

/// How long a reply asks to wait (contract §1.9). Moments are judged by the reply's own `Date`,
/// so that a clock that differs from GitLab's does no harm.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    if let Some(seconds) = number(headers, RETRY_AFTER.as_str()) {
        return Some(Duration::from_secs(seconds));
    }
    let until = moment(headers, RETRY_AFTER.as_str()).or_else(|| {
        let seconds = i64::try_from(number(headers, "ratelimit-reset")?).ok()?;
        Timestamp::from_second(seconds).ok()
    })?;
    let wait = until.duration_since(moment(headers, DATE.as_str())?);
    // A moment that has passed asks for no wait at all, but it does answer the question.
    Some(Duration::try_from(wait).unwrap_or_default())
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

fn moment(headers: &HeaderMap, name: &str) -> Option<Timestamp> {
    let parsed = rfc2822::DateTimeParser::new().parse_timestamp(text(headers, name)?);
    parsed.ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    type Headers = &'static [(&'static str, &'static str)];

    const NOON: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn headers(pairs: Headers) -> HeaderMap {
        pairs
            .iter()
            .map(|(k, v)| (k.parse().unwrap(), HeaderValue::from_static(v)))
            .collect()
    }

    #[test]
    fn every_way_of_asking_is_understood() {
        let cases: [(Headers, Option<u64>); 9] = [
            (&[("retry-after", "7")], Some(7)),
            (
                &[
                    ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"),
                    ("date", NOON),
                ],
                Some(30),
            ),
            (
                &[
                    ("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT"),
                    ("date", NOON),
                ],
                Some(0),
            ),
            (&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")], None),
            (
                &[("ratelimit-reset", "784111797"), ("date", NOON)],
                Some(20),
            ),
            (&[("ratelimit-reset", "784111797")], None),
            (
                &[
                    ("retry-after", "7"),
                    ("ratelimit-reset", "784111797"),
                    ("date", NOON),
                ],
                Some(7),
            ),
            (&[("retry-after", "soon")], None),
            (
                &[("ratelimit-reset", "99999999999999999999"), ("date", NOON)],
                None,
            ),
        ];
        for (given, wait) in cases {
            assert_eq!(
                asked(&headers(given)),
                wait.map(Duration::from_secs),
                "{given:?}"
            );
        }
    }

    #[test]
    fn silence_lasts_as_long_as_asked_and_no_longer() {
        let (pause, now) = (Pause::default(), Instant::now());
        assert_eq!(pause.left(now), None);
        let told = pause.learn(
            StatusCode::TOO_MANY_REQUESTS,
            &headers(&[("retry-after", "30")]),
            now,
        );
        assert_eq!(told, Some(Duration::from_secs(30)));
        assert_eq!(pause.left(now), told);
        assert_eq!(
            pause.left(now + Duration::from_secs(29)),
            Some(Duration::from_secs(1))
        );
        assert_eq!(pause.left(now + Duration::from_secs(30)), None);
    }

    #[test]
    fn a_shorter_wait_does_not_end_a_longer_one() {
        let (pause, now) = (Pause::default(), Instant::now());
        for wait in ["30", "2"] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(wait))]);
            pause.learn(StatusCode::TOO_MANY_REQUESTS, &headers, now);
        }
        assert_eq!(pause.left(now), Some(Duration::from_secs(30)));
    }

    #[test]
    fn absurd_waits_are_bounded() {
        for (asked, kept) in [("0", SHORTEST), ("31536000", LONGEST)] {
            let (pause, now) = (Pause::default(), Instant::now());
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(asked))]);
            let told = pause.learn(StatusCode::TOO_MANY_REQUESTS, &headers, now);
            assert_eq!((told, pause.left(now)), (Some(kept), Some(kept)));
        }
    }

    #[test]
    fn a_refusal_without_a_time_still_silences() {
        let (pause, now) = (Pause::default(), Instant::now());
        assert_eq!(
            pause.learn(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), now),
            None
        );
        assert_eq!(pause.left(now), Some(UNSAID));
    }

    #[test]
    fn a_used_up_budget_silences_even_after_success() {
        let now = Instant::now();
        for (remaining, left) in [("0", Some(Duration::from_secs(20))), ("1", None)] {
            let pause = Pause::default();
            let mut headers = headers(&[("ratelimit-reset", "784111797"), ("date", NOON)]);
            headers.insert("ratelimit-remaining", HeaderValue::from_static(remaining));
            pause.learn(StatusCode::OK, &headers, now);
            assert_eq!(pause.left(now), left, "{remaining} remaining");
        }
    }
}
