//! What can be done to the world from behind GitLab's back.
mod act;
mod dump;
mod machines;
mod people;
mod places;

pub use people::UserEdit;
pub use places::Restore;

use jiff::{Timestamp, civil::Date};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    build::{
        GroupSettings, NewGroup, NewJob, NewManager, NewProject, NewToken, NewUser, PlaceRef,
        ProjectSettings, RunnerEdit, RunnerRef, SeedRunner, ThingRef, Unbuildable,
    },
    state::{GitLab, JobId, JobStatus, OrganizationId, ReadOnly, Role},
};

/// One thing to do, as JSON: `{"do": "delete_project", "project": "a/b"}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// A person; answers `{"id"}`.
    AddUser(NewUser),
    /// A group or subgroup; answers `{"id", "runners_token"}`.
    AddGroup(NewGroup),
    /// A project; answers `{"id", "runners_token"}`.
    AddProject(NewProject),
    /// An access token; answers `{"id", "token"}`.
    AddToken(NewToken),
    /// A runner, without any validation; answers it as [`Command::Runners`] does.
    AddRunner(SeedRunner),
    /// Gives a user a role in a group or a project, or takes it away.
    SetMember {
        /// Whom.
        user: ThingRef,
        /// In this group,
        group: Option<ThingRef>,
        /// or in this project.
        project: Option<ThingRef>,
        /// Omitted, the membership ends.
        role: Option<Role>,
    },
    /// Lets a user use the API, or not.
    SetUser(UserEdit),
    /// Changes a group.
    SetGroup {
        /// Which.
        group: ThingRef,
        /// To what.
        settings: GroupSettings,
    },
    /// Changes a project.
    SetProject {
        /// Which.
        project: ThingRef,
        /// To what.
        settings: ProjectSettings,
    },
    /// Changes the instance's settings; what is omitted stays, null is the default. Answers all.
    Settings {
        /// Fields of [`crate::Settings`].
        set: serde_json::Map<String, Value>,
    },
    /// Removes a group with all below it (contract §4).
    DeleteGroup {
        /// Which.
        group: ThingRef,
    },
    /// Removes a project; its runners move on or go (contract §4).
    DeleteProject {
        /// Which.
        project: ThingRef,
    },
    /// Renames or transfers a group with all below it (contract §9.1).
    MoveGroup {
        /// Which.
        group: ThingRef,
        /// Its new full path.
        to: String,
    },
    /// Renames or transfers a project (contract §9.1).
    MoveProject {
        /// Which.
        project: ThingRef,
        /// Its new full path.
        to: String,
    },
    /// Marks a group or a project for deletion (contract §9.3).
    ScheduleDeletion(PlaceRef),
    /// Takes that back.
    CancelDeletion(PlaceRef),
    /// Closes an organisation to writes, or opens it (contract §10).
    SetOrganization {
        /// Which.
        organization: OrganizationId,
        /// How it is closed; omitted, it is open.
        read_only: Option<ReadOnly>,
    },
    /// Remembers this moment, as a backup does.
    Remember {
        /// What it is called.
        name: String,
    },
    /// Restores a moment that was remembered.
    GoBack(Restore),
    /// Revokes an access token.
    RevokeToken {
        /// By number, string or name.
        token: ThingRef,
    },
    /// Lets an access token expire.
    ExpireToken {
        /// By number, string or name.
        token: ThingRef,
        /// Omitted, today.
        at: Option<Date>,
    },
    /// Plays a machine that contacts, as a request for a job does, without taking one.
    Contact {
        /// With which runner's token.
        runner: RunnerRef,
        /// As which machine.
        #[serde(default)]
        manager: NewManager,
    },
    /// Plays a machine that asks for a job; answers `{"job"}`, null when there is none.
    TakeJob {
        /// With which runner's token.
        runner: RunnerRef,
        /// As which machine.
        #[serde(default)]
        manager: NewManager,
    },
    /// Ends a job.
    FinishJob {
        /// Which.
        job: JobId,
        /// How; omitted, well.
        status: Option<JobStatus>,
        /// Why it failed.
        failure_reason: Option<String>,
    },
    /// A job that waits for a runner; answers `{"id"}`.
    QueueJob(NewJob),
    /// Resets a runner's token as somebody else would; answers `{"token"}`.
    ResetRunnerToken {
        /// Which.
        runner: RunnerRef,
    },
    /// Changes a runner as somebody else would, without any validation.
    EditRunner {
        /// Which.
        runner: RunnerRef,
        /// To what.
        set: RunnerEdit,
    },
    /// Deletes a runner as somebody else would.
    DeleteRunner {
        /// Which.
        runner: RunnerRef,
    },
    /// Every runner with everything about it, token and note included.
    Runners {},
    /// The whole world.
    Dump {},
}

/// Why a command was not carried out; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CommandError(pub String);

impl From<Unbuildable> for CommandError {
    fn from(Unbuildable(text): Unbuildable) -> Self {
        Self(text)
    }
}

impl GitLab {
    /// Changes the world, or reads it back.
    ///
    /// # Errors
    /// What does not fit the world; it is then as it was before.
    pub fn command(&mut self, command: Command, now: Timestamp) -> Result<Value, CommandError> {
        let mut changed = self.clone();
        changed.delete_overdue(now);
        let answer = changed.act(command, now)?;
        *self = changed;
        Ok(answer)
    }
}
