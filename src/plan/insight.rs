//! What status says of the processes that have a runner's token, and whether one of them has come.
use jiff::{SignedDuration, Timestamp};

use super::observed::{Observed, SecretSighting};
use super::outcome::Facts;
use super::parts::{is_of, present};
use crate::api::conditions::{ConditionType, Reason, Truth, Verdict};
use crate::api::v1alpha1::ManagersStatus;
use crate::gitlab::model::{Managers, Runner};

/// How long nobody need have come with a new token.
const COMES_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// As many versions or platforms are told of.
const MOST_WORDS: usize = 16;

pub(super) fn managers(managers: &Managers) -> ManagersStatus {
    let Managers {
        total,
        online,
        versions,
        platforms,
    } = managers;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    ManagersStatus {
        total: number(*total),
        online: number(*online),
        versions: versions.iter().take(MOST_WORDS).cloned().collect(),
        platforms: platforms.iter().take(MOST_WORDS).cloned().collect(),
    }
}

/// When a process must have come with the token in the Secret, if none has come with it so far.
pub fn contact_due(seen: &Observed) -> Option<Timestamp> {
    let runner = present(seen)?;
    let since = issued_at(seen)?;
    let due = since.checked_add(COMES_WITHIN).ok()?;
    (!has_come(runner, Some(since))).then_some(due)
}

/// Since when the Secret holds the token of the runner that was seen.
fn issued_at(seen: &Observed) -> Option<Timestamp> {
    match &seen.secret {
        SecretSighting::Ours(stored) if is_of(seen, stored) => stored.issued_at,
        SecretSighting::Ours(_) | SecretSighting::Absent | SecretSighting::Foreign(_) => None,
    }
}

fn has_come(runner: &Runner, since: Option<Timestamp>) -> bool {
    let at = runner.contacted_at;
    at.is_some_and(|at| since.is_none_or(|since| at >= since))
}

/// Whether runner processes use the token. Ready does not depend on it: they are not ours.
pub(super) fn online(facts: &Facts<'_>, seen: &Observed, now: Timestamp) -> Option<Verdict> {
    let (want, runner) = (facts.want?, present(seen)?);
    let since = issued_at(seen);
    let late = contact_due(seen).is_some_and(|due| due <= now);
    let (truth, reason, message) = match runner.online {
        _ if late => {
            let since = since
                .map(|since| format!(" since {since:.0}"))
                .unwrap_or_default();
            (
                Truth::False,
                Reason::NobodyCalls,
                format!(
                    "no runner process has called with the token that the Secret {} holds{since}: start them with it, or anew if they still use an older one",
                    want.secret.name
                ),
            )
        }
        Some(true) => (Truth::True, Reason::Called, String::new()),
        Some(false) if has_come(runner, since) => (
            Truth::False,
            Reason::NobodyCalls,
            "no runner process has called for two hours".to_owned(),
        ),
        Some(false) | None => (
            Truth::Unknown,
            Reason::AwaitingCall,
            "no runner process has called with this token yet".to_owned(),
        ),
    };
    Some(Verdict::new(ConditionType::Online, truth, reason, message))
}
