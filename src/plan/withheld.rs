//! Tokens that nobody may send, since they are being replaced or were, and what is said of them.
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::refused::replaced;
use super::rotation::later;
use super::trouble::Trouble;
use crate::api::conditions::Reason;
use crate::api::v1alpha1::{ConnectionStatus, CredentialReplacement};

/// What is wrong with a connection whose token may not be sent. `place` names its Secret and key.
pub fn not_sent(
    record: Option<&CredentialReplacement>,
    asking: bool,
    process: &str,
    settles: SignedDuration,
    place: &str,
    now: Timestamp,
) -> Trouble {
    let pending =
        |what: &str| Trouble::new(Reason::Pending, format!("the token in {place} {what}"));
    if asking {
        return pending("is being replaced");
    }
    let Some(record) = record else {
        return replaced(place);
    };
    let Some(Time(asked)) = &record.asked_at else {
        return pending("is about to be replaced by another process of the operator");
    };
    if record.process != process && now < later(*asked, settles * 2) {
        return pending("is being replaced by another process of the operator");
    }
    Trouble::new(
        Reason::RotationUnclear,
        format!(
            "at {asked} GitLab was asked to replace the token in {place}, and the operator does not know \
             whether it did, since it has no answer: it does not send that token any more. Make a new token in \
             GitLab and put it there; then revoke those with the name of the old one that nobody uses"
        ),
    )
}

/// Whether the status of a connection says of a token that nobody may send it: it was refused for good, or is
/// being replaced.
pub fn is_withheld(status: &ConnectionStatus, digest: &str) -> bool {
    let replaced = status.credential_rotation.as_ref();
    let replaced = replaced.filter(|record| record.refused_at.is_none());
    let refused = status.refused_tokens.iter().map(|it| &*it.digest);
    let mut all = refused.chain(replaced.map(|record| &*record.digest));
    all.any(|it| it == digest)
}

/// Whether another process has announced a replacement and not gone on with it, as one that has ended.
pub fn is_left_behind(
    record: &CredentialReplacement,
    process: &str,
    settles: SignedDuration,
    now: Timestamp,
) -> bool {
    let open = record.asked_at.is_none() && record.refused_at.is_none();
    open && record.process != process && now >= later(record.announced_at.0, settles * 2)
}
