//! Fine-grained access tokens: permissions at boundaries (contract §8).
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Caller, GitLab, GroupId, Namespace, ProjectId, Runner, RunnerType, Scope, TokenKind};

/// What one may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "GitLab's own words, each told in contract §8.1"
)]
pub enum Permission {
    ReadRunner,
    UpdateRunner,
    DeleteRunner,
    CreateRunner,
    AssignRunner,
    ResetRunnerRegistrationToken,
    ReadPersonalAccessToken,
    RotatePersonalAccessToken,
    ReadUser,
    ReadMetadata,
    ReadGroup,
    ReadProject,
}

impl Permission {
    /// How a refusal names it.
    pub fn title(self) -> &'static str {
        match self {
            Self::ReadRunner => "Runner: Read",
            Self::UpdateRunner => "Runner: Update",
            Self::DeleteRunner => "Runner: Delete",
            Self::CreateRunner => "Runner: Create",
            Self::AssignRunner => "Runner: Assign",
            Self::ResetRunnerRegistrationToken => "Runner Registration Token: Reset",
            Self::ReadPersonalAccessToken => "Personal Access Token: Read",
            Self::RotatePersonalAccessToken => "Personal Access Token: Rotate",
            Self::ReadUser => "User: Read",
            Self::ReadMetadata => "Metadata: Read",
            Self::ReadGroup => "Group: Read",
            Self::ReadProject => "Project: Read",
        }
    }
}

/// Where a permission is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boundary {
    /// At the user itself.
    User,
    /// At the instance.
    Instance,
    /// At a group.
    Group(GroupId),
    /// At a project.
    Project(ProjectId),
}

impl Boundary {
    /// How a refusal names it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Instance => "instance",
            Self::Group(_) => "group",
            Self::Project(_) => "project",
        }
    }
}

/// Which boundaries a grant covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantAccess {
    /// The project or the group that is named, with all below the latter.
    SelectedMemberships,
    /// The projects in the user's own namespace.
    PersonalProjects,
    /// Every group and project that the user is a member of.
    AllMemberships,
    /// The user.
    User,
    /// The instance.
    Instance,
}

/// One entry of a fine-grained token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) access: GrantAccess,
    pub(crate) permissions: BTreeSet<Permission>,
    pub(crate) group: Option<GroupId>,
    pub(crate) project: Option<ProjectId>,
}

impl GitLab {
    /// Whether fine-grained tokens exist at all: they are general since 19.2.
    pub(crate) fn knows_granular(&self) -> bool {
        self.since(super::facts::GRANULAR_TOKENS)
    }

    /// Whether the caller's token is a fine-grained one.
    pub(crate) fn is_granular(&self, caller: &Caller) -> bool {
        self.knows_granular() && caller.token.scopes == [Scope::Granular]
    }

    /// Whether the caller's token lets it do something at a boundary, whatever its user may do. A
    /// classic token is asked only where fine-grained ones are enforced.
    pub(crate) fn token_permits(
        &self,
        caller: &Caller,
        permission: Permission,
        boundary: Boundary,
    ) -> bool {
        if self.is_granular(caller) {
            let grants = &caller.token.grants;
            let switched_on = caller.user.granular_tokens;
            grants.iter().filter(|_| switched_on).any(|grant| {
                grant.permissions.contains(&permission) && self.covers(grant, caller, boundary)
            })
        } else {
            !self.is_enforced(caller, boundary)
        }
    }

    fn covers(&self, grant: &Grant, caller: &Caller, boundary: Boundary) -> bool {
        let user = caller.user.id;
        match (grant.access, boundary) {
            (GrantAccess::User, Boundary::User) | (GrantAccess::Instance, Boundary::Instance) => {
                true
            }
            (GrantAccess::SelectedMemberships, Boundary::Group(group)) => grant
                .group
                .is_some_and(|granted| self.is_within(group, granted)),
            (GrantAccess::SelectedMemberships, Boundary::Project(id)) => {
                let project = self.projects.get(&id);
                let above = project.map(|project| self.groups_above(project));
                let mut above = above.unwrap_or_default().into_iter();
                grant.project == Some(id) || above.any(|group| grant.group == Some(group.id))
            }
            (GrantAccess::AllMemberships, Boundary::Group(group)) => {
                self.group_role(user, group).is_some()
            }
            (GrantAccess::AllMemberships, Boundary::Project(id)) => {
                let project = self.projects.get(&id);
                project.is_some_and(|project| self.project_role(user, project).is_some())
            }
            (GrantAccess::PersonalProjects, Boundary::Project(id)) => self
                .projects
                .get(&id)
                .is_some_and(|project| project.namespace == Namespace::User(user)),
            (
                GrantAccess::SelectedMemberships
                | GrantAccess::PersonalProjects
                | GrantAccess::AllMemberships
                | GrantAccess::User
                | GrantAccess::Instance,
                Boundary::User | Boundary::Instance | Boundary::Group(_) | Boundary::Project(_),
            ) => false,
        }
    }

    /// Contract §8.3: a classic token of a human, where a top-level group wants fine-grained ones.
    fn is_enforced(&self, caller: &Caller, boundary: Boundary) -> bool {
        let above = match boundary {
            Boundary::User | Boundary::Instance => Vec::new(),
            Boundary::Group(group) => self.ancestry(group),
            Boundary::Project(id) => {
                let project = self.projects.get(&id);
                project
                    .map(|own| self.groups_above(own))
                    .unwrap_or_default()
            }
        };
        self.knows_granular()
            && self.is_classic_of_human(caller)
            && above.last().is_some_and(|top| top.granular_tokens_enforced)
    }

    /// Bots, and OAuth tokens, are let off.
    pub(crate) fn is_classic_of_human(&self, caller: &Caller) -> bool {
        !self.is_granular(caller) && !caller.user.bot && caller.token.kind == TokenKind::Personal
    }

    /// Whether the caller may know that a boundary is there.
    pub(crate) fn knows_of(&self, caller: &Caller, boundary: Boundary) -> bool {
        match boundary {
            Boundary::User | Boundary::Instance => true,
            Boundary::Group(id) => self
                .groups
                .get(&id)
                .is_some_and(|group| self.can_read_group(Some(caller), group)),
            Boundary::Project(id) => self
                .projects
                .get(&id)
                .is_some_and(|project| self.can_read_project(Some(caller), project)),
        }
    }
}

impl Runner {
    /// Where it is at home; nowhere if it has lost its last project.
    pub(crate) fn home(&self) -> Option<Boundary> {
        match self.runner_type {
            RunnerType::Instance => Some(Boundary::Instance),
            RunnerType::Group => self.group.map(Boundary::Group),
            RunnerType::Project => self.owner_project().map(Boundary::Project),
        }
    }
}
