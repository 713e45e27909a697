//! What is known and what is wrong of a connection, and its whole status.
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::can::Can;
use super::quoted::quoted;
use super::trouble::{Recheck, Trouble, is_stalled, recheck};
use crate::api::conditions::{ConditionType, Reason, Truth, Verdict, merge};
use crate::api::v1alpha1::{ConnectionStatus, Credential, GitLab, start_of_day};
use crate::gitlab::model::{AccessToken, Metadata};

/// How long before a token's end its owner is told.
const EXPIRES_SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long before it they are told once more.
const LAST_CALL: SignedDuration = SignedDuration::from_hours(24);

/// What GitLab said about the credential and itself, as far as the credential may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The token about itself; `None` for one that is no personal, group or project access token, or
    /// may not say.
    pub token: Option<AccessToken>,
    /// What a fine-grained token may not do of what the connection asks, in GitLab's words.
    pub lacks: Vec<String>,
    /// The instance about itself.
    pub metadata: Option<Metadata>,
    /// Whether the token's owner is an administrator.
    pub admin: Option<bool>,
    /// The name of the token's owner.
    pub username: Option<String>,
}

impl Account {
    /// What the credential opens.
    pub fn can(&self) -> Can {
        match &self.token {
            Some(token) => Can::from_scopes(&token.scopes),
            // Only a fine-grained token may not even tell of itself.
            None if !self.lacks.is_empty() => Can::GRANULAR,
            None => Can::ALL,
        }
    }

    /// What is to be known of a credential that GitLab accepts.
    fn note(&self) -> String {
        let can = self.can();
        if !can.reads() {
            return "the token may register runners and no more: they are removed by their own tokens, and neither looked at nor changed, and a token that is lost is not replaced".to_owned();
        }
        if !can.granular {
            return String::new();
        }
        let lacks: Vec<String> = self.lacks.iter().map(|lack| format!("; {lack}")).collect();
        format!(
            "a fine-grained token, of which GitLab alone knows what it may{}",
            lacks.concat()
        )
    }
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
            expires_at: token.expires_at.and_then(start_of_day).map(Time),
            admin: account.admin,
        }),
    };
    let note = account.map(Account::note).unwrap_or_default();
    let verdicts = verdicts(credential.as_ref(), trouble, note, now);
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
        looking: previous.looking.clone(),
        credential_rotation: previous.credential_rotation.clone(),
        refused_tokens: previous.refused_tokens.clone(),
        last_handled_reconcile_at: previous.last_handled_reconcile_at.clone(),
    }
}

fn verdicts(
    credential: Option<&Credential>,
    trouble: Option<&Trouble>,
    note: String,
    now: Timestamp,
) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    match trouble {
        None => {
            verdicts.push(Verdict::new(
                ConditionType::Ready,
                true,
                Reason::Succeeded,
                "GitLab accepts the credential",
            ));
        }
        Some(trouble) => {
            let Trouble { reason, message } = trouble;
            let ready = if *reason == Reason::Pending {
                Truth::Unknown
            } else {
                Truth::False
            };
            verdicts.push(Verdict::new(ConditionType::Ready, ready, *reason, message));
            let about = if is_stalled(trouble) {
                ConditionType::Stalled
            } else {
                ConditionType::Reconciling
            };
            verdicts.push(Verdict::new(about, true, *reason, message));
        }
    }
    match trouble {
        None => verdicts.push(Verdict::new(
            ConditionType::CredentialsValid,
            true,
            Reason::Accepted,
            note,
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
            | Reason::CredentialReplaced
            | Reason::RotationUnclear
            | Reason::SecretNotFound
            | Reason::SecretKeyMissing
    )
}

fn expiring(credential: Option<&Credential>, now: Timestamp) -> Option<Verdict> {
    let Credential {
        name, expires_at, ..
    } = credential?;
    let end = expires_at.as_ref()?.0;
    let left = end.duration_since(now);
    let level = if left < LAST_CALL {
        "within a day"
    } else {
        "within seven days"
    };
    (left < EXPIRES_SOON).then(|| {
        let date = end.to_zoned(TimeZone::UTC).date();
        let message = format!(
            "the token {} stops working on {date}, {level}: make another, and put it into the Secret that spec.credentialsSecretRef names",
            quoted(name)
        );
        Verdict::new(
            ConditionType::CredentialsExpiring,
            true,
            Reason::ExpiresSoon,
            message,
        )
    })
}
