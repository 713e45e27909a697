//! What is to be told once of a connection: what its new status says that the one before it did not.
use super::notices::{Level, Notice};
use super::trouble::{Recheck, Trouble, recheck};
use crate::api::conditions::{ConditionType, Reason, Truth, find};
use crate::api::events::EventReason;
use crate::api::v1alpha1::ConnectionStatus;

/// What a new status says that the one before did not.
pub fn connection_notices(previous: &ConnectionStatus, status: &ConnectionStatus) -> Vec<Notice> {
    let notices = [
        ready(previous, status),
        expiring(previous, status),
        degraded(previous, status),
    ];
    notices.into_iter().flatten().collect()
}

/// That it does not work, and why; or that it does again.
fn ready(previous: &ConnectionStatus, status: &ConnectionStatus) -> Option<Notice> {
    let before = find(&previous.conditions, ConditionType::Ready);
    let now = find(&status.conditions, ConditionType::Ready)?;
    if now.status == "True" {
        let was = before.is_some_and(|before| before.status == "True");
        let note = "GitLab accepts the credential".to_owned();
        return (!was).then(|| Notice::new(Level::Normal, EventReason::Connected.name(), note));
    }
    let reason = Reason::named(&now.reason).filter(|reason| *reason != Reason::Pending)?;
    // The words of an outage change with whoever answers in GitLab's place.
    let changes_its_words = recheck(&Trouble::new(reason, "")) == Recheck::Soon;
    let same = before.is_some_and(|before| {
        before.reason == now.reason && (changes_its_words || before.message == now.message)
    });
    (!same).then(|| Notice::new(Level::Warning, reason.name(), now.message.clone()))
}

/// That the token is about to expire: once for each date and each level, both of which are in the words.
fn expiring(previous: &ConnectionStatus, status: &ConnectionStatus) -> Option<Notice> {
    let about = ConditionType::CredentialsExpiring;
    let now = find(&status.conditions, about).filter(|now| now.status == Truth::True.name())?;
    let before = find(&previous.conditions, about);
    let told = before.is_some_and(|before| before.message == now.message);
    let reason = Reason::named(&now.reason)?.name();
    (!told).then(|| Notice::new(Level::Warning, reason, now.message.clone()))
}

/// That its runners are not written to, once although more of them are lost later; or that they are again.
fn degraded(previous: &ConnectionStatus, status: &ConnectionStatus) -> Option<Notice> {
    let about = ConditionType::Degraded;
    let before = find(&previous.conditions, about);
    let lost = Reason::RunnersLost.name();
    let was_lost = before.is_some_and(|before| before.reason == lost);
    match find(&status.conditions, about) {
        Some(now) if before.is_some_and(|before| before.reason == now.reason) => None,
        Some(now) => {
            let reason = Reason::named(&now.reason)?.name();
            Some(Notice::new(Level::Warning, reason, now.message.clone()))
        }
        None => was_lost.then(|| {
            let note = "runners are registered, changed and removed again".to_owned();
            Notice::new(Level::Normal, EventReason::RunnersBack.name(), note)
        }),
    }
}
