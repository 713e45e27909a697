//! Asks GitLab for a new token. From then on nobody sends the old one, unless GitLab surely says no.
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use tokio::time::timeout;
use tracing::Instrument;

use super::BRIEF;
use super::audit::audit;
use super::recorded::{is_put_off, recorded};
use super::store::keep;
use crate::clock;
use crate::controller::Context;
use crate::controller::caches::ConnectionKey;
use crate::controller::connection::Connection;
use crate::controller::connection_check::ConnectionCheck;
use crate::controller::error::chain;
use crate::controller::fresh_tokens::FreshToken;
use crate::gitlab;
use crate::gitlab::{Alone, Client, FreshCredential, Refusal, Trail};
use crate::plan::{Fingerprint, NotReplaced, patience};

/// Asks, and stores what comes. Nothing of it ends with the pass: a pass may be cut off, and the new token
/// would be lost. Tells whether GitLab was asked, and the connection is to be looked at anew.
pub(in super::super) async fn ask<K: Connection>(
    connection: &K,
    ctx: &Arc<Context>,
    key: &ConnectionKey,
    until: Option<Date>,
) -> bool {
    ctx.fresh_tokens.is_told(key);
    let (Some(held), Some(check)) = (ctx.connections.held(key), ctx.connections.recall(key)) else {
        return false;
    };
    if check.inputs.fingerprint() != held {
        return false;
    }
    let digest = held.digest.clone();
    let (connection, of_task, key) = (connection.clone(), ctx.clone(), key.clone());
    let task = async move {
        let ctx = of_task;
        if !replace(&connection, &ctx, &key, check, &held, until).await {
            return false;
        }
        if ctx.fresh_tokens.held(&key).is_none() {
            ctx.gates.has_asked(&held.digest);
        }
        for other in ctx.connections.holding(&held.digest) {
            ctx.requeue_connection(&other);
        }
        true
    };
    let asking = tokio::spawn(task.in_current_span());
    asking.await.unwrap_or_else(|error| {
        tracing::error!(why = %error, "asking for a new token was broken off");
        ctx.gates.has_asked(&digest);
        true
    })
}

/// First nobody else sends the token, then status says that GitLab is asked, then it is: of whoever is
/// stopped or ends before, the next process knows that nothing was asked. Whether GitLab was.
async fn replace<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
    check: ConnectionCheck,
    held: &Fingerprint,
    until: Option<Date>,
) -> bool {
    let Some(alone) = may_ask(connection, ctx, key, &check, held).await else {
        return false;
    };
    ctx.gates.asks(&held.digest);
    match asked(connection, ctx, &check.client, &alone, until).await {
        Ok(fresh) => {
            let fresh = fresh_token(connection, ctx, held, fresh);
            ctx.fresh_tokens.hold(key, fresh);
            // Who has waited hears that the old one is not sent.
            drop(alone);
            let _ = keep(ctx, key).await;
        }
        Err(error) => failed(ctx, key, held, &error),
    }
    true
}

/// Waits for the moment to ask, and records it. `None` where it does not come now.
async fn may_ask<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
    check: &ConnectionCheck,
    held: &Fingerprint,
) -> Option<Alone> {
    let alone = tokio::select! {
        biased;
        () = ctx.stop.cancelled() => return None,
        alone = alone(connection, ctx, check, held) => alone,
    };
    let alone = match alone {
        Ok(alone) => alone,
        Err(why) => {
            not_now(key, &why);
            let _ = is_put_off(connection, ctx).await;
            return None;
        }
    };
    // This goes on where its pass is cut off, and the next one is not to take what is recorded for lost.
    let begun = ctx.fresh_tokens.begins(&held.digest);
    let recorded = match recorded(connection, ctx, held, &begun).await {
        Ok(recorded) => recorded,
        Err(why) => {
            not_now(key, &why);
            return None;
        }
    };
    // Where that cannot be taken back, to ask is the better way out.
    if ctx.stop.is_cancelled() && is_put_off(&recorded, ctx).await {
        return None;
    }
    begun.asks();
    Some(alone)
}

/// It was not asked for.
fn not_now(key: &ConnectionKey, why: &str) {
    tracing::warn!(connection = %key, why, "the token is not replaced now");
}

/// Waits until nobody else sends the token, and looks once more whether GitLab answers. All the others are
/// kept waiting meanwhile, so that this is given up after a while.
async fn alone<K: Connection>(
    connection: &K,
    ctx: &Context,
    check: &ConnectionCheck,
    held: &Fingerprint,
) -> Result<Alone, String> {
    let gate = check.client.gate();
    let settles = super::settles(connection, ctx, &held.digest);
    let account = check.account.as_ref();
    let patience = account.map_or(settles, |account| patience(account, settles, clock::now()));
    let patience = Duration::try_from(patience).unwrap_or(BRIEF);
    let alone = timeout(patience, gate.alone()).await;
    let alone = alone.map_err(|_| format!("a request was not answered within {patience:?}"))?;
    // Who was alone before may have replaced it.
    if gate.is_shut() {
        return Err(chain(&gitlab::Error::Retired));
    }
    match timeout(BRIEF, check.client.is_accepted(&alone)).await {
        Ok(Ok(())) => Ok(alone),
        Ok(Err(error)) => Err(chain(&error)),
        Err(_) => Err(format!("GitLab has not answered within {BRIEF:?}")),
    }
}

async fn asked<K: Connection>(
    connection: &K,
    ctx: &Context,
    client: &Client,
    alone: &Alone,
    until: Option<Date>,
) -> Result<FreshCredential, gitlab::Error> {
    let trail = Trail::default();
    let client = client.leaving(&trail);
    let answer = client.rotate(alone, until).await;
    audit(connection, ctx, trail.take(), answer.as_ref().err());
    if until.is_some() && answer.as_ref().is_err_and(asks_too_much) {
        let answer = client.rotate(alone, None).await;
        audit(connection, ctx, trail.take(), answer.as_ref().err());
        return answer;
    }
    answer
}

/// That date may be later than this GitLab allows; without one it says itself how long a token lives.
fn asks_too_much(error: &gitlab::Error) -> bool {
    error.status() == Some(400) && error.refusal() == Some(&Refusal::Other)
}

/// After a certain no the token is sent again. Else nobody knows, or it has surely ended.
fn failed(ctx: &Context, key: &ConnectionKey, held: &Fingerprint, error: &gitlab::Error) {
    let why = chain(error);
    tracing::warn!(connection = %key, why, "the token was not replaced");
    if error.may_have_acted() || error.refusal() == Some(&Refusal::TokenRevoked) {
        return;
    }
    let answer = if matches!(error, gitlab::Error::Refused { .. }) {
        NotReplaced::Refused(why)
    } else {
        NotReplaced::Unasked
    };
    ctx.fresh_tokens.not_replaced(key, &held.digest, answer);
    ctx.gates.not_replaced(&held.digest);
}

fn fresh_token<K: Connection>(
    connection: &K,
    ctx: &Context,
    held: &Fingerprint,
    fresh: FreshCredential,
) -> FreshToken {
    let FreshCredential { token, expires_at } = fresh;
    let reference = &connection.spec().credentials_secret_ref;
    FreshToken {
        token,
        before: held.digest.clone(),
        namespace: connection.secrets_namespace(&ctx.options.operator_namespace),
        secret: reference.name.clone(),
        key: reference.key.clone(),
        ends: match expires_at {
            Some(date) => format!("which stops working on {date}"),
            None => "which has no end".to_owned(),
        },
        about: connection.object_ref(&()),
    }
}
