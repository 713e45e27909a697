//! Access tokens of people and bots (contract §1.2, §1.10, §3.22).
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    Grant, Secret,
    ids::{TokenId, UserId},
};

/// What a token opens (contract §1.2). Scopes that no endpoint here asks for exist too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "GitLab's own words, each told in contract §1.2"
)]
pub enum Scope {
    Api,
    ReadApi,
    CreateRunner,
    ManageRunner,
    ReadUser,
    SelfRotate,
    AdminMode,
    ReadRepository,
    WriteRepository,
    ReadRegistry,
    WriteRegistry,
    ReadVirtualRegistry,
    WriteVirtualRegistry,
    ReadObservability,
    WriteObservability,
    AiFeatures,
    K8sProxy,
    Sudo,
    ReadServicePing,
    Granular,
}

impl Scope {
    /// GitLab's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::ReadApi => "read_api",
            Self::CreateRunner => "create_runner",
            Self::ManageRunner => "manage_runner",
            Self::ReadUser => "read_user",
            Self::SelfRotate => "self_rotate",
            Self::AdminMode => "admin_mode",
            Self::ReadRepository => "read_repository",
            Self::WriteRepository => "write_repository",
            Self::ReadRegistry => "read_registry",
            Self::WriteRegistry => "write_registry",
            Self::ReadVirtualRegistry => "read_virtual_registry",
            Self::WriteVirtualRegistry => "write_virtual_registry",
            Self::ReadObservability => "read_observability",
            Self::WriteObservability => "write_observability",
            Self::AiFeatures => "ai_features",
            Self::K8sProxy => "k8s_proxy",
            Self::Sudo => "sudo",
            Self::ReadServicePing => "read_service_ping",
            Self::Granular => "granular",
        }
    }
}

/// What kind of token a string is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A personal access token, or a project's or group's, which belongs to a bot.
    #[default]
    Personal,
    /// An OAuth access token, which has no `/personal_access_tokens/self`.
    Oauth,
}

/// A token with which a user calls the API.
#[derive(Clone, Debug)]
pub(crate) struct AccessToken {
    /// Its number.
    pub id: TokenId,
    /// What it was called by its maker.
    pub name: String,
    /// What it is for, if somebody said.
    pub description: Option<String>,
    /// The string.
    pub token: Secret,
    /// Whose it is.
    pub user: UserId,
    /// Personal or OAuth.
    pub kind: TokenKind,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// What a fine-grained token is granted; rotation keeps it (contract §8.1).
    pub grants: Vec<Grant>,
    /// The first day on which it no longer works.
    pub expires_at: Option<Date>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// The first token of the chain of rotations that it belongs to (contract §1.10).
    pub family: TokenId,
}

impl AccessToken {
    /// Whether its time is over: it works until midnight UTC of its expiry date.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        self.expires_at.is_some_and(|date| date <= today)
    }

    /// Whether it can be used.
    pub(crate) fn is_active(&self, now: Timestamp) -> bool {
        !self.revoked && !self.is_expired(now)
    }
}
