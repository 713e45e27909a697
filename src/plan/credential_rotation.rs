//! Whether the operator replaces its own token now. The old token ends with that, and whoever sends it
//! afterwards ends the new one as well (contract §1.10): so it is announced first, asked for only when no
//! other process can still be sending the token, and never asked for twice.
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};

use super::connection::Account;
use super::rotation::later;
use crate::api::v1alpha1::{CredentialReplacement, start_of_day};
use crate::gitlab::model::{AccessToken, Metadata, Release};

/// What the replacement is called in the account and in metrics, beside the steps of runners.
pub const ROTATE_CREDENTIAL: &str = "rotate_credential";

/// How long GitLab is not asked again once it has refused.
const REFUSED_FOR: SignedDuration = SignedDuration::from_hours(6);

/// The longest life that a token is asked for: GitLab gives no longer ones.
const LONGEST_LIFE: i32 = 365;

/// So long before its end a token should have been replaced.
pub(super) const LATE: SignedDuration = SignedDuration::from_hours(24);

/// How long everybody else is kept waiting before GitLab is asked.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);

/// How long the request for a new token waits for the requests that are under way, while no other begins.
/// It is better put off than keeping all the others waiting for one that hangs, unless the token ends soon.
pub fn patience(account: &Account, settles: SignedDuration, now: Timestamp) -> SignedDuration {
    let end = account.token.as_ref().and_then(|token| token.expires_at);
    let end = end.and_then(start_of_day);
    if end.is_some_and(|end| end.duration_since(now) < LATE) {
        settles
    } else {
        PATIENCE
    }
}

/// Whether the new token could be stored, as far as that was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keepable {
    /// Nobody has tried yet.
    Unasked,
    /// The API server would take the very change.
    Yes,
    /// No, and why: the end of a sentence.
    No(String),
}

/// What the decision depends on.
#[derive(Clone, Debug)]
pub struct CredentialFacts<'a> {
    /// How long before its end the token is to be replaced.
    pub before_expiry: SignedDuration,
    /// What GitLab said of the token and itself.
    pub account: &'a Account,
    /// Start of the token's SHA-256.
    pub digest: &'a str,
    /// What status says of a replacement.
    pub record: Option<&'a CredentialReplacement>,
    /// This process.
    pub process: &'a str,
    /// For how long a replacement is announced before GitLab is asked.
    pub settles: SignedDuration,
    /// Another place that holds the same token, and would go on to hold it.
    pub also_in: Option<String>,
    /// Another connection through which the same token is being replaced.
    pub left_to: Option<String>,
    /// Whether the new token could be stored.
    pub keepable: Keepable,
    /// The time.
    pub now: Timestamp,
}

/// What is to be done about a token that is to be replaced before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialStep {
    /// Nothing: it has no end.
    Endless,
    /// Nothing can be done, and why: the end of a sentence.
    Blocked(String),
    /// It is replaced then.
    Planned(Timestamp),
    /// Find out whether the new token could be stored.
    Rehearse,
    /// Record that it will be asked for.
    Announce,
    /// Wait until then: another process may still be sending the token.
    Settle(Timestamp),
    /// Another connection is at it.
    LeftTo(String),
    /// Ask for a token that lives until this date, or as long as GitLab likes.
    Ask(Option<Date>),
}

impl CredentialStep {
    /// Whether the replacement has begun, or is to begin now.
    pub fn is_under_way(&self) -> bool {
        match self {
            Self::Rehearse | Self::Announce | Self::Settle(_) | Self::LeftTo(_) | Self::Ask(_) => {
                true
            }
            Self::Endless | Self::Blocked(_) | Self::Planned(_) => false,
        }
    }
}

/// Decides.
pub fn credential_step(facts: &CredentialFacts<'_>) -> CredentialStep {
    let Some(token) = &facts.account.token else {
        let why = "GitLab does not tell when it ends: it is no personal, group or project access token, or \
                   may not read itself";
        return CredentialStep::Blocked(why.to_owned());
    };
    let Some((date, end)) = token
        .expires_at
        .and_then(|date| Some((date, start_of_day(date)?)))
    else {
        return CredentialStep::Endless;
    };
    if let Some(why) = hindered(facts) {
        return CredentialStep::Blocked(why);
    }
    let due = due(token.created_at, end, facts.before_expiry);
    if facts.now < due {
        return CredentialStep::Planned(due);
    }
    if let Some(other) = &facts.left_to {
        return CredentialStep::LeftTo(other.clone());
    }
    let record = facts.record.filter(|record| record.digest == facts.digest);
    if record.is_some_and(|record| record.asked_at.is_some()) {
        return CredentialStep::Settle(facts.now);
    }
    let announced = record.filter(|record| record.refused_at.is_none());
    if let Some(record) = announced
        && facts.now < settled(record, facts)
    {
        return CredentialStep::Settle(settled(record, facts));
    }
    match (&facts.keepable, announced) {
        (Keepable::Unasked, _) => CredentialStep::Rehearse,
        (Keepable::No(why), _) => CredentialStep::Blocked(why.clone()),
        (Keepable::Yes, Some(mine)) if mine.process == facts.process => {
            CredentialStep::Ask(new_end(token, date, facts.now))
        }
        (Keepable::Yes, _) => CredentialStep::Announce,
    }
}

/// What keeps the token from being replaced, now or when it is due.
fn hindered(facts: &CredentialFacts<'_>) -> Option<String> {
    if !facts.account.can().rotate {
        let why = "its scopes do not allow that; it takes api or self_rotate";
        return Some(why.to_owned());
    }
    let release = facts.account.metadata.as_ref();
    let release = release.and_then(Metadata::release);
    if let Some(release) = release.filter(|release| *release < Release::SELF_ROTATION) {
        return Some(format!(
            "GitLab {release} does not know how; it takes {} or newer",
            Release::SELF_ROTATION
        ));
    }
    if let Some(place) = &facts.also_in {
        return Some(format!(
            "{place} holds the same token, and would go on to hold it when it has ended; have all \
             connections with this token name one Secret, or give the other one a token of its own"
        ));
    }
    let record = facts
        .record
        .filter(|record| record.digest == facts.digest)?;
    let refused = record.refused_at.as_ref()?.0;
    (facts.now < later(refused, REFUSED_FOR)).then(|| {
        let said = record.refusal.as_deref().unwrap_or("GitLab refused");
        format!("{said}; it is asked again every six hours")
    })
}

/// When a token is replaced. Not before half of its life is over: the next one may be given a shorter life
/// than spec has thought of, and would be due as soon as it is made.
fn due(created: Option<Timestamp>, end: Timestamp, before: SignedDuration) -> Timestamp {
    let half = created.map(|created| end.duration_since(created).max(SignedDuration::ZERO) / 2);
    later(end, -half.map_or(before, |half| before.min(half)))
}

/// When nobody can be sending the token any more who has not announced its replacement. What another
/// process has announced is taken over when that has had the time to go on and has not.
fn settled(record: &CredentialReplacement, facts: &CredentialFacts<'_>) -> Timestamp {
    let times = if record.process == facts.process {
        1
    } else {
        2
    };
    later(record.announced_at.0, facts.settles * times)
}

/// The new token is to live as long as the one before.
fn new_end(token: &AccessToken, date: Date, now: Timestamp) -> Option<Date> {
    let made = token.created_at?.to_zoned(TimeZone::UTC).date();
    let days = (date - made).get_days().clamp(1, LONGEST_LIFE);
    let today = now.to_zoned(TimeZone::UTC).date();
    today.checked_add(days.days()).ok()
}
