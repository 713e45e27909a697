//! Who may see and do what (the policies behind contract §3).
use super::{
    AccessToken, GitLab, Group, GroupId, Namespace, Project, Registrar, Role, Runner, RunnerType,
    User, UserId, Visibility, facts,
};

/// Who sends a request, once its token was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The user behind the token.
    pub(crate) user: User,
    /// The token itself.
    pub(crate) token: AccessToken,
    /// Whether administrator's rights are in force: an administrator, and with Admin Mode on, a
    /// token with the scope `admin_mode` (contract §1.2).
    pub(crate) admin: bool,
}

impl Caller {
    /// Whether the caller may read everything.
    pub(crate) fn reads_all(&self) -> bool {
        self.admin || self.user.auditor
    }
}

impl GitLab {
    /// A group and the groups above it, nearest first.
    pub(crate) fn ancestry(&self, group: GroupId) -> Vec<&Group> {
        let mut chain = Vec::new();
        let mut next = self.groups.get(&group);
        while let Some(group) = next {
            chain.push(group);
            next = group.parent.and_then(|parent| self.groups.get(&parent));
        }
        chain
    }

    /// Whether `group` is `above` or lies somewhere below it.
    pub(crate) fn is_within(&self, group: GroupId, above: GroupId) -> bool {
        self.ancestry(group)
            .iter()
            .any(|ancestor| ancestor.id == above)
    }

    /// The groups that a project lies in, nearest first.
    pub(crate) fn groups_above(&self, project: &Project) -> Vec<&Group> {
        match project.namespace {
            Namespace::Group(group) => self.ancestry(group),
            Namespace::User(_) => Vec::new(),
        }
    }

    /// A user's role in a group: the highest of its own and the inherited ones.
    pub(crate) fn group_role(&self, user: UserId, group: GroupId) -> Option<Role> {
        self.ancestry(group)
            .iter()
            .filter_map(|group| group.members.get(&user).copied())
            .max()
    }

    /// A user's role in a project; the owner of its namespace is its owner.
    pub(crate) fn project_role(&self, user: UserId, project: &Project) -> Option<Role> {
        let own = project.members.get(&user).copied();
        let inherited = match project.namespace {
            Namespace::Group(group) => self.group_role(user, group),
            Namespace::User(owner) => (owner == user).then_some(Role::Owner),
        };
        own.max(inherited)
    }

    /// Whether the caller has at least a role in a group; administrators have every role.
    pub(crate) fn has_group_role(&self, caller: &Caller, group: GroupId, role: Role) -> bool {
        caller.admin || self.group_role(caller.user.id, group) >= Some(role)
    }

    /// Whether the caller has at least a role in a project; administrators have every role.
    pub(crate) fn has_project_role(&self, caller: &Caller, project: &Project, role: Role) -> bool {
        caller.admin || self.project_role(caller.user.id, project) >= Some(role)
    }

    /// Whether a project exists for the caller at all.
    pub(crate) fn can_read_project(&self, caller: Option<&Caller>, project: &Project) -> bool {
        sees(caller, project.visibility)
            || caller.is_some_and(|caller| {
                caller.reads_all() || self.project_role(caller.user.id, project).is_some()
            })
    }

    /// Whether a group exists for the caller; a member of a project below sees it too.
    pub(crate) fn can_read_group(&self, caller: Option<&Caller>, group: &Group) -> bool {
        sees(caller, group.visibility)
            || caller.is_some_and(|caller| {
                caller.reads_all()
                    || self.group_role(caller.user.id, group.id).is_some()
                    || self.is_member_below(caller.user.id, group.id)
            })
    }

    fn is_member_below(&self, user: UserId, above: GroupId) -> bool {
        self.projects.values().any(|project| {
            self.project_role(user, project).is_some()
                && self
                    .groups_above(project)
                    .iter()
                    .any(|group| group.id == above)
        })
    }

    /// Contract §3.3: who may look at a runner; before rights went by type, whoever may change a
    /// group's runner, and nobody else of the group (§11).
    pub(crate) fn can_read_runner(&self, caller: &Caller, runner: &Runner) -> bool {
        if caller.reads_all() {
            return true;
        }
        match runner.runner_type {
            RunnerType::Instance => true,
            RunnerType::Project => self.maintains_any_project_of(caller, runner),
            RunnerType::Group if !self.since(facts::RIGHTS_BY_TYPE) => {
                self.can_update_runner(caller, runner)
            }
            RunnerType::Group => runner.group.is_some_and(|group| {
                self.has_group_role(caller, group, Role::Maintainer)
                    || self.maintains_project_below(caller, group)
            }),
        }
    }

    fn maintains_any_project_of(&self, caller: &Caller, runner: &Runner) -> bool {
        runner
            .projects
            .iter()
            .filter_map(|id| self.projects.get(id))
            .any(|project| self.has_project_role(caller, project, Role::Maintainer))
    }

    fn maintains_project_below(&self, caller: &Caller, above: GroupId) -> bool {
        self.projects.values().any(|project| {
            project.group_runners_enabled
                && self.has_project_role(caller, project, Role::Maintainer)
                && self
                    .groups_above(project)
                    .iter()
                    .any(|group| group.id == above)
        })
    }

    /// Contract §3.6: who may change a runner or reset its token.
    pub(crate) fn can_update_runner(&self, caller: &Caller, runner: &Runner) -> bool {
        match runner.runner_type {
            _ if caller.admin => true,
            RunnerType::Instance => false,
            RunnerType::Group => runner.group.is_some_and(|group| {
                self.has_group_role(caller, group, Role::Owner) && !self.is_archived(group)
            }),
            RunnerType::Project => self.maintains_any_project_of(caller, runner),
        }
    }

    /// Contract §9.2: from an archived group the rights on its runners are taken; reading goes on.
    pub(crate) fn is_archived(&self, group: GroupId) -> bool {
        let known = self.since(facts::ARCHIVED_GROUPS);
        known && self.groups.get(&group).is_some_and(|group| group.archived)
    }

    /// Contract §3.7: who may delete a runner, if the number of its projects allows it.
    pub(crate) fn can_delete_runner(&self, caller: &Caller, runner: &Runner) -> bool {
        match runner.runner_type {
            RunnerType::Project if self.since(facts::RIGHTS_BY_TYPE) => {
                caller.admin
                    || runner
                        .owner_project()
                        .and_then(|id| self.projects.get(&id))
                        .is_some_and(|owner| self.has_project_role(caller, owner, Role::Maintainer))
            }
            RunnerType::Instance | RunnerType::Group | RunnerType::Project => {
                self.can_update_runner(caller, runner)
            }
        }
    }

    /// Contract §3.12: who may give a runner to another project, if the lock allows it.
    pub(crate) fn can_assign_runner(&self, caller: &Caller, runner: &Runner) -> bool {
        runner.runner_type == RunnerType::Project && self.can_update_runner(caller, runner)
    }

    /// Contract §3.8: who may see a runner's jobs.
    pub(crate) fn can_read_builds(&self, caller: &Caller, runner: &Runner) -> bool {
        match runner.runner_type {
            _ if caller.reads_all() => true,
            RunnerType::Instance => false,
            RunnerType::Group => runner.group.is_some_and(|group| {
                let maintainer = self.since(facts::GROUP_JOBS_MAINTAINER);
                self.has_group_role(caller, group, maintainer_or_owner(maintainer))
            }),
            RunnerType::Project => self.maintains_any_project_of(caller, runner),
        }
    }

    /// Contract §3.10: who may list a project's runners. Auditors since NEW.
    pub(crate) fn can_read_project_runners(&self, caller: &Caller, project: &Project) -> bool {
        self.has_project_role(caller, project, Role::Maintainer)
            || (caller.user.auditor && self.since(facts::AUDITORS_LIST))
    }

    /// Contract §3.11: who may list a group's runners: Owners, and by 18.0 Maintainers. Auditors
    /// since NEW.
    pub(crate) fn can_read_group_runners(&self, caller: &Caller, group: GroupId) -> bool {
        let maintainer = self.since(facts::GROUP_LIST_MAINTAINER);
        self.has_group_role(caller, group, maintainer_or_owner(maintainer))
            || (caller.user.auditor && self.since(facts::AUDITORS_LIST))
    }

    /// Contract §3.20: who may create runners in a group.
    pub(crate) fn can_create_group_runner(&self, caller: &Caller, group: &Group) -> bool {
        if self.is_archived(group.id) {
            return false;
        }
        caller.admin
            || (self.has_group_role(caller, group.id, Role::Owner)
                && self.settings.lets_register(Registrar::Group)
                && self
                    .ancestry(group.id)
                    .iter()
                    .all(|group| group.runner_registration_enabled))
    }

    /// Contract §3.20: who may create runners in a project, or have one assigned (§3.12).
    pub(crate) fn can_create_project_runner(&self, caller: &Caller, project: &Project) -> bool {
        caller.admin
            || (self.has_project_role(caller, project, Role::Maintainer)
                && self.settings.lets_register(Registrar::Project)
                && project.runner_registration_enabled
                && self
                    .groups_above(project)
                    .last()
                    .is_none_or(|top| top.runner_registration_enabled))
    }

    /// Contract §3.14, §3.19: whether registration tokens work below these groups, nearest first;
    /// beside the instance the top-level group is asked, since both have a switch (16.0).
    pub(crate) fn registration_tokens_work(&self, above: &[&Group]) -> bool {
        let allows = |top: &&Group| top.allow_runner_registration_token;
        !self.since(facts::REGISTRATION_SWITCH)
            || (self.settings.registration_tokens_allowed() && above.last().is_none_or(allows))
    }
}

/// The role that is asked for, be it the one that a later release lowered it to.
fn maintainer_or_owner(maintainer: bool) -> Role {
    if maintainer {
        Role::Maintainer
    } else {
        Role::Owner
    }
}

/// Whether a visibility alone opens something to the caller.
fn sees(caller: Option<&Caller>, visibility: Visibility) -> bool {
    match visibility {
        Visibility::Public => true,
        Visibility::Internal => caller.is_some_and(|caller| !caller.user.external),
        Visibility::Private => false,
    }
}
