//! Whom a sweep wakes.
use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::members::{Member, Members};
use crate::controller::Context;
use crate::gitlab::model::Scope;
use crate::observe::{News, Roster};
use crate::plan::CONTACT_GRAIN;

/// Wakes the objects for which a sweep has brought anything new, or that have waited for it.
///
/// While the connection is being looked at nobody is known to use the roster: then it wakes the `former`,
/// who did when the sweep began.
pub(super) fn wake(
    ctx: &Context,
    former: &Members,
    roster: &Arc<Roster>,
    news: &News,
    swept: &HashSet<Scope>,
) {
    let now = Members::of(ctx, roster);
    let members = if now.connected.is_some() {
        &now.all
    } else {
        &former.all
    };
    let concerned = members
        .iter()
        .filter(|member| concerns(member, roster, news, swept));
    let woken = concerned.map(|member| member.wake(ctx)).count();
    tracing::debug!(woken, ?swept, "sweep ended");
}

fn concerns(member: &Member, roster: &Roster, news: &News, swept: &HashSet<Scope>) -> bool {
    let Member {
        uid, number, scope, ..
    } = member;
    if news.waiters.contains(uid) {
        return true;
    }
    let here = scope.is_some_and(|scope| swept.contains(&scope));
    let status = member.status();
    let Some(id) = number else {
        // A registration whose answer was lost.
        return here && status.is_some_and(|status| status.registration.is_some());
    };
    let unseen = here && !roster.has(*id);
    let runner = status.and_then(|status| status.runner.as_ref());
    let missing = runner.is_some_and(|runner| runner.missing_since.is_some());
    let given_up = status.and_then(|status| status.registration.as_ref()?.given_up.as_ref());
    let told = runner.and_then(|runner| runner.contacted_at.as_ref());
    let contacted = roster.contacted_at(*id).is_some_and(|at| {
        let behind = |told: Timestamp| at.duration_since(told) >= CONTACT_GRAIN;
        told.is_none_or(|told| behind(told.0))
    });
    news.changed.contains(id)
        || news.missing.contains(id)
        || unseen
        || here && (missing || given_up.is_some())
        || contacted
}
