//! Whether this process leads, by the name that client-go gives the metric.
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use super::Metrics;

/// Whether this process leads.
#[derive(Clone)]
pub(super) struct Leader(Family<Named, Gauge>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Named {
    name: String,
}

impl Leader {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let status = Family::default();
        registry.register(
            "leader_election_master_status",
            "Whether this process leads, by the name of the Lease; no series without leader election",
            status.clone(),
        );
        Self(status)
    }
}

impl Metrics {
    /// Tells whether this process leads by the Lease of that name.
    pub fn leads(&self, lease: &str, leads: bool) {
        let name = lease.to_owned();
        let status = self.0.leader.0.get_or_create_owned(&Named { name });
        status.set(leads.into());
    }
}
