//! One sweep of a roster, and whom it wakes.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::EARLY;
use super::belief;
use super::in_turn::read_in_turn;
use super::members::Members;
use super::pace;
use super::scope::{Failure, Sweeping, sweep_scope};
use super::wake::wake;
use crate::backoff;
use crate::clock;
use crate::controller::Context;
use crate::controller::caches::ConnectionKey;
use crate::controller::error::chain;
use crate::gitlab;
use crate::gitlab::model::Scope;
use crate::metrics;
use crate::observe::{Connected, Holders, News, Roster};

/// Which scopes of a roster are swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// All that runners live in.
    All,
    /// Those of which somebody waits for a sweep.
    Wanted,
}

/// A sweep that has ended.
pub(super) struct Ended {
    pub(super) roster: Arc<Roster>,
    pub(super) which: Which,
    /// How long after its beginning another like it may begin.
    pub(super) period: Duration,
}

/// Sweeps the scopes of a roster, and wakes whom that concerns.
pub(super) async fn sweep(ctx: &Context, roster: Arc<Roster>, which: Which) -> Ended {
    let members = Members::of(ctx, &roster);
    if let Some(connected) = members.connected.as_ref() {
        belief::looks_again(ctx, &members, connected).await;
    }
    let members = Members::of(ctx, &roster);
    // Whoever waits for a sweep does not wait for a resync.
    let soonest = match which {
        Which::All => ctx.options.resync,
        Which::Wanted => EARLY,
    };
    let period = match members.connected.clone() {
        Some(connected) if connected.can.lists_all() => {
            sweep_through(ctx, &members, &connected, which, soonest).await
        }
        Some(connected) => {
            let resync = ctx.options.resync;
            roster.retain(&members.holders(), members.at);
            let pace = pace::of(&connected, resync, resync, 0, 1);
            members.go_at(ctx, &roster, pace);
            soonest
        }
        // Nobody can make the sweep that somebody waits for.
        None => {
            for scope in roster.wanted(members.at) {
                roster.failed(scope, members.at);
            }
            soonest
        }
    };
    Ended {
        roster,
        which,
        period,
    }
}

async fn sweep_through(
    ctx: &Context,
    members: &Members,
    connected: &Arc<Connected>,
    which: Which,
    soonest: Duration,
) -> Duration {
    let (resync, roster) = (ctx.options.resync, &connected.roster);
    let (began, started, holders) = (members.at, Instant::now(), members.holders());
    let mut swept = sweep_scopes(ctx, members, connected, &holders, which).await;
    let per_minute = connected.client.budget().reading().limit;
    let period = pace::period(swept.requests, per_minute, soonest);
    if which == Which::All {
        let lasts = SignedDuration::try_from(pace::lasts(period)).unwrap_or(SignedDuration::MAX);
        let until = clock::now().saturating_add(lasts).unwrap_or(Timestamp::MAX);
        for scope in &swept.scopes {
            roster.lasts(*scope, began, until);
        }
        let left = pace::left(swept.requests, per_minute, period);
        let partly = roster.partly_shown(began);
        let pace = pace::of(connected, period, resync, partly.len(), left);
        members.go_at(ctx, roster, pace);
        let partly = partly.into_iter().take(left);
        swept
            .news
            .changed
            .extend(read_in_turn(ctx, connected, partly).await);
        roster.retain(&holders, began);
    }
    wake(ctx, members, roster, &swept.news, &swept.scopes);
    let changed = swept
        .news
        .changed
        .len()
        .saturating_add(swept.news.missing.len());
    ctx.metrics.swept(metrics::Swept {
        seconds: started.elapsed().as_secs_f64(),
        requests: swept.requests,
        failures: swept.failures,
        changed: u64::try_from(changed).unwrap_or(u64::MAX),
    });
    backoff::nearly(period, &connected.url)
}

/// What came of the sweeps of all scopes.
#[derive(Default)]
struct Swept {
    news: News,
    requests: u32,
    failures: u64,
    /// Those that were swept to the end.
    scopes: HashSet<Scope>,
}

/// Sweeps scopes one after the other.
async fn sweep_scopes(
    ctx: &Context,
    members: &Members,
    connected: &Arc<Connected>,
    holders: &Holders,
    which: Which,
) -> Swept {
    let roster = &connected.roster;
    let mut scopes = members.scopes();
    for key in &members.keys {
        ctx.lists_only(key, |scope| scopes.contains_key(&scope));
    }
    let wanted = roster.wanted(clock::now());
    if which == Which::Wanted {
        scopes.retain(|scope, _| wanted.contains(scope));
    }
    for scope in wanted {
        scopes
            .entry(scope)
            .or_insert_with(|| members.path_of(scope));
    }
    scopes.retain(|scope, _| roster.is_worth_a_try(*scope, clock::now()));
    let per_minute = connected.client.budget().reading().limit;
    let all = u32::try_from(scopes.len()).unwrap_or(u32::MAX);
    let sweeping = Sweeping {
        ctx,
        members,
        connected,
        holders,
        lasts: pace::lasts(pace::period(all, per_minute, ctx.options.resync)),
    };
    let mut swept = Swept::default();
    for (scope, spelled) in scopes {
        if !ctx.connections.is_used(connected) {
            break;
        }
        let came = sweep_scope(&sweeping, scope, spelled).await;
        swept.requests += came.requests;
        swept.news.add(came.news);
        match came.failure {
            None => drop(swept.scopes.insert(scope)),
            Some(failure) => {
                swept.failures += 1;
                if failure.is_of_the_list() {
                    roster.failed(scope, clock::now());
                } else {
                    roster.is_unheard(scope, clock::now());
                }
                tell(ctx, members, connected, scope, &failure);
                if failure.is_loss() {
                    belief::is_refused(ctx, members, connected, scope).await;
                }
            }
        }
    }
    swept
}

/// What a failed sweep says of the connection is for the connection to find out.
fn tell(
    ctx: &Context,
    members: &Members,
    connected: &Arc<Connected>,
    scope: Scope,
    failure: &Failure,
) {
    let why = chain(failure);
    tracing::info!(url = connected.url, ?scope, why, "sweep failed");
    let Failure::GitLab(error) = failure else {
        return;
    };
    if matches!(error, gitlab::Error::Refused { status: 403, .. }) {
        connected.roster.is_refused(scope, clock::now());
    }
    for key in &members.keys {
        if is_news(ctx, key, connected, error) {
            ctx.requeue_connection(key);
        }
    }
}

/// Whether an error is a reason to look at the connection.
fn is_news(
    ctx: &Context,
    key: &ConnectionKey,
    connected: &Arc<Connected>,
    error: &gitlab::Error,
) -> bool {
    if error.is_unauthorized() {
        ctx.connections.suspect(key, connected)
    } else {
        error.is_unanswered() && ctx.connections.doubt(key)
    }
}
