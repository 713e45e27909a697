//! One connection of either kind: read what it names, ask GitLab about it, and tell its runners.
mod announce;
mod check;
mod finding;
mod look;
mod observer;
mod rotation;
mod view;
mod watch;

pub(super) use observer::observer;
pub use rotation::keep_new_tokens;
pub use view::Connection;
pub use watch::run;

use std::{sync::Arc, time::Duration};

use kube::{Resource, ResourceExt, runtime::controller::Action};
use tokio::time::Instant;

use super::{
    Context,
    caches::ConnectionKey,
    error::{Error, Remedy, chain, is_api_status},
    guards::{ENDING, Guarded, bounded},
    malformed, on_request, report,
};
use crate::api::ACKNOWLEDGE_LOSS;
use crate::api::conditions::{ConditionType, Reason, find};
use crate::api::v1alpha1::ConnectionStatus;
use crate::backoff;
use crate::clock;
use crate::plan::{
    CredentialStep, Trouble, connection_status, is_tolerable, remembered, with_degraded, with_pace,
};
use announce::announce;
use check::{again, check};
use finding::{Finding, broken};

/// How soon a broken connection is looked at again that GitLab need not be asked about. A person who has
/// just mended something waits for it.
const RECHECK_BROKEN: Duration = Duration::from_secs(5);
/// How soon a connection is looked at again of which a look has come to nothing.
const RECHECK_UNANSWERED: Duration = Duration::from_secs(2);
/// How often the credential's Secret is read while all is well: nothing tells of its changes, since
/// credential Secrets are read by name and not watched. Soon enough that a token which somebody has
/// rotated is hardly ever used again: that would revoke its successor (contract §1.10).
const RECHECK_HEALTHY: Duration = Duration::from_secs(10);

/// What the controller runs for each object.
async fn reconcile<K: Connection>(
    object: Arc<Guarded<K>>,
    ctx: Arc<Context>,
) -> Result<Action, Error> {
    let started = Instant::now();
    let _under_way = ctx.metrics.in_flight(K::KIND);
    let whole = ctx.options.longest_pass + ENDING;
    let record = ctx
        .records
        .of(object.meta().uid.as_deref().unwrap_or_default());
    let result = bounded(whole, attempt(&object, &ctx)).await;
    report::ended(&ctx, K::KIND, &*object, &record, &result, started.elapsed());
    result
}

/// When to look again after an error, which is never GitLab's here.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that kube's error policy has"
)]
fn on_error<K: Connection>(object: Arc<Guarded<K>>, error: &Error, ctx: Arc<Context>) -> Action {
    let uid = object.meta().uid.as_deref().unwrap_or_default();
    match error.remedy() {
        Remedy::LookAgain => Action::requeue(Duration::from_millis(200)),
        Remedy::NeedsHuman => Action::await_change(),
        Remedy::Retry | Remedy::RetryAfter(_) => Action::requeue(
            backoff::after_failures(ctx.records.failures(uid), uid).min(RECHECK_BROKEN),
        ),
    }
}

async fn attempt<K: Connection>(object: &Guarded<K>, ctx: &Arc<Context>) -> Result<Action, Error> {
    let key = K::key(object.namespace(), object.name_any());
    let connection = match &object.0 {
        Ok(connection) => connection,
        Err(invalid) => {
            report_malformed(object, ctx, &key, &invalid.error).await?;
            return Err(Error::Malformed(invalid.error.clone()));
        }
    };
    let before = connection.status().cloned().unwrap_or_default();
    let connection = begin(connection, ctx).await?;
    let generation = connection.meta().generation;
    let checked = checked(&connection, ctx, &key).await;
    let finding = match &checked {
        Ok(finding) => finding.clone(),
        Err(error) => {
            let uid = connection.uid().unwrap_or_default();
            match unread(error, ctx.records.failures(&uid)) {
                Some(trouble) => broken(ctx, &key, None, trouble),
                None => return checked.map(|_| Action::await_change()),
            }
        }
    };
    // A change of spec may be one of whom it allows, and of nothing else. Its runners are told
    // before its status is: who has waited for that to make one would see it woken twice.
    if finding.news || before.observed_generation != generation {
        ctx.requeue_runners(&key);
    }
    let step = rotation::step(&connection, ctx, &key, finding.account.as_ref()).await;
    let status = next_status(&connection, ctx, &key, &finding);
    let status = rotation::told(&connection, ctx, &key, status, step.as_ref());
    let previous = connection.status().cloned().unwrap_or_default();
    let written = if previous == status {
        connection
    } else {
        announce(&connection, ctx, &previous, &status).await;
        view::write_status(connection, ctx, status).await?
    };
    // The first error is the one to report.
    checked?;
    if let Some(CredentialStep::Ask(until)) = step {
        let asked = rotation::ask(&written, ctx, &key, until).await;
        let wait = if asked {
            Duration::ZERO
        } else {
            RECHECK_UNANSWERED
        };
        return Ok(Action::requeue(wait));
    }
    let wait = wait(ctx, &key, &finding);
    Ok(Action::requeue(rotation::sooner(wait, step.as_ref())))
}

/// How soon to come back.
fn wait(ctx: &Context, key: &ConnectionKey, finding: &Finding) -> Duration {
    match &finding.trouble {
        Some(trouble) => again(ctx, key, trouble),
        None if finding.missed => RECHECK_UNANSWERED,
        None => RECHECK_HEALTHY,
    }
}

/// What is known of a connection. A new token that is not stored yet comes before all else.
async fn checked<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
) -> Result<Finding, Error> {
    if let Some(trouble) = rotation::keep(ctx, key).await {
        return Ok(broken(ctx, key, None, trouble));
    }
    bounded(ctx.options.longest_pass, check(connection, ctx, key)).await
}

/// The status that follows from a look, but for what is to be said of the replacement of its token.
fn next_status<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
    finding: &Finding,
) -> ConnectionStatus {
    let Finding {
        account,
        trouble,
        news: _,
        missed: _,
        refused,
    } = finding;
    let (account, trouble) = (account.as_ref(), trouble.as_ref());
    let previous = connection.status().cloned().unwrap_or_default();
    let generation = connection.meta().generation;
    let status = connection_status(&previous, generation, account, trouble, clock::now());
    let mut status = with_runners(connection, ctx, key, status);
    let requested = on_request::requested(connection);
    status.last_handled_reconcile_at = requested.or(status.last_handled_reconcile_at);
    if let Some((token, trouble)) = refused.as_ref().zip(trouble) {
        let (list, now) = (&previous.refused_tokens, clock::now());
        status.refused_tokens = remembered(list, token, trouble.reason, now);
    }
    status
}

/// Says so in the status of an object that does not have the shape of its kind, and to its runners.
async fn report_malformed<K: Connection>(
    object: &Guarded<K>,
    ctx: &Context,
    key: &ConnectionKey,
    why: &str,
) -> Result<(), Error> {
    let message = format!("{key} does not have the shape of its kind: {why}");
    let trouble = Trouble::new(Reason::InvalidConnection, message);
    if ctx.connections.broken(key, trouble.clone(), false) {
        ctx.requeue_runners(key);
    }
    let generation = object.meta().generation;
    let next = |before: &ConnectionStatus, _: &_| {
        connection_status(before, generation, None, Some(&trouble), clock::now())
    };
    malformed::write_status::<K, _>(ctx, object, next).await
}

/// Whoever waits for a new connection must not take one without conditions for one that is well.
async fn begin<K: Connection>(connection: &K, ctx: &Context) -> Result<K, Error> {
    let before = connection.status().cloned().unwrap_or_default();
    if find(&before.conditions, ConditionType::Ready).is_some() {
        return Ok(connection.clone());
    }
    let pending = Trouble::new(Reason::Pending, "the operator has seen the object");
    let generation = connection.meta().generation;
    let status = connection_status(&before, generation, None, Some(&pending), clock::now());
    view::write_status(connection.clone(), ctx, status).await
}

/// The status with what is to be said of the connection's runners. They go on when somebody has
/// acknowledged what is lost.
fn with_runners<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
    status: ConnectionStatus,
) -> ConnectionStatus {
    let acknowledged = connection.annotations().get(ACKNOWLEDGE_LOSS);
    let (degraded, goes_on) = ctx.breaker.told(key, acknowledged.map(String::as_str));
    if goes_on {
        ctx.requeue_runners(key);
    }
    let previous = connection.status().cloned().unwrap_or_default();
    let status = with_degraded(status, &previous, degraded, clock::now());
    with_pace(status, ctx.connections.pace(key))
}

/// What to say of a connection of which something could not be read from the API server: at once if
/// that was refused or the look did not come to its end, else when it has failed before.
fn unread(error: &Error, failed_before: u32) -> Option<Trouble> {
    if matches!(error, Error::TimedOut(_) | Error::Panicked) {
        return Some(Trouble::new(Reason::BrokenOff, chain(error)));
    }
    let Error::Kube { source, .. } = error else {
        return None;
    };
    let trouble = Trouble::new(Reason::KubernetesError, chain(error));
    (is_api_status(source, 403) || !is_tolerable(&trouble, failed_before)).then_some(trouble)
}
