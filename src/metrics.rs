//! What is counted: names, labels and help texts. Labels are enums or endpoints without numbers.
use std::sync::Arc;

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, text::encode},
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::Histogram,
    },
    registry::{Metric, Registry, Unit},
};

/// The media type of [`Metrics::render`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How a pass over one object ended, in controller-runtime's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(
    non_camel_case_types,
    reason = "the variants are label values as they are written"
)]
pub enum Ended {
    /// All is as asked.
    success,
    /// Something is awaited.
    requeue_after,
    /// With an error.
    error,
}

/// Which controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(
    non_camel_case_types,
    reason = "the variants are label values as they are written"
)]
pub enum Kind {
    /// `GitLabRunner`.
    gitlabrunner,
    /// `GitLabConnection`.
    gitlabconnection,
    /// `ClusterGitLabConnection`.
    clustergitlabconnection,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reconciled {
    controller: Kind,
    result: Ended,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Controlled {
    controller: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Requested {
    method: &'static str,
    endpoint: &'static str,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stepped {
    step: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EmittedEvent {
    reason: &'static str,
}

#[derive(Clone)]
struct Buckets;

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new([
            0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
        ])
    }
}

/// Everything that is counted. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    reconciles: Family<Reconciled, Counter>,
    errors: Family<Controlled, Counter>,
    reconcile_seconds: Family<Controlled, Histogram, Buckets>,
    active: Family<Controlled, Gauge>,
    requests: Family<Requested, Counter>,
    request_seconds: Histogram,
    mutations: Family<Stepped, Counter>,
    warnings: Family<EmittedEvent, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let reconcile_seconds = Family::new_with_constructor(Buckets);
        let request_seconds = Buckets.new_metric();
        let runtime = registry.sub_registry_with_prefix("controller_runtime");
        let reconciles = family(
            runtime,
            "reconcile",
            "Passes over an object, by how they ended",
        );
        let errors = family(
            runtime,
            "reconcile_errors",
            "Passes that ended with an error",
        );
        runtime.register_with_unit(
            "reconcile_time",
            "How long a pass took",
            Unit::Seconds,
            reconcile_seconds.clone(),
        );
        let active = family(runtime, "active_workers", "Passes under way");
        let own = registry.sub_registry_with_prefix("gitlab_registrar");
        let requests = family(own, "gitlab_requests", "Requests sent to GitLab");
        own.register_with_unit(
            "gitlab_request_time",
            "How long GitLab took to answer",
            Unit::Seconds,
            request_seconds.clone(),
        );
        let mutations = family(own, "gitlab_mutations", "Changes made in GitLab, by kind");
        let warnings = family(
            own,
            "warnings",
            "What people were warned of and runners left behind, by the reason of the event",
        );
        Self(Arc::new(Inner {
            registry,
            reconciles,
            errors,
            reconcile_seconds,
            active,
            requests,
            request_seconds,
            mutations,
            warnings,
        }))
    }
}

/// A metric with labels, which is shown once it has a sample.
fn family<L, M>(registry: &mut Registry, name: &str, help: &str) -> Family<L, M>
where
    Family<L, M>: Metric + Clone + Default,
{
    let family = Family::default();
    registry.register(name, help, family.clone());
    family
}

impl Metrics {
    /// Counts a pass as under way until the result is dropped or finished.
    pub fn in_flight(&self, controller: Kind) -> InFlight {
        self.0
            .active
            .get_or_create(&Controlled { controller })
            .inc();
        InFlight {
            metrics: self.clone(),
            controller,
        }
    }

    /// Counts a finished pass.
    pub fn reconciled(&self, controller: Kind, result: Ended, seconds: f64) {
        self.0
            .reconciles
            .get_or_create(&Reconciled { controller, result })
            .inc();
        if result == Ended::error {
            self.0
                .errors
                .get_or_create(&Controlled { controller })
                .inc();
        }
        self.0
            .reconcile_seconds
            .get_or_create(&Controlled { controller })
            .observe(seconds);
    }

    /// Counts a request to GitLab.
    pub fn requested(&self, method: &'static str, endpoint: &'static str, outcome: String, s: f64) {
        self.0
            .requests
            .get_or_create(&Requested {
                method,
                endpoint,
                outcome,
            })
            .inc();
        self.0.request_seconds.observe(s);
    }

    /// Counts a change made in GitLab.
    pub fn mutated(&self, step: &'static str) {
        self.0.mutations.get_or_create(&Stepped { step }).inc();
    }

    /// Counts a warning.
    pub fn event_emitted(&self, reason: &'static str) {
        self.0
            .warnings
            .get_or_create(&EmittedEvent { reason })
            .inc();
    }

    /// Everything as `OpenMetrics` text.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }
}

/// A pass under way; counted as such until dropped, however it ends.
pub struct InFlight {
    metrics: Metrics,
    controller: Kind,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let controller = self.controller;
        self.metrics
            .0
            .active
            .get_or_create(&Controlled { controller })
            .dec();
    }
}
