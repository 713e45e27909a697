//! Runners and the machines behind them.
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Secret,
    ids::{GroupId, ManagerId, OrganizationId, ProjectId, RunnerId, UserId},
};

/// Where a runner takes its jobs from; never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RunnerType {
    /// Every project of the instance.
    #[serde(rename = "instance_type", alias = "instance")]
    Instance,
    /// One group and what is below it.
    #[serde(rename = "group_type", alias = "group")]
    Group,
    /// One or more projects.
    #[serde(rename = "project_type", alias = "project")]
    Project,
}

impl RunnerType {
    /// GitLab's words, in the order of its enumeration.
    pub const WORDS: &'static [&'static str] = &["instance_type", "group_type", "project_type"];

    /// GitLab's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Instance => "instance_type",
            Self::Group => "group_type",
            Self::Project => "project_type",
        }
    }

    /// The marker that tokens of about 17.9 carry (contract §3.20).
    pub fn marker(self) -> &'static str {
        match self {
            Self::Instance => "t1_",
            Self::Group => "t2_",
            Self::Project => "t3_",
        }
    }
}

/// Which refs a runner serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// Any.
    #[default]
    NotProtected,
    /// Protected branches and tags only.
    RefProtected,
}

impl AccessLevel {
    /// GitLab's words.
    pub const WORDS: &'static [&'static str] = &["not_protected", "ref_protected"];

    /// GitLab's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotProtected => "not_protected",
            Self::RefProtected => "ref_protected",
        }
    }
}

/// How far the setting up of a runner or manager has come (contract §1.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreationState {
    /// Made, and not yet heard of.
    #[default]
    Started,
    /// In use.
    Finished,
}

/// How a runner came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RegistrationType {
    /// By `POST /runners`.
    RegistrationToken,
    /// By `POST /user/runners`.
    AuthenticatedUser,
}

/// A runner: what GitLab knows of it, not the program.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "`runner_type` is GitLab's word, and `type` is Rust's"
)]
pub(crate) struct Runner {
    /// Its number.
    pub id: RunnerId,
    /// Where it takes jobs from.
    pub runner_type: RunnerType,
    /// Free text.
    pub description: Option<String>,
    /// `info.name` of a registration by token.
    pub name: Option<String>,
    /// The opposite of paused.
    pub active: bool,
    /// Closed to further projects.
    pub locked: bool,
    /// Takes jobs without tags.
    pub run_untagged: bool,
    /// Which refs it serves.
    pub access_level: AccessLevel,
    /// Seconds; none is no limit of its own.
    pub maximum_timeout: Option<i64>,
    /// For administrators.
    pub maintenance_note: Option<String>,
    /// In the order they were given.
    pub tags: Vec<String>,
    /// The group of a group runner.
    pub group: Option<GroupId>,
    /// The projects of a project runner, oldest association first: the first one owns it.
    pub projects: Vec<ProjectId>,
    /// Since when each of them has been its project.
    pub assigned_at: BTreeMap<ProjectId, Timestamp>,
    /// Whose organisation it is.
    pub organization: OrganizationId,
    /// Its authentication token.
    pub token: Secret,
    /// When the token stops working.
    pub token_expires_at: Option<Timestamp>,
    /// When the token can no longer be reset (18.10, EE).
    pub token_rotation_deadline: Option<Timestamp>,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The last contact as replies show it: the cached value (contract §1.7).
    pub contacted_at: Option<Timestamp>,
    /// The last contact as filters see it: written only now and then (contract §1.7).
    pub stored_contacted_at: Option<Timestamp>,
    /// The address of the last contact; shown by old releases only.
    pub ip_address: Option<String>,
    /// How far it has come.
    pub creation_state: CreationState,
    /// How it came about.
    pub registration_type: RegistrationType,
    /// Who made it by `POST /user/runners`.
    pub creator: Option<UserId>,
    /// Changes whenever pollers should look again: `X-GitLab-Last-Update` (contract §3.6, §3.25).
    pub queue_tick: u64,
}

impl Runner {
    /// The project that owns it: the one with the oldest association (contract §4).
    pub(crate) fn owner_project(&self) -> Option<ProjectId> {
        self.projects.first().copied()
    }

    /// Whether its token still works.
    pub(crate) fn token_works(&self, now: Timestamp) -> bool {
        self.token_expires_at.is_none_or(|end| end > now)
    }

    /// Its tags as a later read shows them: not in the order given (contract §1.6, 4).
    pub(crate) fn tags_as_stored(&self) -> Vec<String> {
        let mut tags = self.tags.clone();
        tags.sort();
        tags
    }

    /// The first letters of its token that GitLab shows (contract §5.3, `shortSha`).
    pub(crate) fn short_sha(&self, short: bool) -> String {
        let token = self.token.expose();
        // The instance may have put a prefix of its own before `glrt-`.
        let by_user = token
            .split_once("glrt-")
            .filter(|(prefix, _)| prefix.is_empty() || prefix.ends_with('-'))
            .map(|(_, bare)| bare);
        let bare = by_user.or_else(|| token.strip_prefix("glrtr-"));
        let bare = bare.unwrap_or(token);
        let bare = ["t1_", "t2_", "t3_"]
            .iter()
            .find_map(|marker| bare.strip_prefix(marker))
            .unwrap_or(bare);
        let length = if short { 8 } else { 9 };
        bare.chars().take(length).collect()
    }
}

/// One machine that uses a runner's token (contract §2.5).
#[derive(Clone, Debug)]
pub(crate) struct Manager {
    /// Its number.
    pub id: ManagerId,
    /// Whose token it uses.
    pub runner: RunnerId,
    /// What it calls itself; `<legacy>` when it said nothing.
    pub system_id: String,
    /// Of gitlab-runner.
    pub version: Option<String>,
    /// Of gitlab-runner.
    pub revision: Option<String>,
    /// Such as `linux`.
    pub platform: Option<String>,
    /// Such as `amd64`.
    pub architecture: Option<String>,
    /// Such as `kubernetes`.
    pub executor: Option<String>,
    /// Its address.
    pub ip_address: Option<String>,
    /// Since when it is known; GitLab's `updated_at` too, since a contact writes columns past that.
    pub created_at: Timestamp,
    /// Its last contact.
    pub contacted_at: Option<Timestamp>,
    /// How far it has come.
    pub creation_state: CreationState,
}
