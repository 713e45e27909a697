//! What a scrape tells of the objects themselves.
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::api::conditions::{ConditionType, Truth};

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

/// What there is at the time of a scrape. It is made anew for each, so that an object that is gone
/// leaves no series.
pub struct Objects {
    registry: Registry,
    kinds: Family<OfKind, Gauge>,
    conditions: Family<OfCondition, Gauge>,
    token_ends: Family<OfRunner, Gauge>,
    credential_ends: Family<OfConnection, Gauge>,
    roster_age: Family<OfConnection, Gauge>,
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
        Self {
            registry,
            kinds,
            conditions,
            token_ends,
            credential_ends,
            roster_age,
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
        let connection = OfConnection {
            kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
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

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }
}
