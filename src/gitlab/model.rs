//! GitLab's nouns as plain data. Nothing here can reach a network.
use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use super::access_token::AccessToken;
pub use super::life::TokenLife;
pub use super::note::{Identity, Note};
pub use super::release::{Metadata, Release};
pub use super::token::{RegistrationToken, RunnerToken};
pub use super::work::{Insight, Managers, RunningJobs};

/// GitLab's number for a runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunnerId(pub u64);

/// GitLab's number for a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(pub u64);

/// GitLab's number for a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProjectId(pub u64);

macro_rules! displayed_as_number {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
displayed_as_number!(RunnerId, GroupId, ProjectId);

/// Where a runner takes its jobs from; fixed at registration (contract §1.5, `runner_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Every project of the instance.
    Instance,
    /// The projects of one group and of its subgroups.
    Group(GroupId),
    /// One project, which owns the runner, and those it is assigned to later.
    Project(ProjectId),
}

impl Scope {
    /// GitLab's word for the type of runner that lives here.
    pub fn runner_type(self) -> &'static str {
        match self {
            Self::Instance => "instance_type",
            Self::Group(_) => "group_type",
            Self::Project(_) => "project_type",
        }
    }
}

/// Which refs a runner may take jobs from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// Any ref.
    NotProtected,
    /// Protected branches and tags only.
    RefProtected,
}

/// The settings of a runner that somebody has an opinion about; `None` is no opinion.
///
/// The same shape serves as what is wanted, as what must change, and as the body of a
/// registration: in each of them an absent field leaves GitLab's own value alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Free text, at most 1024 characters.
    pub description: Option<String>,
    /// Unordered on purpose: GitLab may answer in any order (contract §1.6).
    pub tags: Option<BTreeSet<String>>,
    /// Whether jobs without tags may run here.
    pub run_untagged: Option<bool>,
    /// Whether GitLab withholds new jobs.
    pub paused: Option<bool>,
    /// Whether the runner is closed to further projects.
    pub locked: Option<bool>,
    /// Which refs it serves.
    pub access_level: Option<AccessLevel>,
    /// Seconds a job may take; the inner `None` is no limit.
    pub maximum_timeout: Option<Option<u32>>,
    /// Free text for administrators, at most 1024 characters; our mark is at its end.
    pub maintenance_note: Option<String>,
}

/// A project as a runner's details name it (contract §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct ProjectRef {
    /// Its number.
    pub id: ProjectId,
    /// Its full path, such as `platform/tools/build`.
    #[serde(rename = "path_with_namespace")]
    pub path: String,
}

/// A runner as `GET /runners/:id` describes it (contract §2.2), defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Runner {
    /// Its number.
    pub id: RunnerId,
    /// `instance_type`, `group_type` or `project_type`.
    pub runner_type: String,
    /// Empty when GitLab holds null.
    pub description: String,
    /// Normalised by GitLab.
    pub tags: BTreeSet<String>,
    /// Whether jobs without tags may run here.
    pub run_untagged: bool,
    /// Whether GitLab withholds new jobs.
    pub paused: bool,
    /// Whether the runner is closed to further projects.
    pub locked: bool,
    /// Which refs it serves.
    pub access_level: AccessLevel,
    /// Seconds a job may take; `None` is no limit.
    pub maximum_timeout: Option<u32>,
    /// The note for administrators.
    pub maintenance_note: Note,
    /// The projects the caller can see it assigned to; `None` when the reply left them out.
    pub projects: Option<Vec<ProjectRef>>,
    /// The web address of the group that owns it, where it has one.
    pub group_url: Option<String>,
    /// `None` while no runner process has ever called.
    pub online: Option<bool>,
    /// GitLab's word (contract §1.7), such as `never_contacted`.
    pub status: String,
    /// The last call of a runner process, to the second: GraphQL shows no more.
    pub contacted_at: Option<Timestamp>,
    /// What its processes are doing, as far as GraphQL has told.
    pub insight: Insight,
}

/// What the path of a project leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// To this project.
    Here(ProjectId),
    /// To this one, which has another path now (contract §9.1).
    Moved(ProjectId),
    /// To none, or none that the credential may see.
    Unknown,
}

/// A runner as a list names it (contract §2.1): too little to judge drift by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ListedRunner {
    /// Its number.
    pub id: RunnerId,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
    /// `None` while no runner process has ever called. In a row that GraphQL gives, `Some(false)` may
    /// mean as well that one has called at an unknown time.
    #[serde(default)]
    pub online: Option<bool>,
    /// Whether GitLab withholds new jobs; absent before 14.8.
    #[serde(default)]
    pub paused: Option<bool>,
    /// GitLab's word, as in [`Runner::status`].
    #[serde(default)]
    pub status: Option<String>,
    /// The note for administrators, which no list of REST shows.
    #[serde(skip)]
    pub note: Note,
}

/// What a search for runners came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Newest first.
    pub runners: Vec<Runner>,
    /// Whether every runner that fits the description was read, note and all, or without a
    /// description every runner that can be meant. Otherwise there were too many of them, and that
    /// nothing was found says nothing.
    pub complete: bool,
}

/// Everything `POST /user/runners` is told (contract §3.20).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRunner {
    /// Where it lives, by number: GitLab takes no paths here.
    pub scope: Scope,
    /// What it should be like from the start.
    pub settings: Settings,
    /// How long its first token lives, if GitLab is told.
    pub life: Option<TokenLife>,
}

impl NewRunner {
    /// One whose token lives for as long as GitLab likes.
    pub const fn new(scope: Scope, settings: Settings) -> Self {
        Self {
            scope,
            settings,
            life: None,
        }
    }
}

/// What registering a runner gives (contract §2.3): the only time its token is shown.
#[derive(Debug, Deserialize)]
pub struct Registered {
    /// Its number.
    pub id: RunnerId,
    /// Its token.
    pub token: RunnerToken,
    /// When GitLab will stop accepting the token; `None` is never.
    #[serde(default)]
    pub token_expires_at: Option<Timestamp>,
}

/// What resetting a runner's token gives (contract §2.4).
#[derive(Debug, Deserialize)]
pub struct FreshToken {
    /// The new token; the old one stopped working at once.
    pub token: RunnerToken,
    /// When GitLab will stop accepting the token; `None` is never.
    #[serde(default)]
    pub token_expires_at: Option<Timestamp>,
}

/// The user whose credential it is (contract §3.24).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The name after the `@`.
    #[serde(default)]
    pub username: Option<String>,
    /// Whether the user is an administrator.
    #[serde(default, rename = "is_admin")]
    pub admin: bool,
}
