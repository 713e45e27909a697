//! Groups.
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Unbuildable, places::set};
use crate::state::{GitLab, Group, GroupId, OrganizationId, Role, Secret, Visibility};

/// A group or subgroup.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    /// Its full path; the group above must exist.
    pub path: String,
    /// Its number; omitted, the next free one.
    pub id: Option<u64>,
    /// Its name for humans; omitted, the last part of the path.
    pub name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Where a top-level group belongs; omitted, organisation 1.
    pub organization: Option<OrganizationId>,
    /// Its registration token; omitted, one is made up.
    pub runners_token: Option<Secret>,
    /// Direct members, by username.
    #[serde(default)]
    pub members: BTreeMap<String, Role>,
    /// What can be changed later.
    #[serde(default)]
    pub settings: GroupSettings,
    /// Who can see it; omitted, members only.
    #[serde(default)]
    pub visibility: Visibility,
}

/// What can be changed of a group; what is omitted stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSettings {
    /// Who can see it.
    pub visibility: Option<Visibility>,
    /// Whether runners may be registered by other than administrators (default true).
    pub runner_registration_enabled: Option<bool>,
    /// Whether registration tokens work here and below (default true).
    pub allow_runner_registration_token: Option<bool>,
    /// Whether instance runners serve it (default true).
    pub shared_runners_enabled: Option<bool>,
    /// Seconds that tokens of its own runners live.
    pub runner_token_expiration_interval: Option<i64>,
    /// Seconds that tokens of the runners of the groups below live.
    pub subgroup_runner_token_expiration_interval: Option<i64>,
    /// Seconds that tokens of project runners below live.
    pub project_runner_token_expiration_interval: Option<i64>,
    /// Whether it is put away for good (default false).
    pub archived: Option<bool>,
    /// Whether classic tokens of humans are refused in a top-level group (default false).
    pub granular_tokens_enforced: Option<bool>,
}

impl GitLab {
    pub(crate) fn add_group(
        &mut self,
        new: NewGroup,
        now: Timestamp,
    ) -> Result<GroupId, Unbuildable> {
        self.check_path_free(&new.path)?;
        let (parent, path) = match new.path.rsplit_once('/') {
            Some((above, path)) => {
                let parent = self
                    .find_group(above)
                    .map(|group| group.id)
                    .ok_or_else(|| {
                        let text = format!("group `{}`: list its parent `{above}` first", new.path);
                        Unbuildable::new(text)
                    })?;
                (Some(parent), path.to_owned())
            }
            None => (None, new.path.clone()),
        };
        let above = parent
            .and_then(|id| self.groups.get(&id))
            .map(|group| group.organization);
        let organization = above.or(new.organization).unwrap_or(OrganizationId(1));
        let members = self.members(&new.members)?;
        let id = GroupId(self.fresh_id("group", new.id, |world, id| {
            world.groups.contains_key(&GroupId(id))
        })?);
        let made_up = self.mint.token("GR1348941", 20);
        let group = Group {
            id,
            name: new.name.unwrap_or_else(|| path.clone()),
            path,
            parent,
            organization,
            description: new.description,
            visibility: new.visibility,
            members,
            runners_token: new.runners_token.unwrap_or(made_up),
            runner_registration_enabled: true,
            allow_runner_registration_token: true,
            shared_runners_enabled: true,
            runner_token_expiration_interval: None,
            subgroup_runner_token_expiration_interval: None,
            project_runner_token_expiration_interval: None,
            archived: false,
            marked_for_deletion_on: None,
            granular_tokens_enforced: false,
            created_at: now,
        };
        self.organizations.insert(organization);
        self.groups.insert(id, group);
        self.set_group(id, &new.settings);
        self.forget_taken_redirects();
        Ok(id)
    }

    /// Changes a group.
    pub(crate) fn set_group(&mut self, id: GroupId, settings: &GroupSettings) {
        let Some(group) = self.groups.get_mut(&id) else {
            return;
        };
        set(&mut group.visibility, settings.visibility);
        set(
            &mut group.runner_registration_enabled,
            settings.runner_registration_enabled,
        );
        set(
            &mut group.allow_runner_registration_token,
            settings.allow_runner_registration_token,
        );
        set(
            &mut group.shared_runners_enabled,
            settings.shared_runners_enabled,
        );
        set(&mut group.archived, settings.archived);
        set(
            &mut group.granular_tokens_enforced,
            settings.granular_tokens_enforced,
        );
        let interval = settings.runner_token_expiration_interval;
        group.runner_token_expiration_interval =
            interval.or(group.runner_token_expiration_interval);
        let interval = settings.subgroup_runner_token_expiration_interval;
        group.subgroup_runner_token_expiration_interval =
            interval.or(group.subgroup_runner_token_expiration_interval);
        let interval = settings.project_runner_token_expiration_interval;
        group.project_runner_token_expiration_interval =
            interval.or(group.project_runner_token_expiration_interval);
    }
}
