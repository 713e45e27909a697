//! The line of the account that tells of a new token for the operator itself.
use kube::ResourceExt;

use crate::controller::Context;
use crate::controller::audit::{Ended, TARGET, ended};
use crate::controller::connection::Connection;
use crate::controller::error::chain;
use crate::gitlab;
use crate::gitlab::Change;
use crate::plan::ROTATE_CREDENTIAL;

/// Tells of a request for another token in the place of that of the connection.
pub(super) fn audit<K: Connection>(
    connection: &K,
    ctx: &Context,
    change: Option<Change>,
    failure: Option<&gitlab::Error>,
) {
    let message = if failure.is_none() {
        ctx.metrics.mutated(ROTATE_CREDENTIAL);
        "replaced the token of the connection"
    } else {
        "could not replace the token of the connection"
    };
    let Ended {
        outcome,
        request,
        status,
        request_id,
    } = ended(change, failure);
    tracing::info!(
        target: TARGET,
        kind = &*K::kind(&()),
        namespace = connection.namespace(),
        name = connection.name_any(),
        generation = connection.meta().generation,
        gitlab = connection.spec().url,
        step = ROTATE_CREDENTIAL,
        outcome,
        request,
        status,
        request_id,
        term = ctx.term.number(),
        failure = failure.map(|error| chain(error)),
        "{message}"
    );
}
