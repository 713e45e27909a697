//! What is known of a connection, asked of GitLab only when that is due.
use std::time::Duration;

use super::finding::{Finding, broken, conclude, is_requested};
use super::look::look;
use super::rotation::withheld;
use super::{RECHECK_BROKEN, RECHECK_HEALTHY, RECHECK_UNANSWERED};
use super::{observer::observer, view::Connection};
use crate::backoff;
use crate::connect;
use crate::connect::{Sources, Unread};
use crate::controller::caches::ConnectionKey;
use crate::controller::connection_check::{ConnectionCheck, Inputs};
use crate::controller::{Context, error::Error};
use crate::plan::{Fingerprint, Recheck, Trouble, is_for_good, recheck, refused_before};

pub(super) async fn check<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
) -> Result<Finding, Error> {
    let sources = Sources {
        kube: ctx.kube.clone(),
        namespace: connection.secrets_namespace(&ctx.options.operator_namespace),
        allow_http: ctx.options.allow_http,
    };
    // Any of them may say that the token must not be sent.
    ctx.connections_listed.wait().await;
    let endpoint = sources.endpoint(connection.spec()).await;
    let endpoint = match endpoint.map_err(unread)? {
        Ok(endpoint) => endpoint,
        Err(trouble) => return Ok(broken(ctx, key, None, trouble)),
    };
    // A runner's own token needs no credential of ours, only the way.
    ctx.connections.leads_to(key, &endpoint);
    let token = sources.token(connection.spec()).await;
    let inputs = match token.map_err(unread)? {
        Ok((token, place)) => Inputs {
            endpoint,
            token,
            place,
        },
        Err(trouble) => return Ok(broken(ctx, key, None, trouble)),
    };
    let allowed = connection.spec().requests_per_minute;
    let allowed = u32::try_from(allowed).unwrap_or(1);
    let budget = ctx.budgets.join(key, inputs.holder(), allowed);
    let last = ctx.connections.recall(key);
    ctx.connections.holds(key, &inputs);
    if let Some(finding) = withheld(connection, ctx, key, &inputs, last.as_ref()) {
        return Ok(finding);
    }
    if let Some(finding) = refused_already(connection, ctx, key, &inputs, last.as_ref()) {
        return Ok(finding);
    }
    let known = last.filter(|last| last.inputs == inputs);
    let due = |known: &_| is_requested(connection) || is_due(ctx, key, known);
    if let Some(known) = known.as_ref().filter(|known| !due(known)) {
        return Ok(conclude(ctx, key, known));
    }
    let origin = |error: &_| sources.origin(connection.spec(), error);
    let reused = known.as_ref().map(|known| known.client.clone());
    let made = || {
        let observe = observer(&ctx.metrics);
        let (endpoint, token) = (&inputs.endpoint, inputs.token.clone());
        let client = connect::client(&ctx.gitlab, endpoint, token, observe, budget, origin)?;
        let gate = ctx.gates.of(&inputs.fingerprint().digest);
        Ok(client.behind(gate).within(ctx.term.clone()))
    };
    let client = match reused.map_or_else(made, Ok) {
        Ok(client) => client,
        Err(trouble) => return Ok(broken(ctx, key, None, trouble)),
    };
    Ok(look(connection, ctx, key, inputs, client, known).await)
}

fn unread(Unread { doing, source }: Unread) -> Error {
    Error::kube(doing, *source)
}

/// What is to be said of a token that GitLab has refused for good, whatever else has changed: using a
/// revoked one again would revoke its successors (contract §1.10). What this process knows of it need
/// not be in status yet.
fn refused_already<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
    inputs: &Inputs,
    last: Option<&ConnectionCheck>,
) -> Option<Finding> {
    let sent = inputs.fingerprint();
    if let Some(last) = last.filter(|last| is_refused(last, &sent)) {
        return Some(conclude(ctx, key, last));
    }
    let tokens = &connection.status()?.refused_tokens;
    let trouble = refused_before(tokens, &sent, &inputs.place)?;
    Some(broken(ctx, key, None, trouble))
}

/// Whether GitLab has refused this very token for good.
fn is_refused(last: &ConnectionCheck, token: &Fingerprint) -> bool {
    last.trouble.as_ref().is_some_and(is_for_good) && last.inputs.fingerprint() == *token
}

/// Whether GitLab must be asked again about a connection that is made of the same as before.
fn is_due(ctx: &Context, key: &ConnectionKey, known: &ConnectionCheck) -> bool {
    let age = known.checked.elapsed();
    let old = known.is_old(ctx.options.resync);
    match &known.trouble {
        None => old || known.doubted || ctx.connections.is_suspect(key),
        Some(trouble) => match recheck(trouble) {
            Recheck::Soon => age >= backoff::after_outages(known.failed, &key.to_string()),
            Recheck::OnChange => old,
        },
    }
}

/// How soon to come back to a connection that is in trouble: when GitLab is to be asked again, and before
/// that when somebody may have mended what the connection names.
pub(super) fn again(ctx: &Context, key: &ConnectionKey, trouble: &Trouble) -> Duration {
    let last = ctx.connections.recall(key);
    let asked = last.filter(|last| last.trouble.as_ref() == Some(trouble));
    match asked {
        Some(last) if recheck(trouble) == Recheck::Soon => {
            let wait = backoff::after_outages(last.failed, &key.to_string());
            let left = wait.saturating_sub(last.checked.elapsed());
            left.clamp(RECHECK_UNANSWERED, RECHECK_HEALTHY)
        }
        Some(_) | None => RECHECK_BROKEN,
    }
}
