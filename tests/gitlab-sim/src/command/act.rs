//! Which command does what. The caller works on a copy, so that a failure changes nothing.
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Command, CommandError};
use crate::state::GitLab;

type Answer = Result<Value, CommandError>;

impl GitLab {
    pub(super) fn act(&mut self, command: Command, now: Timestamp) -> Answer {
        let nothing = |()| Value::Null;
        match command {
            Command::AddUser(new) => Ok(json!({ "id": self.add_user(new, now)? })),
            Command::AddGroup(new) => self.enter_group(new, now),
            Command::AddProject(new) => self.enter_project(new, now),
            Command::AddToken(new) => self.enter_token(new, now),
            Command::AddRunner(new) => self.enter_runner(new, now),
            Command::SetMember {
                user,
                group,
                project,
                role,
            } => self
                .set_member(&user, group.as_ref(), project.as_ref(), role)
                .map(nothing),
            Command::SetUser(edit) => self.set_user(&edit).map(nothing),
            Command::SetGroup { group, settings } => {
                self.change_group(&group, &settings).map(nothing)
            }
            Command::SetProject { project, settings } => {
                self.change_project(&project, &settings).map(nothing)
            }
            Command::Settings { set } => self.set_settings(set),
            Command::DeleteGroup { group } => self.remove_group(&group).map(nothing),
            Command::DeleteProject { project } => self.remove_project(&project).map(nothing),
            Command::MoveGroup { group, to } => Ok(nothing(self.rename_group(&group, &to)?)),
            Command::MoveProject { project, to } => {
                Ok(nothing(self.rename_project(&project, &to)?))
            }
            Command::ScheduleDeletion(place) => self.mark(&place, Some(now)).map(nothing),
            Command::CancelDeletion(place) => self.mark(&place, None).map(nothing),
            Command::SetOrganization {
                organization,
                read_only,
            } => self.close(organization, read_only).map(nothing),
            Command::Remember { name } => Ok(self.remember_as(&name)),
            Command::GoBack(restore) => self.restore(&restore).map(nothing),
            Command::RevokeToken { token } => self.revoke_token(&token).map(nothing),
            Command::ExpireToken { token, at } => self.expire_token(&token, at, now).map(nothing),
            Command::Contact { runner, manager } => self
                .contact(&runner, manager, now)
                .map(|(_, id)| json!({ "manager": id })),
            Command::TakeJob { runner, manager } => self.play_for_job(&runner, manager, now),
            Command::FinishJob {
                job,
                status,
                failure_reason,
            } => self.end_job(job, status, failure_reason, now).map(nothing),
            Command::QueueJob(new) => Ok(json!({ "id": self.add_job(new, now)? })),
            Command::ResetRunnerToken { runner } => self.reset_behind(&runner, now),
            Command::EditRunner { runner, set } => self.edit_behind(&runner, set, now),
            Command::DeleteRunner { runner } => self.delete_behind(&runner).map(nothing),
            Command::Runners {} => Ok(super::dump::runners(self)),
            Command::Dump {} => Ok(super::dump::world(self)),
        }
    }
}
