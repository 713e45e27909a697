//! Groups and projects.
use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    Secret,
    ids::{GroupId, OrganizationId, ProjectId, UserId},
    user::Role,
};

/// Who can see a group or project.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Members only.
    #[default]
    Private,
    /// Anyone signed in who is not external.
    Internal,
    /// Anyone.
    Public,
}

impl Visibility {
    /// GitLab's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }
}

/// A group or subgroup.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in GitLab"
)]
pub(crate) struct Group {
    /// Its number.
    pub id: GroupId,
    /// Its name for humans.
    pub name: String,
    /// The last part of its path.
    pub path: String,
    /// The group above it.
    pub parent: Option<GroupId>,
    /// Where it belongs.
    pub organization: OrganizationId,
    /// What it is for.
    pub description: String,
    /// Who can see it.
    pub visibility: Visibility,
    /// Direct members; roles are inherited downwards.
    pub members: BTreeMap<UserId, Role>,
    /// Its registration token.
    pub runners_token: Secret,
    /// Whether runners may be registered here by other than administrators (contract §3.20);
    /// for projects below, the top-level group's word counts.
    pub runner_registration_enabled: bool,
    /// Whether registration tokens are allowed here (contract §3.14).
    pub allow_runner_registration_token: bool,
    /// Whether instance runners serve it.
    pub shared_runners_enabled: bool,
    /// Seconds after which tokens of its own runners expire (contract §4).
    pub runner_token_expiration_interval: Option<i64>,
    /// The same for the runners of the groups below it.
    pub subgroup_runner_token_expiration_interval: Option<i64>,
    /// The same for project runners below it.
    pub project_runner_token_expiration_interval: Option<i64>,
    /// Whether it is put away for good (contract §9.2).
    pub archived: bool,
    /// When it was marked for deletion, if it was (contract §9.3).
    pub marked_for_deletion_on: Option<Date>,
    /// Whether classic tokens of humans are refused in it and below; the word of a top-level group
    /// counts (contract §8.3).
    pub granular_tokens_enforced: bool,
    /// Since when it exists.
    pub created_at: Timestamp,
}

/// Where a project lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// In a group.
    Group(GroupId),
    /// In a user's own namespace.
    User(UserId),
}

/// A project.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in GitLab"
)]
pub(crate) struct Project {
    /// Its number.
    pub id: ProjectId,
    /// Its name for humans.
    pub name: String,
    /// The last part of its path.
    pub path: String,
    /// Where it lives.
    pub namespace: Namespace,
    /// Where it belongs.
    pub organization: OrganizationId,
    /// What it is for.
    pub description: Option<String>,
    /// What it is about.
    pub topics: Vec<String>,
    /// Who can see it.
    pub visibility: Visibility,
    /// Direct members.
    pub members: BTreeMap<UserId, Role>,
    /// Its registration token.
    pub runners_token: Secret,
    /// Whether runners may be registered here by other than administrators.
    pub runner_registration_enabled: bool,
    /// Whether its groups' runners serve it.
    pub group_runners_enabled: bool,
    /// Whether instance runners serve it.
    pub shared_runners_enabled: bool,
    /// Seconds after which tokens of its runners expire (contract §4).
    pub runner_token_expiration_interval: Option<i64>,
    /// Whether it is put away for good (contract §9.2).
    pub archived: bool,
    /// When it was marked for deletion, if it was (contract §9.3).
    pub marked_for_deletion_on: Option<Date>,
    /// Since when it exists.
    pub created_at: Timestamp,
}
