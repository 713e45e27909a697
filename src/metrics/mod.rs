//! What is counted: names, labels and help texts. Labels are enums or endpoints without numbers.
mod buckets;
mod exposition;
mod in_flight;
mod labels;
mod leader;
mod objects;
mod sweeps;

pub use exposition::Format;
pub use in_flight::InFlight;
pub use labels::{Ended, Kind};
pub use objects::Objects;
pub use sweeps::Swept;

use std::sync::{Arc, OnceLock};

use prometheus_client::{
    encoding::text::{encode_eof, encode_registry},
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor as _},
        gauge::Gauge,
        histogram::Histogram,
    },
    registry::{Metric, Registry, Unit},
};
use strum::VariantArray;

use buckets::Buckets;
use labels::{Controlled, EmittedEvent, InLane, Reconciled, Requested, Stepped, warned_of};
use leader::Leader;
use sweeps::Sweeps;

use crate::gitlab::{CallOutcome, Lane};
use crate::plan::{ROTATE_CREDENTIAL, Step};

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
    held_back: Family<InLane, Counter>,
    mutations: Family<Stepped, Counter>,
    warnings: Family<EmittedEvent, Counter>,
    sweeps: Sweeps,
    leader: Leader,
    objects: OnceLock<CountObjects>,
}

/// Counts the objects that there are.
type CountObjects = Box<dyn Fn(&Objects) + Send + Sync>;

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let leader = Leader::register(&mut registry);
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
        let held_back = family(
            own,
            "passes_held_back",
            "Passes and checks that were put off, since the credential could send nothing then, by lane",
        );
        let mutations = family(own, "gitlab_mutations", "Changes made in GitLab, by kind");
        let warnings = family(
            own,
            "warnings",
            "What people were warned of and runners left behind, by the reason of the event",
        );
        let sweeps = Sweeps::register(own);
        let metrics = Self(Arc::new(Inner {
            registry,
            reconciles,
            errors,
            reconcile_seconds,
            active,
            requests,
            request_seconds,
            held_back,
            mutations,
            warnings,
            sweeps,
            leader,
            objects: OnceLock::new(),
        }));
        metrics.start_at_zero();
        metrics
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
    /// Makes every series whose labels are known beforehand. `increase()` sees only how a series
    /// grows, so that of one that begins with 1 it would never see the first.
    fn start_at_zero(&self) {
        let Inner {
            reconciles,
            errors,
            reconcile_seconds,
            active,
            held_back,
            mutations,
            warnings,
            ..
        } = &*self.0;
        for &controller in Kind::VARIANTS {
            for &result in Ended::VARIANTS {
                drop(reconciles.get_or_create(&Reconciled { controller, result }));
            }
            let controlled = Controlled { controller };
            drop(errors.get_or_create(&controlled));
            drop(reconcile_seconds.get_or_create(&controlled));
            drop(active.get_or_create(&controlled));
        }
        for lane in Lane::PASSES {
            drop(held_back.get_or_create(&InLane { lane: lane.into() }));
        }
        for step in Step::IN_GITLAB.into_iter().chain([ROTATE_CREDENTIAL]) {
            drop(mutations.get_or_create(&Stepped { step }));
        }
        for reason in warned_of() {
            drop(warnings.get_or_create(&EmittedEvent { reason }));
        }
    }

    /// Has the objects counted by this at each scrape. The first that is given stays.
    pub fn count_objects_by(&self, count: impl Fn(&Objects) + Send + Sync + 'static) {
        let _ = self.0.objects.set(Box::new(count));
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

    /// Counts a request to GitLab. The first to an endpoint begins the series of all outcomes.
    pub fn requested(
        &self,
        method: &'static str,
        endpoint: &'static str,
        outcome: CallOutcome,
        seconds: f64,
    ) {
        for known in CallOutcome::VARIANTS {
            let requests = self.0.requests.get_or_create_owned(&Requested {
                method,
                endpoint,
                outcome: known.into(),
            });
            requests.inc_by(u64::from(*known == outcome));
        }
        self.0.request_seconds.observe(seconds);
    }

    /// Counts a pass or a check that may not ask now.
    pub fn held_back(&self, lane: Lane) {
        let lane = lane.into();
        self.0.held_back.get_or_create(&InLane { lane }).inc();
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

    /// Everything, in that format.
    pub fn render(&self, format: Format) -> String {
        let objects = Objects::default();
        if let Some(count) = self.0.objects.get() {
            count(&objects);
        }
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = encode_registry(&mut text, &self.0.registry)
            .and_then(|()| encode_registry(&mut text, objects.registry()))
            .and_then(|()| encode_eof(&mut text));
        match format {
            Format::OpenMetrics => text,
            Format::Text => exposition::text_of(&text),
        }
    }
}
