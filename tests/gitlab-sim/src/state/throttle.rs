//! Counting requests in fixed windows (contract §1.9).
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Secret, Throttle};

/// Requests counted so far, by whom (which may be a token) and in which window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows(BTreeMap<(&'static str, Secret), (i64, u64)>);

/// How one request stands in its window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The name of the throttle.
    pub(crate) name: &'static str,
    /// How many are let through.
    pub(crate) limit: u64,
    /// In how many seconds.
    pub(crate) period: i64,
    /// How many have come, this one included.
    pub(crate) observed: u64,
    /// When the window ends, in unix seconds.
    pub(crate) reset: i64,
    /// In how many seconds that is.
    pub(crate) wait: i64,
}

impl Window {
    /// Whether this request is one too many.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.observed > self.limit
    }
}

impl Windows {
    /// Counts one request of `whom` and says how it stands.
    pub(crate) fn count(
        &mut self,
        name: &'static str,
        whom: &str,
        throttle: Throttle,
        now: Timestamp,
    ) -> Window {
        let period = throttle.period.max(1);
        let second = now.as_second();
        let start = second - second.rem_euclid(period);
        let slot = (name, Secret::new(whom));
        let (began, observed) = self.0.entry(slot).or_insert((start, 0));
        if *began != start {
            (*began, *observed) = (start, 0);
        }
        *observed += 1;
        Window {
            name,
            limit: throttle.requests,
            period,
            observed: *observed,
            reset: start.saturating_add(period),
            wait: start.saturating_add(period).saturating_sub(second),
        }
    }
}
