//! What the status of a connection says of the replacement of its token.
use jiff::Timestamp;
use jiff::tz::TimeZone;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::credential_rotation::{CredentialStep, LATE};
use super::quoted::quoted;
use super::refused::{Fingerprint, remembered};
use super::seconds::whole_seconds;
use crate::api::conditions::{ConditionType, Reason, Verdict, find, merge};
use crate::api::v1alpha1::{ConnectionStatus, Credential, CredentialReplacement};

/// What came of asking, where GitLab surely has not replaced the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotReplaced {
    /// It was not asked, or said that it could not just then.
    Unasked,
    /// It said no, in these words.
    Refused(String),
}

/// What is known of a replacement at the end of a pass.
#[derive(Clone, Debug, Default)]
pub struct Replacing<'a> {
    /// Whether spec asks for replacements.
    pub wanted: bool,
    /// The token that the Secret holds, if that could be read.
    pub held: Option<&'a Fingerprint>,
    /// What came of asking for the replacement of that token.
    pub not_replaced: Option<&'a NotReplaced>,
    /// What is to be done, where GitLab accepts the token.
    pub step: Option<&'a CredentialStep>,
    /// This process.
    pub process: &'a str,
}

/// The status with what is known of the replacement.
pub fn with_replacement(
    mut status: ConnectionStatus,
    previous: &ConnectionStatus,
    known: &Replacing<'_>,
    now: Timestamp,
) -> ConnectionStatus {
    let second = whole_seconds(now);
    let record = previous.credential_rotation.clone();
    let record = record.map(|record| answered(record, known.not_replaced, second));
    let (record, ended) = beside(record, known.held);
    if let Some(ended) = ended {
        let reason = Reason::CredentialReplaced;
        status.refused_tokens = remembered(&status.refused_tokens, &ended, reason, now);
    }
    status.credential_rotation = next(record, known, second);
    if known.wanted {
        let about = ConditionType::CredentialsExpiring;
        let expiring = match (known.step, &status.credential) {
            (Some(step), credential) => {
                let verdict = expiring(step, credential.as_ref(), now)
                    .into_iter()
                    .collect();
                let generation = status.observed_generation;
                merge(&previous.conditions, verdict, generation, second)
            }
            // In an outage what was said stays.
            (None, Some(_)) => find(&previous.conditions, about)
                .cloned()
                .into_iter()
                .collect(),
            (None, None) => Vec::new(),
        };
        status.conditions.retain(|it| it.type_ != about.name());
        status.conditions.extend(expiring);
    }
    status
}

/// The status that says that GitLab is asked now. `None` where nothing was announced.
pub fn asking(status: &ConnectionStatus, now: Timestamp) -> Option<ConnectionStatus> {
    changed(status, |record| CredentialReplacement {
        asked_at: Some(Time(whole_seconds(now))),
        ..record
    })
}

/// The status that says that GitLab was not asked: others are given the time to hear of it anew. `None` where
/// nothing was announced.
pub fn put_off(status: &ConnectionStatus, now: Timestamp) -> Option<ConnectionStatus> {
    changed(status, |record| announced_anew(record, whole_seconds(now)))
}

fn changed(
    status: &ConnectionStatus,
    change: impl FnOnce(CredentialReplacement) -> CredentialReplacement,
) -> Option<ConnectionStatus> {
    let record = status.credential_rotation.clone()?;
    Some(ConnectionStatus {
        credential_rotation: Some(change(record)),
        ..status.clone()
    })
}

fn announced_anew(record: CredentialReplacement, now: Timestamp) -> CredentialReplacement {
    CredentialReplacement {
        asked_at: None,
        announced_at: Time(now),
        ..record
    }
}

/// The record once it is known that nothing was replaced.
fn answered(
    record: CredentialReplacement,
    answer: Option<&NotReplaced>,
    now: Timestamp,
) -> CredentialReplacement {
    if record.asked_at.is_none() {
        return record;
    }
    match answer {
        None => record,
        Some(NotReplaced::Unasked) => announced_anew(record, now),
        Some(NotReplaced::Refused(words)) => CredentialReplacement {
            asked_at: None,
            refused_at: Some(Time(now)),
            refusal: Some(words.chars().take(1024).collect()),
            ..record
        },
    }
}

/// The record beside what the Secret holds. Another token there ends it: ours, or somebody else's. Whether
/// the one before was replaced need not be known for it never to be sent again.
fn beside(
    record: Option<CredentialReplacement>,
    held: Option<&Fingerprint>,
) -> (Option<CredentialReplacement>, Option<Fingerprint>) {
    match (record, held) {
        (Some(record), Some(held)) if record.digest != held.digest => {
            let ended = record.asked_at.is_some().then(|| Fingerprint {
                digest: record.digest,
                gitlab_url: held.gitlab_url.clone(),
            });
            (None, ended)
        }
        (record, _) => (record, None),
    }
}

/// The record after what is to be done now.
fn next(
    record: Option<CredentialReplacement>,
    known: &Replacing<'_>,
    now: Timestamp,
) -> Option<CredentialReplacement> {
    let asked = record.as_ref().is_some_and(|it| it.asked_at.is_some());
    if asked {
        return record;
    }
    if !known.wanted {
        return None;
    }
    let refused = record.as_ref().is_some_and(|it| it.refused_at.is_some());
    let Some(step) = known.step else {
        return record;
    };
    match step {
        CredentialStep::Announce => Some(CredentialReplacement {
            digest: known.held?.digest.clone(),
            process: known.process.to_owned(),
            announced_at: Time(now),
            asked_at: None,
            refused_at: None,
            refusal: None,
        }),
        CredentialStep::Settle(_) | CredentialStep::Rehearse | CredentialStep::Ask(_) => record,
        CredentialStep::Endless
        | CredentialStep::Blocked(_)
        | CredentialStep::Planned(_)
        | CredentialStep::LeftTo(_) => record.filter(|_| refused),
    }
}

/// What is said of the end of a token that is to be replaced before.
fn expiring(
    step: &CredentialStep,
    credential: Option<&Credential>,
    now: Timestamp,
) -> Option<Verdict> {
    let end = credential.and_then(|it| it.expires_at.as_ref());
    // Whatever keeps it from coming to its end by then is for a person.
    let late = end.is_some_and(|end| end.0.duration_since(now) < LATE);
    let of = credential.and_then(
        |Credential {
             name, expires_at, ..
         }| {
            let end = expires_at.as_ref()?.0.to_zoned(TimeZone::UTC).date();
            Some(format!("the token {} stops working on {end}", quoted(name)))
        },
    );
    let of = of.unwrap_or_else(|| "the token may stop working".to_owned());
    let (truth, reason, what) = match step {
        CredentialStep::Endless => return None,
        CredentialStep::Blocked(why) => (
            true,
            Reason::RotationBlocked,
            format!("and the operator cannot replace it: {why}"),
        ),
        CredentialStep::Planned(at) => {
            let at = whole_seconds(*at);
            (
                false,
                Reason::RotationPlanned,
                format!("and is replaced at {at}"),
            )
        }
        CredentialStep::Rehearse
        | CredentialStep::Announce
        | CredentialStep::Settle(_)
        | CredentialStep::Ask(_)
        | CredentialStep::LeftTo(_)
            if late =>
        {
            (
                true,
                Reason::ExpiresSoon,
                "and could not be replaced so far: look at the operator's log, and make a new token in GitLab if this stays".to_owned(),
            )
        }
        CredentialStep::LeftTo(other) => (
            false,
            Reason::RotationPlanned,
            format!("and is being replaced through {other}"),
        ),
        CredentialStep::Rehearse
        | CredentialStep::Announce
        | CredentialStep::Settle(_)
        | CredentialStep::Ask(_) => (
            false,
            Reason::RotationPlanned,
            "and is being replaced".to_owned(),
        ),
    };
    let about = ConditionType::CredentialsExpiring;
    Some(Verdict::new(about, truth, reason, format!("{of}, {what}")))
}
