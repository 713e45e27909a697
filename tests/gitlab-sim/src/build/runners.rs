//! Runners that are there already, and changes to them behind everybody's back.
use jiff::Timestamp;
use serde::Deserialize;

use super::{Change, ThingRef, Unbuildable};
use crate::state::{
    AccessLevel, CreationState, GitLab, NewRunner, RegistrationType, Runner, RunnerId, RunnerType,
    Secret,
};

/// A runner.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedRunner {
    /// Where it takes jobs from.
    #[serde(rename = "type")]
    pub runner_type: RunnerType,
    /// Its number; omitted, the next free one.
    pub id: Option<u64>,
    /// The group of a group runner.
    pub group: Option<ThingRef>,
    /// Registered by a registration token, rather than by a user.
    #[serde(default)]
    pub by_registration_token: bool,
    /// Who made it.
    pub creator: Option<ThingRef>,
    /// Everything else.
    #[serde(default)]
    pub settings: RunnerEdit,
}

/// What can be changed of a runner, without any validation; what is omitted stays, and null empties
/// what can be empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunnerEdit {
    /// Free text.
    pub description: Change<String>,
    /// What it called itself when it was registered by token.
    pub name: Change<String>,
    /// For administrators.
    pub maintenance_note: Change<String>,
    /// Whether it gets no new jobs.
    pub paused: Option<bool>,
    /// Closed to further projects.
    pub locked: Option<bool>,
    /// Takes jobs without tags.
    pub run_untagged: Option<bool>,
    /// Which refs it serves.
    pub access_level: Option<AccessLevel>,
    /// Seconds; 0 is none.
    pub maximum_timeout: Change<i64>,
    /// All of its tags.
    pub tag_list: Option<Vec<String>>,
    /// All of its projects, the owner first; empty makes an orphan.
    pub projects: Option<Vec<ThingRef>>,
    /// Its authentication token.
    pub token: Option<Secret>,
    /// When the token stops working.
    pub token_expires_at: Change<Timestamp>,
    /// When the token can no longer be reset.
    pub token_rotation_deadline: Change<Timestamp>,
    /// Since when it exists.
    pub created_at: Option<Timestamp>,
    /// The last contact, cached and stored.
    pub contacted_at: Change<Timestamp>,
    /// The last contact as filters see it, if it differs.
    pub stored_contacted_at: Change<Timestamp>,
}

/// A machine behind a runner.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewManager {
    /// What it calls itself; omitted, `<legacy>`.
    pub system_id: Option<String>,
    /// Of gitlab-runner.
    pub version: Option<String>,
    /// Of gitlab-runner.
    pub revision: Option<String>,
    /// Such as `linux`.
    pub platform: Option<String>,
    /// Such as `amd64`.
    pub architecture: Option<String>,
    /// Such as `kubernetes`.
    pub executor: Option<String>,
    /// Its address; omitted, 127.0.0.1.
    pub ip_address: Option<std::net::IpAddr>,
}

impl GitLab {
    pub(crate) fn add_runner(
        &mut self,
        new: SeedRunner,
        now: Timestamp,
    ) -> Result<RunnerId, Unbuildable> {
        let SeedRunner {
            runner_type,
            id,
            group,
            by_registration_token,
            creator,
            settings,
        } = new;
        let group = group
            .as_ref()
            .map(|group| self.refer_group(group))
            .transpose()?;
        let project = match settings.projects.as_deref() {
            Some([owner, ..]) => Some(self.refer_project(owner)?),
            Some([]) | None => None,
        };
        let creator = creator
            .as_ref()
            .map(|user| self.refer_user(user))
            .transpose()?;
        match (runner_type, group, project) {
            (RunnerType::Instance, None, None)
            | (RunnerType::Group, Some(_), None)
            | (RunnerType::Project, None, Some(_)) => {}
            _ => {
                let text = "a runner has `group` if it is of group_type, `settings.projects` if it \
                            is of project_type, and neither if it is of instance_type";
                return Err(Unbuildable::new(text));
            }
        }
        let registration_type = if by_registration_token {
            RegistrationType::RegistrationToken
        } else {
            RegistrationType::AuthenticatedUser
        };
        let mut runner = self.build_runner(
            &NewRunner {
                runner_type,
                group,
                project,
                registration_type,
                creator,
            },
            now,
        );
        let id = RunnerId(self.fresh_id("runner", id, |world, id| {
            world.runners.contains_key(&RunnerId(id))
        })?);
        runner.id = id;
        self.runners.insert(id, runner);
        self.edit_runner(id, settings, now).inspect_err(|_| {
            self.runners.remove(&id);
        })?;
        Ok(id)
    }

    /// Changes a runner as if somebody else had, pollers included.
    pub(crate) fn edit_runner(
        &mut self,
        id: RunnerId,
        edit: RunnerEdit,
        now: Timestamp,
    ) -> Result<(), Unbuildable> {
        let twice = |own: &Runner| own.id != id && Some(&own.token) == edit.token.as_ref();
        if self.runners.values().any(twice) {
            return Err(Unbuildable::new("two runners have the same token"));
        }
        let projects = edit
            .projects
            .as_ref()
            .map(|projects| {
                projects
                    .iter()
                    .map(|project| self.refer_project(project))
                    .collect()
            })
            .transpose()?;
        if let Some(runner) = self.runners.get_mut(&id) {
            runner.updated_at = now;
            if let Some(projects) = projects {
                runner.assign_exactly(projects, now);
            }
            write_clocks(runner, &edit);
            write_settings(runner, edit);
        }
        self.tick_queue(id);
        Ok(())
    }
}

fn write_settings(runner: &mut Runner, edit: RunnerEdit) {
    edit.description.write(&mut runner.description);
    edit.name.write(&mut runner.name);
    edit.maintenance_note.write(&mut runner.maintenance_note);
    edit.maximum_timeout.write(&mut runner.maximum_timeout);
    runner.maximum_timeout = runner.maximum_timeout.filter(|seconds| *seconds > 0);
    runner.active = edit.paused.map_or(runner.active, |paused| !paused);
    runner.locked = edit.locked.unwrap_or(runner.locked);
    runner.run_untagged = edit.run_untagged.unwrap_or(runner.run_untagged);
    runner.access_level = edit.access_level.unwrap_or(runner.access_level);
    if let Some(tags) = edit.tag_list {
        runner.tags = tags;
    }
    if let Some(token) = edit.token {
        runner.token = token;
    }
}

fn write_clocks(runner: &mut Runner, edit: &RunnerEdit) {
    edit.token_expires_at.write(&mut runner.token_expires_at);
    edit.token_rotation_deadline
        .write(&mut runner.token_rotation_deadline);
    runner.created_at = edit.created_at.unwrap_or(runner.created_at);
    if let Change::To(contact) = edit.contacted_at {
        runner.contacted_at = contact;
        runner.stored_contacted_at = contact;
        runner.creation_state = match contact {
            Some(_) => CreationState::Finished,
            None => CreationState::Started,
        };
    }
    edit.stored_contacted_at
        .write(&mut runner.stored_contacted_at);
}
