//! What sweeps cost and bring.
use prometheus_client::{
    metrics::{counter::Counter, family::MetricConstructor, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::{Buckets, Metrics};

/// What is counted of sweeps.
#[derive(Clone)]
pub(super) struct Sweeps {
    seconds: Histogram,
    requests: Counter,
    failures: Counter,
    changed: Counter,
}

/// A sweep of all scopes of one credential.
#[derive(Clone, Copy, Debug)]
pub struct Swept {
    /// How long it took.
    pub seconds: f64,
    /// How many requests it took.
    pub requests: u32,
    /// How many scopes were not read to the end.
    pub failures: u64,
    /// How many runners it has shown to be new, changed or missing.
    pub changed: u64,
}

impl Sweeps {
    pub(super) fn register(own: &mut Registry) -> Self {
        let sweeps = Self {
            seconds: Buckets.new_metric(),
            requests: Counter::default(),
            failures: Counter::default(),
            changed: Counter::default(),
        };
        own.register_with_unit(
            "sweep_time",
            "How long it took to read the lists of runners of one credential",
            Unit::Seconds,
            sweeps.seconds.clone(),
        );
        own.register(
            "sweep_requests",
            "Pages of runners and other requests to GitLab that sweeps took",
            sweeps.requests.clone(),
        );
        own.register(
            "sweep_failures",
            "Lists of runners that could not be read to the end",
            sweeps.failures.clone(),
        );
        own.register(
            "sweep_changed_runners",
            "Runners that a sweep has shown to be new, changed or missing",
            sweeps.changed.clone(),
        );
        sweeps
    }
}

impl Metrics {
    /// Counts a sweep.
    pub fn swept(&self, swept: Swept) {
        let Swept {
            seconds,
            requests,
            failures,
            changed,
        } = swept;
        let sweeps = &self.0.sweeps;
        sweeps.seconds.observe(seconds);
        sweeps.requests.inc_by(requests.into());
        sweeps.failures.inc_by(failures);
        sweeps.changed.inc_by(changed);
    }
}
