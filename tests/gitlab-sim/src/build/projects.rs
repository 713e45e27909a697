//! Projects.
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Unbuildable, places::set};
use crate::state::{
    GitLab, Namespace, OrganizationId, Project, ProjectId, Role, Secret, Visibility,
};

/// A project.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    /// Its full path; it begins with a group's path, or with a username.
    pub path: String,
    /// Its number; omitted, the next free one.
    pub id: Option<u64>,
    /// Its name for humans; omitted, the last part of the path.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Its registration token; omitted, one is made up.
    pub runners_token: Option<Secret>,
    /// Direct members, by username.
    #[serde(default)]
    pub members: BTreeMap<String, Role>,
    /// What can be changed later.
    #[serde(default)]
    pub settings: ProjectSettings,
    /// Who can see it; omitted, members only.
    #[serde(default)]
    pub visibility: Visibility,
    /// Where a project of a user belongs; omitted, organisation 1.
    pub organization: Option<OrganizationId>,
}

/// What can be changed of a project; what is omitted stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectSettings {
    /// Who can see it.
    pub visibility: Option<Visibility>,
    /// Whether runners may be registered by other than administrators (default true).
    pub runner_registration_enabled: Option<bool>,
    /// Whether its groups' runners serve it (default true).
    pub group_runners_enabled: Option<bool>,
    /// Whether instance runners serve it (default true).
    pub shared_runners_enabled: Option<bool>,
    /// Seconds that tokens of its runners live.
    pub runner_token_expiration_interval: Option<i64>,
    /// Whether it is put away for good (default false).
    pub archived: Option<bool>,
    /// What it is about (default nothing).
    pub topics: Option<Vec<String>>,
}

impl GitLab {
    pub(crate) fn add_project(
        &mut self,
        new: NewProject,
        now: Timestamp,
    ) -> Result<ProjectId, Unbuildable> {
        self.check_path_free(&new.path)?;
        let (namespace, path) = self.namespace_of(&new.path)?;
        let above = match namespace {
            Namespace::Group(id) => self.groups.get(&id).map(|group| group.organization),
            Namespace::User(_) => None,
        };
        let organization = above.or(new.organization).unwrap_or(OrganizationId(1));
        let members = self.members(&new.members)?;
        let id = ProjectId(self.fresh_id("project", new.id, |world, id| {
            world.projects.contains_key(&ProjectId(id))
        })?);
        let made_up = self.mint.token("GR1348941", 20);
        let project = Project {
            id,
            name: new.name.unwrap_or_else(|| path.clone()),
            path,
            namespace,
            organization,
            description: new.description,
            topics: Vec::new(),
            visibility: new.visibility,
            members,
            runners_token: new.runners_token.unwrap_or(made_up),
            runner_registration_enabled: true,
            group_runners_enabled: true,
            shared_runners_enabled: true,
            runner_token_expiration_interval: None,
            archived: false,
            marked_for_deletion_on: None,
            created_at: now,
        };
        self.organizations.insert(organization);
        self.projects.insert(id, project);
        self.set_project(id, &new.settings);
        self.forget_taken_redirects();
        Ok(id)
    }

    /// Changes a project.
    pub(crate) fn set_project(&mut self, id: ProjectId, settings: &ProjectSettings) {
        let Some(project) = self.projects.get_mut(&id) else {
            return;
        };
        set(&mut project.visibility, settings.visibility);
        set(
            &mut project.runner_registration_enabled,
            settings.runner_registration_enabled,
        );
        set(
            &mut project.group_runners_enabled,
            settings.group_runners_enabled,
        );
        set(
            &mut project.shared_runners_enabled,
            settings.shared_runners_enabled,
        );
        set(&mut project.archived, settings.archived);
        set(&mut project.topics, settings.topics.clone());
        let interval = settings.runner_token_expiration_interval;
        project.runner_token_expiration_interval =
            interval.or(project.runner_token_expiration_interval);
    }

    pub(super) fn namespace_of(&self, path: &str) -> Result<(Namespace, String), Unbuildable> {
        let (above, own) = path.rsplit_once('/').ok_or_else(|| {
            Unbuildable::new(format!(
                "project `{path}`: a path is `<group or user>/<name>`"
            ))
        })?;
        let group = self
            .find_group(above)
            .map(|group| Namespace::Group(group.id));
        let user = self.users.values().find(|user| user.username == above);
        let namespace = group
            .or_else(|| user.map(|user| Namespace::User(user.id)))
            .ok_or_else(|| {
                Unbuildable::new(format!(
                    "project `{path}`: no group or user `{above}` is there"
                ))
            })?;
        Ok((namespace, own.to_owned()))
    }
}
