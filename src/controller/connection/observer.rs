//! Counts what is asked of GitLab.
use std::sync::Arc;

use crate::gitlab::{Call, Observe};
use crate::metrics::Metrics;

/// Counts every request that a client sends.
pub(in crate::controller) fn observer(metrics: &Metrics) -> Observe {
    let metrics = metrics.clone();
    Arc::new(
        move |Call {
                  endpoint,
                  method,
                  outcome,
                  seconds,
              }| {
            metrics.requested(method, endpoint, outcome, seconds);
        },
    )
}
