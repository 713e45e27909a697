//! The passes that are under way.
use super::Metrics;
use super::labels::{Controlled, Kind};

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
