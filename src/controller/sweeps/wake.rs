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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const STORED: &str = "2026-03-01T12:00:00Z";

    fn status(online: &str, told: Option<&str>) -> GitLabRunnerStatus {
        let condition = json!({
            "type": "Online", "status": online, "reason": "AwaitingCall", "message": "",
            "lastTransitionTime": STORED,
        });
        let runner: Value = json!({
            "id": 7, "type": "group_type", "gitlabUrl": "https://gitlab.example.com",
            "description": "", "paused": false, "status": "online", "contactedAt": told,
        });
        let token = json!({ "secretName": "t", "issuedAt": STORED });
        let status = json!({ "conditions": [condition], "runner": runner, "token": token });
        serde_json::from_value(status).unwrap()
    }

    /// A process that comes with the new token is told of at once, and else no contact is before its time.
    #[test]
    fn a_contact_is_news_where_one_with_the_new_token_is_waited_for() {
        let (before, after) = ("2026-03-01T11:59:59Z", "2026-03-01T12:00:01Z");
        for (online, told, at, news) in [
            ("Unknown", None, after, true),
            ("Unknown", Some(before), after, true),
            ("False", Some(before), after, true),
            ("Unknown", None, before, false),
            ("Unknown", Some(after), after, false),
            ("True", Some(before), after, false),
        ] {
            let status = status(online, told);
            let at = at.parse().unwrap();
            assert_eq!(is_news(Some(&status), at), news, "{online} {told:?} {at}");
        }
        assert!(!is_news(None, after.parse().unwrap()));
    }
}
