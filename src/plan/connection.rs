//! What is known and what is wrong of a connection, and its whole status.
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::can::Can;
use crate::api::conditions::{ConditionType, Reason, Truth, Verdict, merge};
use crate::api::v1alpha1::{ConnectionStatus, Credential, GitLab};
use crate::gitlab::model::{AccessToken, Metadata};

/// How long before a token's end its owner is told.
const EXPIRES_SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What GitLab said about the credential and itself, as far as the credential may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The token about itself; `None` for one that is no personal, group or project access token.
    pub token: Option<AccessToken>,
    /// The instance about itself.
    pub metadata: Option<Metadata>,
    /// Whether the token's owner is an administrator.
    pub admin: Option<bool>,
}

impl Account {
    /// What the credential opens.
    pub fn can(&self) -> Can {
        self.token
            .as_ref()
            .map_or(Can::ALL, |token| Can::from_scopes(&token.scopes))
    }
}

/// What is wrong with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Its name.
    pub reason: Reason,
    /// A sentence that names the object to mend.
    pub message: String,
}

impl Trouble {
    /// What is wrong, with a sentence that names the object to mend.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

/// When to look at a connection again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recheck {
    /// Ask GitLab again soon: it may be mended there at any time.
    Soon,
    /// Only when the connection's own inputs have changed: asking again with the same credential is
    /// of no use, and of a revoked one harmful (contract §1.10).
    OnChange,
}

/// Whether asking GitLab again with the same inputs can help.
pub fn recheck(trouble: &Trouble) -> Recheck {
    let soon = [
        Reason::Unreachable,
        Reason::TlsFailed,
        Reason::NotGitLab,
        Reason::CredentialForbidden,
        Reason::GitLabThrottled,
        Reason::KubernetesError,
        Reason::BrokenOff,
        Reason::Pending,
    ];
    if soon.contains(&trouble.reason) {
        Recheck::Soon
    } else {
        Recheck::OnChange
    }
}

/// How many looks in a row may come to nothing before a connection that worked is called broken: an
/// answer that is lost now and then is no reason to alarm everybody who uses it.
const TOLERATED: u32 = 2;

/// Whether a look that failed says nothing yet of a connection that worked the last time, after so
/// many others in a row that failed.
pub fn is_tolerable(trouble: &Trouble, failed_before: u32) -> bool {
    let unanswered = [
        Reason::Unreachable,
        Reason::NotGitLab,
        Reason::KubernetesError,
    ];
    unanswered.contains(&trouble.reason) && failed_before < TOLERATED
}

/// Whether a trouble passes by itself, as an outage does. While it may, the connection alone tells of
/// it, and what is said of its runners stays.
pub fn passes(trouble: &Trouble) -> bool {
    let passing = [
        Reason::Unreachable,
        Reason::NotGitLab,
        Reason::GitLabThrottled,
        Reason::BrokenOff,
        Reason::Pending,
    ];
    passing.contains(&trouble.reason)
}

/// Scopes too small to register with are a trouble, though GitLab accepts the token.
pub fn too_small(account: &Account) -> Option<Trouble> {
    let scopes = &account.token.as_ref()?.scopes;
    let has: Vec<&str> = scopes.iter().map(String::as_str).collect();
    (!account.can().register).then(|| {
        let has = if has.is_empty() {
            "none".to_owned()
        } else {
            has.join(", ")
        };
        Trouble::new(
            Reason::ScopeTooSmall,
            format!(
                "the token has the scopes {has}; it needs api, or create_runner and manage_runner"
            ),
        )
    })
}

/// The whole status of a connection. Equal input gives equal output.
pub fn connection_status(
    previous: &ConnectionStatus,
    generation: Option<i64>,
    account: Option<&Account>,
    trouble: Option<&Trouble>,
    now: Timestamp,
) -> ConnectionStatus {
    // In an outage what is known stays; of a refused credential nothing is known any more.
    let outage =
        account.is_none() && trouble.is_some_and(|trouble| recheck(trouble) == Recheck::Soon);
    let credential = match account {
        None => previous.credential.clone().filter(|_| outage),
        Some(account) => account.token.as_ref().map(|token| Credential {
            name: token.name.chars().take(1024).collect(),
            scopes: token.scopes.iter().take(32).cloned().collect(),
            expires_at: token.expires_at.map(|date| date.to_string()),
            admin: account.admin,
        }),
    };
    let verdicts = verdicts(credential.as_ref(), trouble, now);
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    ConnectionStatus {
        observed_generation: generation,
        conditions: merge(&previous.conditions, verdicts, generation, now),
        gitlab: match account {
            Some(account) => account.metadata.as_ref().map(|metadata| GitLab {
                version: metadata.version.chars().take(64).collect(),
                enterprise: metadata.enterprise,
            }),
            None => previous.gitlab.clone(),
        },
        credential,
        can: match account {
            Some(account) => account.can().words(),
            None if outage => previous.can.clone(),
            None => Vec::new(),
        },
        refused_tokens: previous.refused_tokens.clone(),
    }
}

fn verdicts(
    credential: Option<&Credential>,
    trouble: Option<&Trouble>,
    now: Timestamp,
) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    match trouble {
        None => {
            verdicts.push(Verdict::new(
                ConditionType::Ready,
                true,
                Reason::Succeeded,
                "",
            ));
        }
        Some(Trouble { reason, message }) => {
            let ready = if *reason == Reason::Pending {
                Truth::Unknown
            } else {
                Truth::False
            };
            verdicts.push(Verdict::new(ConditionType::Ready, ready, *reason, message));
            let about = match recheck(&Trouble::new(*reason, "")) {
                Recheck::Soon => ConditionType::Reconciling,
                Recheck::OnChange => ConditionType::Stalled,
            };
            verdicts.push(Verdict::new(about, true, *reason, message));
        }
    }
    match trouble {
        None => verdicts.push(Verdict::new(
            ConditionType::CredentialsValid,
            true,
            Reason::Accepted,
            "",
        )),
        Some(Trouble { reason, message }) if about_credential(*reason) => {
            verdicts.push(Verdict::new(
                ConditionType::CredentialsValid,
                false,
                *reason,
                message,
            ));
        }
        Some(Trouble { reason, .. }) => verdicts.push(Verdict::new(
            ConditionType::CredentialsValid,
            Truth::Unknown,
            *reason,
            "GitLab could not be asked",
        )),
    }
    verdicts.extend(expiring(credential, now));
    verdicts
}

fn about_credential(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::CredentialInvalid
            | Reason::CredentialExpired
            | Reason::CredentialRevoked
            | Reason::CredentialForbidden
            | Reason::ScopeTooSmall
            | Reason::SecretNotFound
            | Reason::SecretKeyMissing
    )
}

fn expiring(credential: Option<&Credential>, now: Timestamp) -> Option<Verdict> {
    let Credential {
        name, expires_at, ..
    } = credential?;
    let date: jiff::civil::Date = expires_at.as_ref()?.parse().ok()?;
    let end = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
    (end.duration_since(now) < EXPIRES_SOON).then(|| {
        let message = format!("the token {name:?} stops working on {date}");
        Verdict::new(
            ConditionType::CredentialsExpiring,
            true,
            Reason::ExpiresSoon,
            message,
        )
    })
}
