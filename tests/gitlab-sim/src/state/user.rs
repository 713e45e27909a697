//! People and bots.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// What a member may do; the numbers are GitLab's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 10.
    Guest,
    /// 20.
    Reporter,
    /// 30.
    Developer,
    /// 40.
    Maintainer,
    /// 50.
    Owner,
}

/// Whether a user may use the API (contract §1.3, 403).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// May.
    #[default]
    Active,
    /// Blocked by an administrator.
    Blocked,
    /// Deactivated for inactivity.
    Deactivated,
    /// Has not accepted the terms of service.
    TermsNotAccepted,
}

impl UserState {
    /// Why the API is closed to such a user.
    pub fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Active => None,
            Self::Blocked => Some("Your account has been blocked."),
            Self::Deactivated => Some(
                "Your account has been deactivated by your administrator. \
                 Please log back in to reactivate your account.",
            ),
            Self::TermsNotAccepted => Some(
                "You must accept the Terms of Service in order to perform this action. \
                 To accept these terms, please access GitLab from a web browser.",
            ),
        }
    }
}

/// A person, or the bot behind a project or group access token.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own in GitLab"
)]
pub(crate) struct User {
    /// Its number.
    pub id: UserId,
    /// Its handle.
    pub username: String,
    /// Its name for humans.
    pub name: String,
    /// Its address.
    pub email: String,
    /// Whether it administers the instance.
    pub admin: bool,
    /// Whether it may read everything (EE).
    pub auditor: bool,
    /// Whether it sees only what it is a member of, even where that is internal.
    pub external: bool,
    /// Whether it is the bot behind a project or group access token.
    pub bot: bool,
    /// Whether it may use the API.
    pub state: UserState,
    /// Whether fine-grained tokens are switched on for it (contract §8.2).
    pub granular_tokens: bool,
    /// Since when it exists.
    pub created_at: Timestamp,
}
