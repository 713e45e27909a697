//! Jobs that wait for a runner.
use jiff::Timestamp;
use serde::Deserialize;

use super::{ThingRef, Unbuildable};
use crate::state::{GitLab, Job, JobId, JobStatus, RunnerId};

/// A job.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewJob {
    /// Whose it is.
    pub project: ThingRef,
    /// Who started it.
    pub user: Option<ThingRef>,
    /// What it is called; omitted, `build`.
    pub name: Option<String>,
    /// When in the pipeline it runs; omitted, `test`.
    pub stage: Option<String>,
    /// The branch or tag; omitted, `main`.
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    /// Whether that ref is protected.
    #[serde(default)]
    pub protected: bool,
    /// Which runners may take it.
    #[serde(default)]
    pub tag_list: Vec<String>,
    /// What it runs; omitted, `true`.
    #[serde(default)]
    pub script: Vec<String>,
}

impl GitLab {
    pub(crate) fn add_job(&mut self, new: NewJob, now: Timestamp) -> Result<JobId, Unbuildable> {
        let project = self.refer_project(&new.project)?;
        let user = new
            .user
            .as_ref()
            .map(|user| self.refer_user(user))
            .transpose()?;
        let id = JobId(self.next_id("job"));
        let text = |given: Option<String>, otherwise: &str| given.unwrap_or(otherwise.to_owned());
        let script = if new.script.is_empty() {
            vec!["true".to_owned()]
        } else {
            new.script
        };
        let job = Job {
            id,
            project,
            user,
            name: text(new.name, "build"),
            stage: text(new.stage, "test"),
            git_ref: text(new.git_ref, "main"),
            protected: new.protected,
            tags: new.tag_list,
            script,
            status: JobStatus::Pending,
            failure_reason: None,
            runner: None,
            manager: None,
            token: self.mint.token("glcbt-", 20),
            trace: Vec::new(),
            created_at: now,
            started_at: None,
            finished_at: None,
        };
        self.jobs.insert(id, job);
        let runners: Vec<RunnerId> = self
            .projects
            .get(&project)
            .map(|project| {
                self.runners_for_project(project)
                    .iter()
                    .map(|r| r.id)
                    .collect()
            })
            .unwrap_or_default();
        for runner in runners {
            self.tick_queue(runner);
        }
        Ok(id)
    }
}
