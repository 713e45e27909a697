//! Stores new tokens that no pass will: those of connections that were deleted meanwhile, and all that are
//! left once the process is to end.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use kube::runtime::events::EventType;
use kube::runtime::reflector::ObjectRef;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::store::{BETWEEN, store};
use crate::api::conditions::Reason;
use crate::api::v1alpha1::ConnectionKind;
use crate::controller::Context;
use crate::controller::caches::ConnectionKey;
use crate::controller::fresh_tokens::FreshToken;

/// How long between two attempts, where no connection asks for one.
const SELDOM: Duration = Duration::from_secs(10);

/// Runs until the process is to end, and then until nothing is left to be stored. Afterwards a token that
/// is not stored is lost.
pub async fn run(ctx: Arc<Context>, stop: CancellationToken) {
    let mut told = HashSet::new();
    while !stop.is_cancelled() {
        let left = try_all(&ctx, false, &mut told).await;
        tokio::select! {
            () = stop.cancelled() => {}
            () = ctx.fresh_tokens.woken() => {}
            () = sleep(SELDOM), if left => {}
        }
    }
    while try_all(&ctx, true, &mut told).await || ctx.gates.is_any_asking() {
        sleep(BETWEEN).await;
    }
}

/// Tries once to store each that is left behind, or each at all. Whether any is left.
async fn try_all(ctx: &Context, stopping: bool, told: &mut HashSet<(ConnectionKey, bool)>) -> bool {
    let mut left = false;
    for (key, fresh) in ctx.fresh_tokens.all_held() {
        let there = is_there(ctx, &key);
        if there && !stopping {
            continue;
        }
        let Err(why) = store(ctx, &key, &fresh, there).await else {
            continue;
        };
        left = true;
        if told.insert((key, stopping)) {
            warn(ctx, &fresh, stopping, &why).await;
        }
    }
    left
}

/// Whether that connection still exists, as far as the caches tell.
fn is_there(ctx: &Context, key: &ConnectionKey) -> bool {
    match (key.kind, &key.namespace) {
        (ConnectionKind::GitLabConnection, Some(namespace)) => {
            let object = ObjectRef::new(&key.name).within(namespace);
            let caches = ctx.caches_of(namespace);
            caches.is_some_and(|caches| caches.connections.store.get(&object).is_some())
        }
        (ConnectionKind::GitLabConnection | ConnectionKind::ClusterGitLabConnection, _) => {
            let object = ObjectRef::new(&key.name);
            let caches = ctx.cluster_caches.as_ref();
            caches.is_some_and(|caches| caches.connections.store.get(&object).is_some())
        }
    }
}

async fn warn(ctx: &Context, fresh: &FreshToken, stopping: bool, why: &str) {
    let FreshToken {
        namespace,
        secret,
        key,
        ends,
        about,
        ..
    } = fresh;
    let (meanwhile, until) = if stopping {
        ("the operator was told to stop", "until it is ended")
    } else {
        ("the connection was deleted", "for as long as it runs")
    };
    let note = format!(
        "GitLab has replaced the token, {meanwhile}, and the new one, {ends}, could not be written into Secret \
         {secret} in namespace {namespace}, key {key}: {why}. The operator tries on {until}. If that is in vain \
         the new token is lost: revoke it in GitLab, and if the connection is still needed make another and put it \
         there"
    );
    let reason = Reason::RotationUnstored.name();
    ctx.emit(about, EventType::Warning, reason, "Rotate", &note)
        .await;
}
