//! Whether a list that leaves out many runners which were there is believed. A few of them are asked for by
//! number: when they are there the list is wrong, and when they are gone too, then all of them may be, and
//! nothing is written to any.
use std::collections::HashSet;
use std::sync::Arc;

use kube::Resource;

use super::members::{Member, Members};
use crate::controller::Context;
use crate::controller::caches::ConnectionKey;
use crate::gitlab::model::{RunnerId, Scope};
use crate::gitlab::{self, Lane, Refusal};
use crate::observe::Connected;
use crate::plan::{Losses, was_there};

/// How many runners speak for all.
const SAMPLE: usize = 5;

/// What the runners of a sample are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sample {
    /// All gone, or refused.
    Gone,
    /// Some are there.
    Some,
    /// All are there.
    There,
    /// That is not known.
    Unknown,
}

/// The objects of one connection, as far as a sweep of a scope is concerned.
struct Share<'a> {
    key: &'a ConnectionKey,
    missing: Vec<&'a Member>,
    found: Vec<String>,
    losses: Losses,
}

/// Whether the list of a scope may be gone by, which shows these runners.
pub(super) async fn holds(
    ctx: &Context,
    members: &Members,
    connected: &Arc<Connected>,
    scope: Scope,
    shown: &HashSet<RunnerId>,
) -> bool {
    let mut believed = true;
    for share in shares(ctx, members, scope, shown) {
        if !share.losses.are_many() {
            let lost = share.missing.iter().map(|member| member.uid.clone());
            let held_up = ctx.breaker.holds_up(share.key);
            ctx.list_leaves_out(share.key, scope, None);
            let lost = lost.filter(|_| held_up).collect();
            ctx.runners_were_looked_for(share.key, lost, &share.found);
            continue;
        }
        believed = false;
        match ask(connected, &share.missing).await {
            Sample::Gone => {
                let lost = share.missing.iter().map(|member| member.uid.clone());
                ctx.list_leaves_out(share.key, scope, None);
                ctx.runners_were_looked_for(share.key, lost.collect(), &share.found);
            }
            Sample::Some | Sample::There => {
                ctx.list_leaves_out(share.key, scope, Some(share.losses));
            }
            Sample::Unknown => {}
        }
    }
    believed
}

/// Takes in that GitLab refuses the list of a scope: it may refuse the runners too.
pub(super) async fn is_refused(
    ctx: &Context,
    members: &Members,
    connected: &Arc<Connected>,
    scope: Scope,
) {
    for share in shares(ctx, members, scope, &HashSet::new()) {
        let counted = |member: &&Member| ctx.breaker.is_lost(share.key, &member.uid);
        // Also while all is held up: whoever acknowledges a loss goes by the number that is told.
        let news = share.losses.are_many() && !share.missing.iter().all(counted);
        if news && ask(connected, &share.missing).await == Sample::Gone {
            let lost = share.missing.iter().map(|member| member.uid.clone());
            ctx.runners_were_looked_for(share.key, lost.collect(), &[]);
        }
    }
}

/// Looks whether runners that are lost are back where no list tells: a few speak for all.
pub(super) async fn looks_again(ctx: &Context, members: &Members, connected: &Arc<Connected>) {
    for key in &members.keys {
        let uids = ctx.breaker.lost(key);
        let lost = members
            .all
            .iter()
            .filter(|member| uids.contains(&member.uid));
        let lost: Vec<&Member> = lost.collect();
        if !lost.is_empty() && ask(connected, &lost).await == Sample::There {
            let found: Vec<String> = uids.into_iter().collect();
            ctx.runners_were_looked_for(key, Vec::new(), &found);
        }
    }
}

/// The objects of each connection whose runners the list of a scope should show, and whether it does. Not
/// those that are about to go, and whose runners may have been removed a moment ago.
fn shares<'a>(
    ctx: &Context,
    members: &'a Members,
    scope: Scope,
    shown: &HashSet<RunnerId>,
) -> Vec<Share<'a>> {
    let shares = members.keys.iter().map(|key| {
        let there = ctx.held_by(key);
        let mut share = Share {
            key,
            missing: Vec::new(),
            found: Vec::new(),
            losses: Losses {
                lost: 0,
                of: there.len(),
            },
        };
        let members = members
            .all
            .iter()
            .filter(|member| there.contains(&member.uid));
        for member in members {
            let Some(id) = member.number else {
                continue;
            };
            if shown.contains(&id) {
                share.found.push(member.uid.clone());
            } else if member.scope == Some(scope) && is_expected(ctx, key, member) {
                share.missing.push(member);
            }
        }
        share.losses.lost = share.missing.len();
        share
    });
    shares.collect()
}

fn is_expected(ctx: &Context, key: &ConnectionKey, member: &Member) -> bool {
    let leaving = member.object.meta().deletion_timestamp.is_some();
    let lost = ctx.breaker.is_lost(key, &member.uid);
    let there = lost || member.status().is_some_and(was_there);
    there && !leaving && !ctx.breaker.is_acknowledged(key, &member.uid)
}

/// Asks for a few of these, taken from all over.
async fn ask(connected: &Arc<Connected>, members: &[&Member]) -> Sample {
    let client = connected.client.in_lane(Lane::Sweep);
    let step = members.len().div_ceil(SAMPLE).max(1);
    let (mut there, mut gone) = (false, false);
    for id in members
        .iter()
        .step_by(step)
        .filter_map(|member| member.number)
    {
        match client.runner(id).await {
            Ok(Some(_)) => there = true,
            Ok(None) => gone = true,
            Err(error) if is_loss(&error) => gone = true,
            Err(_) => return Sample::Unknown,
        }
    }
    match (there, gone) {
        (true, true) => Sample::Some,
        (true, false) => Sample::There,
        (false, true) => Sample::Gone,
        (false, false) => Sample::Unknown,
    }
}

/// Whether GitLab says that it has no such thing, or none for this credential.
pub(super) fn is_loss(error: &gitlab::Error) -> bool {
    let missing = error
        .refusal()
        .is_some_and(|refusal| refusal.is_of_a_place() || *refusal == Refusal::RunnerMissing);
    missing || error.status() == Some(403)
}
