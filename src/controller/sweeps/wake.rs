//! Whom a sweep wakes.
use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::members::{Member, Members};
use crate::api::conditions::{ConditionType, is_true};
use crate::api::v1alpha1::GitLabRunnerStatus;
use crate::controller::Context;
use crate::gitlab::model::Scope;
use crate::observe::{News, Roster};
use crate::plan::CONTACT_GRAIN;

/// Whether a time of contact tells of what was waited for: that somebody comes with the token that the Secret
/// has held since it was stored.
fn is_news(status: Option<&GitLabRunnerStatus>, at: Timestamp) -> bool {
    let Some(status) = status.filter(|it| !is_true(&it.conditions, ConditionType::Online)) else {
        return false;
    };
    let stored = status.token.as_ref();
    let stored = stored.and_then(|token| token.issued_at.as_ref());
    let told = status.runner.as_ref();
    let told = told.and_then(|runner| runner.contacted_at.as_ref());
    let newer = |than: &Time| at > than.0;
    stored.is_some_and(newer) && told.is_none_or(newer)
}

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
        told.is_none_or(|told| behind(told.0)) || is_news(status, at)
    });
    news.changed.contains(id)
        || news.missing.contains(id)
        || unseen
        || here && (missing || given_up.is_some())
        || contacted
}
