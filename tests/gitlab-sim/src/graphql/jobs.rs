//! The jobs of a runner, which can be had for only one runner per request (contract §5.3).
use serde_json::{Value, json};

use super::page::Place;
use super::plan::Selected;
use super::read::{Held, Reader, Thing, gid, time, time_or_null};
use super::runner::paged;
use crate::state::{Job, Role, Runner};

impl Reader<'_> {
    pub(super) fn jobs_of(&self, runner: &Runner, field: &Selected) -> Held {
        if self.jobs_were_read.replace(true) {
            let text = "\"jobs\" field can be requested only for 1 CiRunner(s) at a time.";
            return Held::Refused(text.to_owned());
        }
        let may = |caller| self.gitlab.can_read_builds(caller, runner);
        if !self.caller.is_some_and(may) {
            return Held::One(None);
        }
        let wanted = field.arguments.get("statuses").and_then(Value::as_array);
        let rows = self
            .gitlab
            .jobs
            .values()
            .filter(|job| job.runner == Some(runner.id) && self.reports_on(job))
            .filter(|job| {
                let word = json!(job.status.word().to_ascii_uppercase());
                wanted.is_none_or(|wanted| wanted.contains(&word))
            })
            .map(|job| {
                let Place(_, _, id) = Place::by_id(job.id.0);
                (Place(0, 0, -id), Thing::Job(job.id))
            })
            .collect();
        paged(rows, field)
    }

    /// Jobs of projects where the caller is below Reporter are left out (contract §3.8).
    fn reports_on(&self, job: &Job) -> bool {
        let project = self.gitlab.projects.get(&job.project);
        self.caller.zip(project).is_some_and(|(caller, project)| {
            caller.reads_all()
                || self
                    .gitlab
                    .has_project_role(caller, project, Role::Reporter)
        })
    }

    pub(super) fn job_field(job: &Job, field: &Selected) -> Held {
        Held::Leaf(match field.name {
            "id" => gid("Ci::Build", job.id),
            "name" => json!(job.name),
            "status" => json!(job.status.word().to_ascii_uppercase()),
            "createdAt" => time(job.created_at),
            "startedAt" => time_or_null(job.started_at),
            "finishedAt" => time_or_null(job.finished_at),
            _ => return Held::One(Some(Thing::Project(job.project))),
        })
    }
}
