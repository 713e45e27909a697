//! Asks GitLab for a new token. From then on nobody sends the old one, unless GitLab surely says no.
use std::sync::Arc;

use jiff::civil::Date;

use super::store::keep;
use crate::controller::Context;
use crate::controller::caches::ConnectionKey;
use crate::controller::connection::Connection;
use crate::controller::error::chain;
use crate::controller::fresh_tokens::FreshToken;
use crate::gitlab;
use crate::gitlab::{Alone, Client, FreshCredential, Refusal};
use crate::plan::{Fingerprint, NotReplaced};

/// Asks, and stores what comes. It is known from the connection's status as it is written that this is
/// done. Nothing of it ends with the pass: a pass may be cut off, and the new token would be lost.
pub(in super::super) async fn ask<K: Connection>(
    connection: &K,
    ctx: &Arc<Context>,
    key: &ConnectionKey,
    until: Option<Date>,
) {
    ctx.fresh_tokens.is_told(key);
    let (Some(held), Some(check)) = (ctx.connections.held(key), ctx.connections.recall(key)) else {
        return;
    };
    let recorded = super::record(connection);
    // A kind of an older release has no such field, and would have lost it.
    let is_ours = recorded.is_some_and(|record| {
        record.asked_at.is_some()
            && record.digest == held.digest
            && record.process == ctx.gates.process
    });
    if !is_ours || check.inputs.fingerprint() != held {
        ctx.fresh_tokens
            .not_replaced(key, &held.digest, NotReplaced::Unasked);
        return;
    }
    ctx.fresh_tokens.begins(&held.digest);
    let (connection, ctx, key) = (connection.clone(), ctx.clone(), key.clone());
    let asking = tokio::spawn(async move {
        replace(&connection, &ctx, &key, check.client, &held, until).await;
        if ctx.fresh_tokens.held(&key).is_none() {
            ctx.gates.has_asked(&held.digest);
        }
        for other in ctx.connections.holding(&held.digest) {
            ctx.requeue_connection(&other);
        }
    });
    if let Err(error) = asking.await {
        tracing::error!(why = %error, "asking for a new token was broken off");
    }
}

async fn replace<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
    client: Client,
    held: &Fingerprint,
    until: Option<Date>,
) {
    let alone = client.gate().alone().await;
    // Who was alone before may have replaced it.
    let accepted = if client.gate().is_shut() {
        Err(gitlab::Error::Retired)
    } else {
        client.is_accepted(&alone).await
    };
    if let Err(error) = accepted {
        put_off(ctx, key, held, &error);
        return;
    }
    ctx.gates.asks(&held.digest);
    match asked(&client, &alone, until).await {
        Ok(fresh) => {
            let fresh = fresh_token(connection, ctx, held, fresh);
            ctx.fresh_tokens.hold(key, fresh);
            // Who has waited hears that the old one is not sent.
            drop(alone);
            let _ = keep(connection, ctx, key).await;
        }
        Err(error) => failed(ctx, key, held, &error),
    }
}

async fn asked(
    client: &Client,
    alone: &Alone,
    until: Option<Date>,
) -> Result<FreshCredential, gitlab::Error> {
    let answer = client.rotate(alone, until).await;
    if until.is_some() && answer.as_ref().is_err_and(asks_too_much) {
        return client.rotate(alone, None).await;
    }
    answer
}

/// GitLab does not answer just now, or not as it should. It was not asked for a token yet.
fn put_off(ctx: &Context, key: &ConnectionKey, held: &Fingerprint, error: &gitlab::Error) {
    let why = chain(error);
    tracing::warn!(connection = %key, why, "the token is not replaced now");
    let answer = NotReplaced::Unasked;
    ctx.fresh_tokens.not_replaced(key, &held.digest, answer);
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
    }
}
