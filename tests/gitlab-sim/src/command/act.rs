//! Carrying commands out. The caller works on a copy, so that a failure changes nothing.
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::{Command, CommandError, dump};
use crate::{
    build::{NewManager, RunnerRef, ThingRef},
    state::{
        GitLab, Heartbeat, JobStatus, LEGACY_SYSTEM_ID, MachineInfo, ManagerId, Role, RunnerId,
        Settings, UserState,
    },
};

impl GitLab {
    pub(super) fn act(&mut self, command: Command, now: Timestamp) -> Result<Value, CommandError> {
        match command {
            Command::AddUser(new) => Ok(json!({ "id": self.add_user(new, now)? })),
            Command::AddGroup(new) => {
                let id = self.add_group(new, now)?;
                let token = self
                    .groups
                    .get(&id)
                    .map(|group| group.runners_token.expose());
                Ok(json!({ "id": id, "runners_token": token }))
            }
            Command::AddProject(new) => {
                let id = self.add_project(new, now)?;
                let token = self
                    .projects
                    .get(&id)
                    .map(|project| project.runners_token.expose());
                Ok(json!({ "id": id, "runners_token": token }))
            }
            Command::AddToken(new) => {
                let id = self.add_token(new, now)?;
                let token = self
                    .access_tokens
                    .get(&id)
                    .map(|token| token.token.expose());
                Ok(json!({ "id": id, "token": token }))
            }
            Command::AddRunner(new) => {
                let id = self.add_runner(new, now)?;
                Ok(self
                    .runners
                    .get(&id)
                    .map_or(Value::Null, |runner| dump::runner(self, runner)))
            }
            Command::SetMember {
                user,
                group,
                project,
                role,
            } => self.set_member(&user, group.as_ref(), project.as_ref(), role),
            Command::SetUser { user, state, admin } => self.set_user(&user, state, admin),
            Command::SetGroup { group, settings } => {
                let id = self.refer_group(&group)?;
                self.set_group(id, &settings);
                Ok(Value::Null)
            }
            Command::SetProject { project, settings } => {
                let id = self.refer_project(&project)?;
                self.set_project(id, &settings);
                Ok(Value::Null)
            }
            Command::Settings { set } => self.set_settings(set),
            other => self.act_on_things(other, now),
        }
    }

    fn act_on_things(&mut self, command: Command, now: Timestamp) -> Result<Value, CommandError> {
        match command {
            Command::DeleteGroup { group } => {
                let id = self.refer_group(&group)?;
                self.delete_group(id);
                Ok(Value::Null)
            }
            Command::DeleteProject { project } => {
                let id = self.refer_project(&project)?;
                self.delete_project(id);
                Ok(Value::Null)
            }
            Command::RevokeToken { token } => {
                let id = self.refer_token(&token)?;
                if let Some(token) = self.access_tokens.get_mut(&id) {
                    token.revoked = true;
                }
                Ok(Value::Null)
            }
            Command::ExpireToken { token, at } => {
                let id = self.refer_token(&token)?;
                let today = now.to_zoned(TimeZone::UTC).date();
                if let Some(token) = self.access_tokens.get_mut(&id) {
                    token.expires_at = Some(at.unwrap_or(today));
                }
                Ok(Value::Null)
            }
            other => self.act_on_runners(other, now),
        }
    }

    fn act_on_runners(&mut self, command: Command, now: Timestamp) -> Result<Value, CommandError> {
        match command {
            Command::Contact { runner, manager } => {
                let (_, manager) = self.contact(&runner, manager, now)?;
                Ok(json!({ "manager": manager }))
            }
            Command::TakeJob { runner, manager } => {
                let (runner, manager) = self.contact(&runner, manager, now)?;
                Ok(json!({ "job": self.take_job(runner, manager, now) }))
            }
            Command::FinishJob {
                job,
                status,
                failure_reason,
            } => {
                if !self.jobs.contains_key(&job) {
                    return Err(CommandError(format!("there is no job {job}")));
                }
                self.finish_job(
                    job,
                    status.unwrap_or(JobStatus::Success),
                    failure_reason,
                    now,
                );
                Ok(Value::Null)
            }
            Command::QueueJob(new) => Ok(json!({ "id": self.add_job(new, now)? })),
            Command::ResetRunnerToken { runner } => {
                let id = self.refer_runner(&runner)?;
                let token = self.reset_runner_token(id, now);
                Ok(json!({ "token": token.as_ref().map(crate::Secret::expose) }))
            }
            Command::EditRunner { runner, set } => {
                let id = self.refer_runner(&runner)?;
                self.edit_runner(id, set, now)?;
                Ok(self
                    .runners
                    .get(&id)
                    .map_or(Value::Null, |runner| dump::runner(self, runner)))
            }
            Command::DeleteRunner { runner } => {
                let id = self.refer_runner(&runner)?;
                self.delete_runner(id);
                Ok(Value::Null)
            }
            Command::Runners {} => Ok(dump::runners(self)),
            _ => Ok(dump::world(self)),
        }
    }

    fn set_member(
        &mut self,
        user: &ThingRef,
        group: Option<&ThingRef>,
        project: Option<&ThingRef>,
        role: Option<Role>,
    ) -> Result<Value, CommandError> {
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
        Ok(Value::Null)
    }

    fn set_user(
        &mut self,
        user: &ThingRef,
        state: Option<UserState>,
        admin: Option<bool>,
    ) -> Result<Value, CommandError> {
        let id = self.refer_user(user)?;
        if let Some(user) = self.users.get_mut(&id) {
            user.state = state.unwrap_or(user.state);
            user.admin = admin.unwrap_or(user.admin);
        }
        Ok(Value::Null)
    }

    fn set_settings(&mut self, set: Map<String, Value>) -> Result<Value, CommandError> {
        let wrong = |error: serde_json::Error| CommandError(error.to_string());
        let mut fields = match serde_json::to_value(&self.settings).map_err(wrong)? {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
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

    fn contact(
        &mut self,
        runner: &RunnerRef,
        manager: NewManager,
        now: Timestamp,
    ) -> Result<(RunnerId, ManagerId), CommandError> {
        let id = self.refer_runner(runner)?;
        let NewManager {
            system_id,
            version,
            revision,
            platform,
            architecture,
            executor,
            ip_address,
        } = manager;
        let beat = Heartbeat {
            system_id: system_id.unwrap_or_else(|| LEGACY_SYSTEM_ID.to_owned()),
            info: MachineInfo {
                version,
                revision,
                platform,
                architecture,
                executor,
            },
            address: ip_address.unwrap_or(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)),
            touches_runner: true,
            asks_for_job: true,
        };
        let manager = self
            .heartbeat(id, beat, now)
            .map_err(|_| CommandError("a `system_id` has 1 to 64 characters".to_owned()))?;
        Ok((id, manager))
    }
}
