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
use crate::controller::error::chain;
use crate::controller::fresh_tokens::FreshToken;
use crate::plan::Trouble;
use crate::secrets;

/// How often it is tried before people are told.
const ATTEMPTS: u32 = 5;
/// How long between two attempts.
pub(super) const BETWEEN: Duration = Duration::from_millis(500);

/// What came of writing a token.
enum Kept {
    /// It is there.
    Stored,
    /// Somebody has put another one there, which stays.
    Superseded,
    /// The connection and its Secret were deleted.
    Unwanted,
}

/// Stores a token that is held in memory, if there is one. Tells what is wrong while it is not stored.
pub(in super::super) async fn keep(ctx: &Context, key: &ConnectionKey) -> Option<Trouble> {
    let fresh = ctx.fresh_tokens.held(key)?;
    let mut times = 0;
    loop {
        let Err(error) = store(ctx, key, &fresh, true).await else {
            return None;
        };
        times += 1;
        if times >= ATTEMPTS {
            let FreshToken { secret, .. } = &fresh;
            tracing::error!(connection = %key, secret, error, "new token not stored yet");
            // The connection may be no more, and then there is no further pass.
            ctx.fresh_tokens.wake();
            return Some(unstored(secret, &fresh.namespace, &error));
        }
        sleep(BETWEEN).await;
    }
}

/// Stores a token, and says why it could not be done. Where nothing is left to hold it, it makes a Secret
/// if the connection is `wanted`.
pub(super) async fn store(
    ctx: &Context,
    key: &ConnectionKey,
    fresh: &FreshToken,
    wanted: bool,
) -> Result<(), String> {
    let kept = match stored(ctx, fresh, wanted).await {
        Ok(kept) => kept,
        Err(error) => return Err(chain(&error)),
    };
    // Two may have tried at the same time.
    if ctx.fresh_tokens.release(key) {
        ctx.gates.has_asked(&fresh.before);
        tell(ctx, fresh, &kept).await;
    }
    Ok(())
}

async fn stored(ctx: &Context, fresh: &FreshToken, wanted: bool) -> kube::Result<Kept> {
    let FreshToken {
        token,
        before,
        namespace,
        secret,
        key,
        ends: _,
        about: _,
    } = fresh;
    let api: Api<Secret> = Api::namespaced(ctx.kube.clone(), namespace);
    let Some(existing) = api.get_opt(secret).await? else {
        if !wanted {
            return Ok(Kept::Unwanted);
        }
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

async fn tell(ctx: &Context, fresh: &FreshToken, kept: &Kept) {
    let FreshToken {
        namespace,
        secret,
        key,
        ends,
        about,
        ..
    } = fresh;
    let place = format!("Secret {secret} in namespace {namespace}, key {key}");
    let lost = match kept {
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
            ctx.emit(about, EventType::Normal, reason, "Rotate", &note)
                .await;
            return;
        }
        Kept::Superseded => format!(
            "GitLab has replaced the token, and somebody has put another one into {place} meanwhile, which \
             stays there: revoke in GitLab the token that was made just now, {ends}"
        ),
        Kept::Unwanted => format!(
            "GitLab has replaced the token of a connection that was deleted meanwhile, and so was its {place}: \
             the new token is nowhere; revoke in GitLab the token that was made just now, {ends}"
        ),
    };
    let reason = Reason::RotationUnstored.name();
    ctx.emit(about, EventType::Warning, reason, "Rotate", &lost)
        .await;
}
