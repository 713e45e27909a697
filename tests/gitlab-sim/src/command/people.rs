//! Commands about people, places and their tokens.
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::CommandError;
use crate::{
    build::{GroupSettings, NewGroup, NewProject, NewToken, ProjectSettings, ThingRef},
    state::{GitLab, Role, Settings, UserState},
};

/// What can be changed of a user; what is omitted stays.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserEdit {
    /// Whom.
    pub user: ThingRef,
    /// Such as `blocked`.
    pub state: Option<UserState>,
    /// Whether it administers the instance.
    pub admin: Option<bool>,
    /// Whether fine-grained tokens are switched on for it.
    pub granular_tokens: Option<bool>,
}

impl GitLab {
    pub(super) fn enter_group(
        &mut self,
        new: NewGroup,
        now: Timestamp,
    ) -> Result<Value, CommandError> {
        let id = self.add_group(new, now)?;
        let token = self
            .groups
            .get(&id)
            .map(|group| group.runners_token.expose());
        Ok(json!({ "id": id, "runners_token": token }))
    }

    pub(super) fn enter_project(
        &mut self,
        new: NewProject,
        now: Timestamp,
    ) -> Result<Value, CommandError> {
        let id = self.add_project(new, now)?;
        let token = self
            .projects
            .get(&id)
            .map(|project| project.runners_token.expose());
        Ok(json!({ "id": id, "runners_token": token }))
    }

    pub(super) fn enter_token(
        &mut self,
        new: NewToken,
        now: Timestamp,
    ) -> Result<Value, CommandError> {
        let id = self.add_token(new, now)?;
        let token = self
            .access_tokens
            .get(&id)
            .map(|token| token.token.expose());
        Ok(json!({ "id": id, "token": token }))
    }

    pub(super) fn change_group(
        &mut self,
        group: &ThingRef,
        settings: &GroupSettings,
    ) -> Result<(), CommandError> {
        self.set_group(self.refer_group(group)?, settings);
        Ok(())
    }

    pub(super) fn change_project(
        &mut self,
        project: &ThingRef,
        settings: &ProjectSettings,
    ) -> Result<(), CommandError> {
        self.set_project(self.refer_project(project)?, settings);
        Ok(())
    }

    pub(super) fn remove_group(&mut self, group: &ThingRef) -> Result<(), CommandError> {
        self.delete_group(self.refer_group(group)?);
        Ok(())
    }

    pub(super) fn remove_project(&mut self, project: &ThingRef) -> Result<(), CommandError> {
        self.delete_project(self.refer_project(project)?);
        Ok(())
    }

    pub(super) fn revoke_token(&mut self, token: &ThingRef) -> Result<(), CommandError> {
        let id = self.refer_token(token)?;
        if let Some(token) = self.access_tokens.get_mut(&id) {
            token.revoked = true;
        }
        Ok(())
    }

    pub(super) fn expire_token(
        &mut self,
        token: &ThingRef,
        at: Option<Date>,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        let id = self.refer_token(token)?;
        let today = now.to_zoned(TimeZone::UTC).date();
        if let Some(token) = self.access_tokens.get_mut(&id) {
            token.expires_at = Some(at.unwrap_or(today));
        }
        Ok(())
    }

    pub(super) fn set_member(
        &mut self,
        user: &ThingRef,
        group: Option<&ThingRef>,
        project: Option<&ThingRef>,
        role: Option<Role>,
    ) -> Result<(), CommandError> {
        let user = self.refer_user(user)?;
        let group = group.map(|group| self.refer_group(group)).transpose()?;
        let project = project
            .map(|project| self.refer_project(project))
            .transpose()?;
        let members = match (group, project) {
            (Some(id), None) => self.groups.get_mut(&id).map(|group| &mut group.members),
            (None, Some(id)) => self
                .projects
                .get_mut(&id)
                .map(|project| &mut project.members),
            (Some(_), Some(_)) | (None, None) => None,
        };
        let members = members
            .ok_or_else(|| CommandError("name exactly one of `group` and `project`".to_owned()))?;
        match role {
            Some(role) => members.insert(user, role),
            None => members.remove(&user),
        };
        Ok(())
    }

    pub(super) fn set_user(&mut self, edit: &UserEdit) -> Result<(), CommandError> {
        let UserEdit {
            user,
            state,
            admin,
            granular_tokens,
        } = edit;
        let id = self.refer_user(user)?;
        if let Some(user) = self.users.get_mut(&id) {
            user.state = state.unwrap_or(user.state);
            user.admin = admin.unwrap_or(user.admin);
            user.granular_tokens = granular_tokens.unwrap_or(user.granular_tokens);
        }
        Ok(())
    }

    /// What is given replaces, null takes back to the default, the rest stays.
    pub(super) fn set_settings(&mut self, set: Map<String, Value>) -> Result<Value, CommandError> {
        let wrong = |error: serde_json::Error| CommandError(error.to_string());
        let mut fields: Map<String, Value> = serde_json::to_value(&self.settings)
            .and_then(serde_json::from_value)
            .map_err(wrong)?;
        for (name, value) in set {
            if value.is_null() {
                fields.remove(&name);
            } else {
                fields.insert(name, value);
            }
        }
        let settings: Settings = serde_json::from_value(Value::Object(fields)).map_err(wrong)?;
        self.settings = settings;
        serde_json::to_value(&self.settings).map_err(wrong)
    }
}
