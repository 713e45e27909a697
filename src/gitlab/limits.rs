//! What a reply says about how much may be sent.
use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    StatusCode,
    header::{DATE, HeaderMap, RETRY_AFTER},
};

/// Not even a limiter with a window of an hour keeps us from looking now and then: the limit may
/// have been raised, and a wrong clock must not silence us for a year.
const LONGEST: Duration = Duration::from_mins(5);
const SHORTEST: Duration = Duration::from_secs(1);

/// What a reply says (contract §1.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    /// Whether it refuses the request because too many were sent.
    pub(super) refused: bool,
    /// How long it asks to wait, or when a new period begins, if it says.
    pub(super) wait: Option<Duration>,
    /// How many requests it takes in a minute.
    pub(super) limit: Option<u32>,
    /// How many of them are left until the new period.
    pub(super) remaining: Option<u32>,
}

impl Limits {
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let count = |name| Some(u32::try_from(number(headers, name)?).unwrap_or(u32::MAX));
        Self {
            refused: status == StatusCode::TOO_MANY_REQUESTS,
            wait: asked(headers).map(|wait| wait.clamp(SHORTEST, LONGEST)),
            limit: count("ratelimit-limit"),
            remaining: count("ratelimit-remaining"),
        }
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

pub(super) fn moment(headers: &HeaderMap, name: &str) -> Option<Timestamp> {
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
    fn absurd_waits_are_bounded() {
        for (asked, kept) in [("0", SHORTEST), ("31536000", LONGEST)] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(asked))]);
            let limits = Limits::of(StatusCode::TOO_MANY_REQUESTS, &headers);
            assert_eq!(limits.wait, Some(kept));
        }
    }

    #[test]
    fn a_limit_is_told_with_any_answer() {
        let headers = headers(&[
            ("ratelimit-limit", "600"),
            ("ratelimit-remaining", "17"),
            ("ratelimit-reset", "784111797"),
            ("date", NOON),
        ]);
        for (status, refused) in [(200, false), (429, true)] {
            let told = Limits {
                refused,
                wait: Some(Duration::from_secs(20)),
                limit: Some(600),
                remaining: Some(17),
            };
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Limits::of(status, &headers), told);
        }
        let nothing = Limits::of(StatusCode::OK, &HeaderMap::new());
        assert_eq!(nothing, Limits::default());
    }
}
