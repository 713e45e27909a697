//! Finding things by path, token or relation.
use jiff::Timestamp;

use super::{
    GitLab, Group, GroupId, Manager, Namespace, Project, ProjectId, Runner, RunnerId, RunnerType,
    User, UserId,
};

impl GitLab {
    /// `a/b/c` of a group.
    pub(crate) fn full_path(&self, group: GroupId) -> String {
        let mut parts: Vec<&str> = self
            .ancestry(group)
            .iter()
            .map(|group| group.path.as_str())
            .collect();
        parts.reverse();
        parts.join("/")
    }

    /// `A / B / C` of a group.
    pub(crate) fn full_name(&self, group: GroupId) -> String {
        let mut parts: Vec<&str> = self
            .ancestry(group)
            .iter()
            .map(|group| group.name.as_str())
            .collect();
        parts.reverse();
        parts.join(" / ")
    }

    fn namespace_path(&self, namespace: Namespace) -> String {
        match namespace {
            Namespace::Group(group) => self.full_path(group),
            Namespace::User(user) => self.user_name(user, |user| &user.username),
        }
    }

    fn namespace_name(&self, namespace: Namespace) -> String {
        match namespace {
            Namespace::Group(group) => self.full_name(group),
            Namespace::User(user) => self.user_name(user, |user| &user.name),
        }
    }

    fn user_name(&self, user: UserId, name: impl Fn(&User) -> &String) -> String {
        self.users
            .get(&user)
            .map(|user| name(user).clone())
            .unwrap_or_default()
    }

    /// `a/b/project`.
    pub(crate) fn path_with_namespace(&self, project: &Project) -> String {
        format!(
            "{}/{}",
            self.namespace_path(project.namespace),
            project.path
        )
    }

    /// `A / B / Project`.
    pub(crate) fn name_with_namespace(&self, project: &Project) -> String {
        format!(
            "{} / {}",
            self.namespace_name(project.namespace),
            project.name
        )
    }

    /// A group by number or full path; paths do not mind case.
    pub(crate) fn find_group(&self, id_or_path: &str) -> Option<&Group> {
        if let Ok(id) = id_or_path.parse() {
            return self.groups.get(&GroupId(id));
        }
        self.groups
            .values()
            .find(|group| self.full_path(group.id).eq_ignore_ascii_case(id_or_path))
    }

    /// A project by number or full path; paths do not mind case.
    pub(crate) fn find_project(&self, id_or_path: &str) -> Option<&Project> {
        if let Ok(id) = id_or_path.parse() {
            return self.projects.get(&ProjectId(id));
        }
        self.projects.values().find(|project| {
            self.path_with_namespace(project)
                .eq_ignore_ascii_case(id_or_path)
        })
    }

    /// The runner whose authentication token this is, expired or not.
    pub(crate) fn runner_by_token(&self, token: &str) -> Option<&Runner> {
        self.runners
            .values()
            .find(|runner| runner.token.expose() == token)
    }

    /// The runner that a token authenticates now: an expired token is as good as an unknown one.
    pub(crate) fn authenticated_runner(&self, token: &str, now: Timestamp) -> Option<RunnerId> {
        self.runner_by_token(token)
            .filter(|runner| runner.token_works(now))
            .map(|runner| runner.id)
    }

    /// A runner's managers, in no promised order.
    pub(crate) fn managers_of(&self, runner: RunnerId) -> impl Iterator<Item = &Manager> {
        self.managers
            .values()
            .filter(move |manager| manager.runner == runner)
    }

    /// The manager with the latest contact, whose version REST shows as the runner's (contract
    /// §2.2).
    pub(crate) fn latest_manager(&self, runner: RunnerId) -> Option<&Manager> {
        self.managers_of(runner)
            .max_by_key(|manager| (manager.contacted_at, manager.id))
    }

    /// Contract §3.10: a project's own runners, those of its groups, and the instance's.
    pub(crate) fn runners_for_project(&self, project: &Project) -> Vec<&Runner> {
        let groups: Vec<GroupId> = if project.group_runners_enabled {
            self.groups_above(project)
                .iter()
                .map(|group| group.id)
                .collect()
        } else {
            Vec::new()
        };
        self.runners
            .values()
            .filter(|runner| match runner.runner_type {
                RunnerType::Project => runner.projects.contains(&project.id),
                RunnerType::Group => runner.group.is_some_and(|group| groups.contains(&group)),
                RunnerType::Instance => project.shared_runners_enabled,
            })
            .collect()
    }

    /// Contract §3.11: a group's own runners, those of the groups above, and the instance's.
    pub(crate) fn runners_for_group(&self, group: &Group) -> Vec<&Runner> {
        let groups: Vec<GroupId> = self
            .ancestry(group.id)
            .iter()
            .map(|group| group.id)
            .collect();
        self.runners
            .values()
            .filter(|runner| match runner.runner_type {
                RunnerType::Project => false,
                RunnerType::Group => runner.group.is_some_and(|group| groups.contains(&group)),
                RunnerType::Instance => group.shared_runners_enabled,
            })
            .collect()
    }
}
