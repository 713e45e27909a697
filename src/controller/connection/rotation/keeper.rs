//! Stores new tokens that no pass will: those of connections that were deleted meanwhile, and all that are
//! left once the process is to end.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use kube::runtime::events::EventType;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::store::{BETWEEN, store};
use crate::api::conditions::Reason;
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

/// Tries once to store each that is left behind, or each at all. Whether any is held afterwards: a cache may
/// learn from a list alone, which tells nobody, that its connection is gone.
async fn try_all(ctx: &Context, stopping: bool, told: &mut HashSet<(ConnectionKey, bool)>) -> bool {
    for (key, fresh) in ctx.fresh_tokens.all_held() {
        if ctx.has_connection(&key) && !stopping {
            continue;
        }
        let Err(why) = store(ctx, &key, &fresh).await else {
            continue;
        };
        if told.insert((key, stopping)) {
            warn(ctx, &fresh, stopping, &why).await;
        }
    }
    told.retain(|(key, _)| ctx.fresh_tokens.held(key).is_some());
    !ctx.fresh_tokens.all_held().is_empty()
}

async fn warn(ctx: &Context, fresh: &FreshToken, stopping: bool, why: &str) {
    let FreshToken { ends, about, .. } = fresh;
    let place = fresh.place();
    let (meanwhile, until) = if stopping {
        ("the operator was told to stop", "until it is ended")
    } else {
        ("the connection was deleted", "for as long as it runs")
    };
    let note = format!(
        "GitLab has replaced the token, {meanwhile}, and the new one, {ends}, could not be written into {place}: \
         {why}. The operator tries on {until}. If that is in vain \
         the new token is lost: revoke it in GitLab, and if the connection is still needed make another and put it \
         there"
    );
    let reason = Reason::RotationUnstored.name();
    ctx.emit(about, EventType::Warning, reason, "Rotate", &note)
        .await;
}
