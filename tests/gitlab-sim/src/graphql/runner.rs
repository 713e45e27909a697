//! The fields of a runner and of its managers (contract §5.3).
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::page::{self, Place};
use super::plan::Selected;
use super::read::{Held, Reader, Thing, gid, time, time_or_null};
use crate::state::{
    CreationState, Manager, ProjectId, RegistrationType, Runner, RunnerType, facts,
};

/// How long the creator can read the token of a new runner again (contract §4).
const EPHEMERAL: SignedDuration = SignedDuration::from_hours(1);

/// Jobs are counted up to one more than this (contract §5.3).
const MOST_JOBS: usize = 1000;

impl Reader<'_> {
    pub(super) fn runner_field(&self, runner: &Runner, field: &Selected) -> Held {
        let shout = |word: &str| json!(word.to_ascii_uppercase());
        let admin = self.caller.is_some_and(|caller| caller.admin);
        let page = format!("{}/admin/runners/{}", self.gitlab.external_url, runner.id);
        Held::Leaf(match field.name {
            "id" => gid("Ci::Runner", runner.id),
            "shortSha" => json!(runner.short_sha(self.gitlab.since(facts::SHORT_SHA))),
            "runnerType" => shout(runner.runner_type.word()),
            "description" => json!(runner.description),
            "maintenanceNote" => json!(self.maintenance_note(runner)),
            "maintenanceNoteHtml" => json!(self.maintenance_note(runner).map(html)),
            "tagList" => json!(runner.tags_as_stored()),
            "runUntagged" => json!(runner.run_untagged),
            "locked" => json!(runner.locked),
            "paused" => json!(!runner.active),
            "active" => json!(runner.active),
            "accessLevel" => shout(runner.access_level.word()),
            "maximumTimeout" => json!(runner.maximum_timeout),
            "status" => shout(self.gitlab.graphql_status(runner, self.now)),
            "contactedAt" => time_or_null(runner.contacted_at),
            "createdAt" => time(runner.created_at),
            "creationMethod" => json!(match runner.registration_type {
                RegistrationType::RegistrationToken => "REGISTRATION_TOKEN",
                RegistrationType::AuthenticatedUser => "AUTHENTICATED_USER",
            }),
            "creationState" => json!(match runner.creation_state {
                CreationState::Started => "STARTED",
                CreationState::Finished => "FINISHED",
            }),
            "tokenRotationDeadline" if self.gitlab.settings.enterprise => {
                time_or_null(runner.token_rotation_deadline)
            }
            "tokenExpiresAt" => time_or_null(self.token_expiry(runner)),
            "jobExecutionStatus" => shout(self.gitlab.job_execution_status(runner)),
            "jobCount" => json!(self.job_count(runner)),
            "projectCount" if runner.runner_type == RunnerType::Project => {
                json!(runner.projects.len())
            }
            "adminUrl" if admin => json!(page),
            "editAdminUrl" if admin => json!(format!("{page}/edit")),
            "registerAdminUrl" if admin && self.is_registering(runner) => {
                json!(format!("{page}/register"))
            }
            "ephemeralAuthenticationToken" if self.is_ephemeral(runner) => {
                json!(runner.token.expose())
            }
            "ephemeralRegisterUrl" if self.is_ephemeral(runner) => json!(self.register_url(runner)),
            "version" | "revision" | "platformName" | "architectureName" | "executorName"
            | "ipAddress" => self.machine_field(runner, field.name),
            "createdBy" | "ownerProject" | "groups" | "projects" | "managers" | "jobs"
            | "userPermissions" => return self.runner_object(runner, field),
            // Counts and addresses that this runner, or this caller, has not; upgradeStatus.
            _ => Value::Null,
        })
    }

    fn runner_object(&self, runner: &Runner, field: &Selected) -> Held {
        match field.name {
            "createdBy" => Held::One(runner.creator.map(Thing::User)),
            "ownerProject" => Held::One(runner.owner_project().and_then(|id| self.project(id))),
            "groups" if runner.runner_type == RunnerType::Group => {
                let group = runner.group.and_then(|id| self.gitlab.groups.get(&id));
                let group = group.filter(|group| self.sees_group(group));
                let rows = group.map(|group| (Place::by_id(group.id.0), Thing::Group(group.id)));
                paged(rows.into_iter().collect(), field)
            }
            "projects" if runner.runner_type == RunnerType::Project => {
                let rows = runner.projects.iter().zip(0..);
                let rows =
                    rows.filter_map(|(id, order)| Some((Place::by_id(order), self.project(*id)?)));
                paged(rows.collect(), field)
            }
            "managers" => {
                // Managers declare no permission, so that no fine-grained token can read them.
                let rows = self.gitlab.managers_of(runner.id);
                let rows = rows.filter(|_| !self.is_granular());
                // The latest first, as GitLab sorts them.
                let rows = rows.map(|own| {
                    let Place(_, _, id) = Place::by_id(own.id.0);
                    (Place(0, 0, -id), Thing::Manager(own.id))
                });
                paged(rows.collect(), field)
            }
            "jobs" => self.jobs_of(runner, field),
            "userPermissions" => Held::One(Some(Thing::Permissions(runner.id))),
            _ => Held::One(None),
        }
    }

    fn project(&self, id: ProjectId) -> Option<Thing> {
        let project = self.gitlab.projects.get(&id)?;
        self.sees_project(project).then_some(Thing::Project(id))
    }

    /// Since NEW as over REST, only for who may change the runner (contract §2.2).
    fn maintenance_note<'r>(&self, runner: &'r Runner) -> Option<&'r str> {
        let may = |caller| self.gitlab.can_update_runner(caller, runner);
        if self.gitlab.since(facts::NOTE_HIDDEN) && !self.caller.is_some_and(may) {
            return None;
        }
        runner.maintenance_note.as_deref()
    }

    /// Of an instance runner, which anybody may read, since NEW for administrators only.
    fn token_expiry(&self, runner: &Runner) -> Option<Timestamp> {
        let may = |caller| self.gitlab.can_update_runner(caller, runner);
        let open = !self.gitlab.since(facts::NOTE_HIDDEN)
            || runner.runner_type != RunnerType::Instance
            || self.caller.is_some_and(may);
        runner.token_expires_at.filter(|_| open)
    }

    /// Contract §4: for the creator, within an hour, while nothing has used the token yet.
    fn is_ephemeral(&self, runner: &Runner) -> bool {
        let mine = self
            .caller
            .is_some_and(|caller| runner.creator == Some(caller.user.id));
        let fresh = self.now.duration_since(runner.created_at) < EPHEMERAL;
        let by_user = runner.registration_type == RegistrationType::AuthenticatedUser;
        mine && fresh && by_user && self.is_registering(runner)
    }

    /// Where a browser registers a machine for a new runner.
    fn register_url(&self, runner: &Runner) -> String {
        let place = match runner.runner_type {
            RunnerType::Instance => "admin/runners".to_owned(),
            RunnerType::Group => {
                let group = runner.group.map(|id| self.gitlab.full_path(id));
                format!("groups/{}/-/runners", group.unwrap_or_default())
            }
            RunnerType::Project => {
                let owner = runner.owner_project();
                let owner = owner.and_then(|id| self.gitlab.projects.get(&id));
                let path = owner.map(|project| self.gitlab.path_with_namespace(project));
                format!("{}/-/runners", path.unwrap_or_default())
            }
        };
        format!(
            "{}/{place}/{}/register",
            self.gitlab.external_url, runner.id
        )
    }

    /// What the machine heard of last says of itself, where runners still show it.
    fn machine_field(&self, runner: &Runner, name: &str) -> Value {
        let manager = self.gitlab.latest_manager(runner.id);
        json!(manager.and_then(|manager| match name {
            "version" => manager.version.as_ref(),
            "revision" => manager.revision.as_ref(),
            "platformName" => manager.platform.as_ref(),
            "architectureName" => manager.architecture.as_ref(),
            "executorName" => manager.executor.as_ref(),
            _ => manager.ip_address.as_ref(),
        }))
    }

    /// Nothing has come from it yet: no job request since NEW, no manager before.
    fn is_registering(&self, runner: &Runner) -> bool {
        if self.gitlab.since(facts::VERIFY_IS_CONTACT) {
            runner.creation_state == CreationState::Started
        } else {
            self.gitlab.managers_of(runner.id).next().is_none()
        }
    }

    fn job_count(&self, runner: &Runner) -> usize {
        let jobs = self.gitlab.jobs.values();
        jobs.filter(|job| job.runner == Some(runner.id))
            .take(MOST_JOBS + 1)
            .count()
    }

    pub(super) fn permission(&self, runner: &Runner, name: &str) -> Held {
        let gitlab = self.gitlab;
        Held::Leaf(json!(self.caller.is_some_and(|caller| match name {
            "readRunner" => gitlab.can_read_runner(caller, runner),
            "updateRunner" => gitlab.can_update_runner(caller, runner),
            "deleteRunner" => {
                gitlab.can_delete_runner(caller, runner)
                    && (caller.admin || runner.projects.len() < 2)
            }
            _ => {
                gitlab.can_assign_runner(caller, runner) && (caller.admin || !runner.locked)
            }
        })))
    }

    pub(super) fn manager_field(&self, manager: &Manager, field: &Selected) -> Held {
        let shout = |word: &str| json!(word.to_ascii_uppercase());
        Held::Leaf(match field.name {
            "id" => gid("Ci::RunnerManager", manager.id),
            "systemId" => json!(manager.system_id),
            "version" => json!(manager.version),
            "revision" => json!(manager.revision),
            "platformName" => json!(manager.platform),
            "architectureName" => json!(manager.architecture),
            "executorName" => json!(manager.executor),
            "ipAddress" => json!(manager.ip_address),
            "createdAt" => time(manager.created_at),
            "contactedAt" => time_or_null(manager.contacted_at),
            "status" => shout(self.gitlab.manager_status(manager, self.now)),
            "jobExecutionStatus" => shout(self.gitlab.manager_execution_status(manager)),
            _ => return Held::One(Some(Thing::Runner(manager.runner))),
        })
    }
}

/// A note as a paragraph; GitLab renders it as Markdown.
fn html(note: &str) -> String {
    let text = note
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<p>{text}</p>")
}

pub(super) fn paged(rows: Vec<(Place, Thing)>, field: &Selected) -> Held {
    match page::cut(rows, &field.arguments) {
        Ok(page) => Held::One(Some(Thing::Page(Box::new(page)))),
        Err(why) => Held::Refused(why),
    }
}
