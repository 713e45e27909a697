//! Stores a new token: it is shown once, and the one before has ended.
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::ListParams;
use kube::runtime::events::EventType;
use secrecy::ExposeSecret;
use tokio::time::sleep;

use super::unstored;
use crate::api::conditions::Reason;
use crate::api::events::EventReason;
use crate::api::v1alpha1::{ClusterGitLabConnection, ConnectionKind, GitLabConnection};
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
        let Err(error) = store(ctx, key, &fresh).await else {
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

/// Stores a token, and says why it could not be done.
pub(super) async fn store(
    ctx: &Context,
    key: &ConnectionKey,
    fresh: &FreshToken,
) -> Result<(), String> {
    let kept = match stored(ctx, key, fresh).await {
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

async fn stored(
    ctx: &Context,
    connection: &ConnectionKey,
    fresh: &FreshToken,
) -> kube::Result<Kept> {
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
        if !is_there(ctx, connection).await? {
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

/// Whether that connection still exists. The API server is asked, since a cache may not know yet that it does
/// not, and the operator may not read a connection by its name.
async fn is_there(ctx: &Context, key: &ConnectionKey) -> kube::Result<bool> {
    let kube = ctx.kube.clone();
    let by_name = ListParams::default().fields(&format!("metadata.name={}", key.name));
    let items = match (key.kind, &key.namespace) {
        (ConnectionKind::GitLabConnection, Some(namespace)) => {
            let api = Api::<GitLabConnection>::namespaced(kube, namespace);
            api.list_metadata(&by_name).await?.items.len()
        }
        (ConnectionKind::GitLabConnection | ConnectionKind::ClusterGitLabConnection, _) => {
            let api = Api::<ClusterGitLabConnection>::all(kube);
            api.list_metadata(&by_name).await?.items.len()
        }
    };
    Ok(items > 0)
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
    let place = fresh.place();
    let lost = match kept {
        Kept::Stored => {
            let note = format!("GitLab has replaced the token; the new one, {ends}, is in {place}");
            tracing::info!(
                namespace,
                secret,
                key,
                ends,
                "stored the new token of the connection"
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
