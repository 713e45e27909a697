//! What is done with every result: count it, and log it once.
use std::time::Duration;

use kube::{Resource, ResourceExt, runtime::controller::Action};

use super::record::Record;
use super::{
    Context,
    error::{Error, chain},
};
use crate::metrics::{Ended, Kind};

/// Counts and logs a pass.
#[expect(
    clippy::cognitive_complexity,
    reason = "the macros that log count as branches"
)]
pub(super) fn ended<K: Resource>(
    ctx: &Context,
    kind: Kind,
    object: &K,
    record: &Record,
    result: &Result<Action, Error>,
    took: Duration,
) {
    let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
    let outcome = match result {
        Ok(_) => {
            record.failures.clear();
            Ended::success
        }
        Err(Error::StillThere(_) | Error::Stale | Error::Stopping | Error::TermEnds) => {
            Ended::requeue_after
        }
        Err(error) => {
            let failures = record.failures.count();
            let why = chain(error);
            tracing::warn!(?kind, namespace, name, failures, why, "pass failed");
            Ended::error
        }
    };
    let seconds = took.as_secs_f64();
    ctx.metrics.reconciled(kind, outcome, seconds);
    tracing::debug!(?kind, namespace, name, ?outcome, seconds, "pass ended");
}
