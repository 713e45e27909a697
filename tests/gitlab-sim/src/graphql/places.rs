//! The fields of groups, projects and users, with their runners (contract §5.1).
use serde_json::{Value, json};

use super::plan::Selected;
use super::read::{Held, NOT_AVAILABLE, Reader, gid};
use crate::state::{Group, GroupId, Project, Role, Runner, RunnerType, User, UserState};

impl Reader<'_> {
    pub(super) fn group_field(&self, group: &Group, field: &Selected) -> Held {
        let path = self.gitlab.full_path(group.id);
        Held::Leaf(match field.name {
            "id" => gid("Group", group.id),
            "name" => json!(group.name),
            "path" => json!(group.path),
            "fullName" => json!(self.gitlab.full_name(group.id)),
            "fullPath" => json!(path),
            "description" => json!(group.description),
            "visibility" => json!(group.visibility.word()),
            "webUrl" => json!(format!("{}/groups/{path}", self.gitlab.external_url)),
            _ => return self.group_runners(group, field),
        })
    }

    fn group_runners(&self, group: &Group, field: &Selected) -> Held {
        let may = |caller| self.gitlab.can_read_group_runners(caller, group.id);
        if !self.caller.is_some_and(may) {
            return Held::Refused(NOT_AVAILABLE.to_owned());
        }
        let membership = field.arguments.get("membership").and_then(Value::as_str);
        let membership = membership.unwrap_or("DESCENDANTS");
        let runners = self.gitlab.runners.values();
        let found = runners
            .filter(|runner| self.belongs(runner, group, membership))
            .collect();
        self.runners_page(found, field)
    }

    /// Unlike the REST list, which looks up to the groups above, this one looks down.
    fn belongs(&self, runner: &Runner, group: &Group, membership: &str) -> bool {
        let below = |id: GroupId| self.gitlab.is_within(id, group.id);
        let available = membership == "ALL_AVAILABLE";
        match (runner.runner_type, runner.group) {
            (RunnerType::Group, Some(own)) if own == group.id => true,
            _ if membership == "DIRECT" => false,
            (RunnerType::Group, Some(own)) => {
                below(own) || (available && self.gitlab.is_within(group.id, own))
            }
            (RunnerType::Group, None) => false,
            (RunnerType::Project, _) => runner.projects.iter().any(|id| {
                let project = self.gitlab.projects.get(id);
                project.is_some_and(|project| {
                    self.gitlab
                        .groups_above(project)
                        .iter()
                        .any(|above| above.id == group.id)
                })
            }),
            (RunnerType::Instance, _) => available && group.shared_runners_enabled,
        }
    }

    pub(super) fn project_field(&self, project: &Project, field: &Selected) -> Held {
        let path = self.gitlab.path_with_namespace(project);
        Held::Leaf(match field.name {
            "id" => gid("Project", project.id),
            "name" => json!(project.name),
            "path" => json!(project.path),
            "nameWithNamespace" => json!(self.gitlab.name_with_namespace(project)),
            "fullPath" => json!(path),
            "description" => json!(project.description),
            "visibility" => json!(project.visibility.word()),
            "webUrl" => json!(format!("{}/{path}", self.gitlab.external_url)),
            _ => {
                let may = |caller| self.gitlab.can_read_project_runners(caller, project);
                if !self.caller.is_some_and(may) {
                    return Held::Refused(NOT_AVAILABLE.to_owned());
                }
                return self.runners_page(self.gitlab.runners_for_project(project), field);
            }
        })
    }

    pub(super) fn user_field(&self, user: &User, field: &Selected) -> Held {
        let state = match user.state {
            UserState::Active | UserState::TermsNotAccepted => "active",
            UserState::Blocked => "blocked",
            UserState::Deactivated => "deactivated",
        };
        Held::Leaf(match field.name {
            "id" => gid("User", user.id),
            "username" => json!(user.username),
            "name" => json!(user.name),
            "state" => json!(state),
            "webUrl" => json!(format!("{}/{}", self.gitlab.external_url, user.username)),
            _ if !self.is_me(user) => Value::Null,
            _ => return self.own_runners(field),
        })
    }

    /// The same set as `GET /runners` (contract §3.1).
    fn own_runners(&self, field: &Selected) -> Held {
        let Some(caller) = self.caller else {
            return Held::One(None);
        };
        let user = caller.user.id;
        let mine = |runner: &&Runner| match runner.runner_type {
            RunnerType::Instance => false,
            RunnerType::Group => runner
                .group
                .is_some_and(|group| self.gitlab.group_role(user, group) >= Some(Role::Owner)),
            RunnerType::Project => runner.projects.iter().any(|id| {
                let project = self.gitlab.projects.get(id);
                project.is_some_and(|project| {
                    self.gitlab.project_role(user, project) >= Some(Role::Maintainer)
                })
            }),
        };
        self.runners_page(self.gitlab.runners.values().filter(mine).collect(), field)
    }
}
