//! Stores a new token: it is shown once, and the one before has ended.
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::runtime::events::EventType;
use secrecy::ExposeSecret;
use tokio::time::sleep;

use super::unstored;
use crate::api::conditions::Reason;
use crate::api::events::EventReason;
use crate::controller::Context;
use crate::controller::caches::ConnectionKey;
use crate::controller::connection::Connection;
use crate::controller::error::chain;
use crate::controller::fresh_tokens::FreshToken;
use crate::plan::Trouble;
use crate::secrets;

/// How often it is tried before people are told.
const ATTEMPTS: u32 = 5;
/// How long between two attempts.
const BETWEEN: Duration = Duration::from_millis(500);

/// What came of writing a token.
enum Kept {
    /// It is there.
    Stored,
    /// Somebody has put another one there, which stays.
    Superseded,
}

/// Stores a token that is held in memory, if there is one. Tells what is wrong while it is not stored. Once
/// the process is to end it tries for as long as that takes: afterwards the token is lost.
pub(in super::super) async fn keep<K: Connection>(
    connection: &K,
    ctx: &Context,
    key: &ConnectionKey,
) -> Option<Trouble> {
    let fresh = ctx.fresh_tokens.held(key)?;
    match tried(ctx, key, &fresh).await {
        Ok(kept) => {
            ctx.fresh_tokens.release(key);
            ctx.gates.has_asked(&fresh.before);
            tell(connection, ctx, &fresh, &kept).await;
            None
        }
        Err(why) => Some(unstored(&fresh.secret, &fresh.namespace, &why)),
    }
}

/// Tries a few times, and says why it could not be done.
async fn tried(ctx: &Context, key: &ConnectionKey, fresh: &FreshToken) -> Result<Kept, String> {
    let mut times = 0;
    loop {
        let error = match stored(ctx, fresh).await {
            Ok(kept) => return Ok(kept),
            Err(error) => chain(&error),
        };
        times += 1;
        if times >= ATTEMPTS && !ctx.stop.is_cancelled() {
            let FreshToken { secret, .. } = fresh;
            tracing::error!(connection = %key, secret, error, "new token not stored yet");
            return Err(error);
        }
        sleep(BETWEEN).await;
    }
}

async fn stored(ctx: &Context, fresh: &FreshToken) -> kube::Result<Kept> {
    let FreshToken {
        token,
        before,
        namespace,
        secret,
        key,
        ends: _,
    } = fresh;
    let api: Api<Secret> = Api::namespaced(ctx.kube.clone(), namespace);
    let Some(existing) = api.get_opt(secret).await? else {
        secrets::create_credential(&api, secret, key, token, false).await?;
        return Ok(Kept::Stored);
    };
    let held = secrets::held(&existing, key);
    // A request whose answer was lost may have written it.
    if held == Some(secrets::digest(token.expose_secret())) {
        return Ok(Kept::Stored);
    }
    if held.is_some_and(|held| held != *before) {
        return Ok(Kept::Superseded);
    }
    secrets::put_credential(&api, &existing, key, token, false).await?;
    Ok(Kept::Stored)
}

async fn tell<K: Connection>(connection: &K, ctx: &Context, fresh: &FreshToken, kept: &Kept) {
    let about = connection.object_ref(&());
    let FreshToken {
        namespace,
        secret,
        key,
        ends,
        ..
    } = fresh;
    let place = format!("Secret {secret} in namespace {namespace}, key {key}");
    match kept {
        Kept::Stored => {
            let note = format!("GitLab has replaced the token; the new one, {ends}, is in {place}");
            tracing::info!(
                namespace,
                secret,
                key,
                ends,
                "replaced the token of the connection"
            );
            let reason = EventReason::CredentialRotated.name();
            ctx.emit(&about, EventType::Normal, reason, "Rotate", &note)
                .await;
        }
        Kept::Superseded => {
            let note = format!(
                "GitLab has replaced the token, and somebody has put another one into {place} meanwhile, which \
                 stays there: revoke in GitLab the token that was made just now, {ends}"
            );
            let reason = Reason::RotationUnstored.name();
            ctx.emit(&about, EventType::Warning, reason, "Rotate", &note)
                .await;
        }
    }
}
