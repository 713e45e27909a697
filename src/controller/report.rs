//! What is done with every result: count it, and log it once.
use std::time::Duration;

use kube::{Resource, ResourceExt, runtime::controller::Action};

use super::{
    Context,
    error::{Error, Remedy, chain},
};
use crate::gitlab;
use crate::metrics::{Ended, Kind};
use crate::plan::Step;

/// Counts and logs a pass.
pub(super) fn ended<K: Resource>(
    ctx: &Context,
    kind: Kind,
    object: &K,
    uid: &str,
    result: &Result<Action, Error>,
    took: Duration,
) {
    let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
    let seconds = took.as_secs_f64();
    let result = match result {
        Ok(_) => {
            ctx.failures.clear(uid);
            Ended::success
        }
        Err(Error::StillThere(_) | Error::Stale) => Ended::requeue_after,
        Err(error) => {
            let failures = ctx.failures.count(uid);
            let why = chain(error);
            match error.remedy() {
                Remedy::LookAgain | Remedy::RetryAfter(_) => {
                    tracing::info!(?kind, namespace, name, why, "pass put off");
                }
                Remedy::Retry | Remedy::NeedsHuman => {
                    tracing::warn!(?kind, namespace, name, failures, why, "pass failed");
                }
            }
            Ended::error
        }
    };
    ctx.metrics.reconciled(kind, result, seconds);
    tracing::debug!(?kind, namespace, name, outcome = ?result, seconds, "pass ended");
}

/// Leaves one line for a change in GitLab, or for one that failed. Steps hold no tokens.
pub(super) fn audit(
    ctx: &Context,
    namespace: &str,
    name: &str,
    step: &'static str,
    detail: &Step,
    error: Option<&gitlab::Error>,
) {
    match error {
        None => {
            ctx.metrics.mutated(step);
            tracing::info!(
                namespace,
                name,
                step,
                ?detail,
                outcome = "done",
                "changed GitLab"
            );
        }
        Some(error) => {
            let why = chain(error);
            tracing::warn!(
                namespace,
                name,
                step,
                ?detail,
                outcome = "failed",
                why,
                "changed GitLab"
            );
        }
    }
}
