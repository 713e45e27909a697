//! What a scrape tells of the objects themselves.
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::api::conditions::{ConditionType, Truth};
use crate::gitlab::Reading;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCondition {
    kind: &'static str,
    condition: String,
    status: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRunner {
    namespace: String,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfConnection {
    kind: &'static str,
    namespace: String,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfLane {
    kind: &'static str,
    namespace: String,
    name: String,
    lane: &'static str,
}

/// What there is at the time of a scrape. It is made anew for each, so that an object that is gone
/// leaves no series.
pub struct Objects {
    registry: Registry,
    kinds: Family<OfKind, Gauge>,
    conditions: Family<OfCondition, Gauge>,
    token_ends: Family<OfRunner, Gauge>,
    credential_ends: Family<OfConnection, Gauge>,
    roster_age: Family<OfConnection, Gauge>,
    limits: Family<OfConnection, Gauge>,
    remaining: Family<OfConnection, Gauge>,
    waiting: Family<OfLane, Gauge>,
    in_flight: Family<OfConnection, Gauge>,
}

impl Default for Objects {
    fn default() -> Self {
        let mut registry = Registry::default();
        let own = registry.sub_registry_with_prefix("gitlab_registrar");
        let kinds = super::family(own, "objects", "Objects that are watched, by kind");
        let conditions = super::family(
            own,
            "object_status_condition",
            "Objects by the value of each condition; one that has no Ready yet counts as Unknown",
        );
        let token_ends = super::family(
            own,
            "runner_token_expiration_timestamp_seconds",
            "When GitLab stops accepting the runner's token, in Unix time; no series if never",
        );
        let credential_ends = super::family(
            own,
            "credential_expiration_timestamp_seconds",
            "When GitLab stops accepting the connection's credential, in Unix time; no series if never",
        );
        let roster_age = super::family(
            own,
            "roster_age_seconds",
            "How long ago the sweep began that the connection's runners are judged from; no series where none is in force",
        );
        let limits = super::family(
            own,
            "request_budget_limit",
            "Requests a minute that the connection's credential may send: the smallest requestsPerMinute of those that share it, or less where GitLab says so",
        );
        let remaining = super::family(
            own,
            "request_budget_remaining",
            "How many of them may be sent now",
        );
        let waiting = super::family(
            own,
            "request_budget_waiting",
            "Who waits for the budget of the connection's credential, by lane",
        );
        let in_flight = super::family(
            own,
            "connection_passes",
            "Passes over runners that are under way through the connection; no more than 32 may be",
        );
        Self {
            registry,
            kinds,
            conditions,
            token_ends,
            credential_ends,
            roster_age,
            limits,
            remaining,
            waiting,
            in_flight,
        }
    }
}

impl Objects {
    /// A kind that is watched, with the conditions that its objects may have, so that each is told
    /// as 0 where there are none.
    pub fn of_kind(&self, kind: &'static str, conditions: &[ConditionType]) {
        drop(self.kinds.get_or_create(&OfKind { kind }));
        for condition in conditions {
            for status in Truth::ALL {
                self.condition(kind, condition.name(), status.name());
            }
        }
    }

    fn condition(&self, kind: &'static str, condition: &str, status: &str) -> Gauge {
        let (condition, status) = (condition.to_owned(), status.to_owned());
        let of = OfCondition {
            kind,
            condition,
            status,
        };
        self.conditions.get_or_create_owned(&of)
    }

    /// Counts an object.
    pub fn count(&self, kind: &'static str) {
        self.kinds.get_or_create(&OfKind { kind }).inc();
    }

    /// Counts an object that has that condition.
    pub fn count_condition(&self, kind: &'static str, condition: &str, status: &str) {
        self.condition(kind, condition, status).inc();
    }

    /// The token of a runner ends then, in seconds of Unix time.
    pub fn token_ends(&self, namespace: &str, name: &str, at: i64) {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let runner = OfRunner { namespace, name };
        self.token_ends.get_or_create(&runner).set(at);
    }

    /// The credential of a connection ends then, in seconds of Unix time. A connection of the
    /// cluster has an empty namespace.
    pub fn credential_ends(&self, kind: &'static str, namespace: &str, name: &str, at: i64) {
        let connection = of_connection(kind, namespace, name);
        self.credential_ends.get_or_create(&connection).set(at);
    }

    /// The runners of a connection are judged from what is so many seconds old.
    pub fn roster_is(&self, kind: &'static str, namespace: &str, name: &str, age: i64) {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let connection = OfConnection {
            kind,
            namespace,
            name,
        };
        self.roster_age.get_or_create(&connection).set(age);
    }

    /// What a connection's budget says, and how many passes are under way through it.
    pub fn budget(
        &self,
        kind: &'static str,
        namespace: &str,
        name: &str,
        reading: &Reading,
        passes: usize,
    ) {
        let Reading {
            limit,
            remaining,
            waiting,
        } = reading;
        let of = of_connection(kind, namespace, name);
        self.limits.get_or_create(&of).set(i64::from(*limit));
        self.remaining.get_or_create(&of).set(i64::from(*remaining));
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.in_flight.get_or_create(&of).set(count(passes));
        for (lane, number) in waiting {
            let OfConnection {
                kind,
                namespace,
                name,
            } = of.clone();
            let waiting = self.waiting.get_or_create_owned(&OfLane {
                kind,
                namespace,
                name,
                lane: lane.into(),
            });
            waiting.set(count(*number));
        }
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }
}

fn of_connection(kind: &'static str, namespace: &str, name: &str) -> OfConnection {
    OfConnection {
        kind,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}
