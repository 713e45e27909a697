//! What a runner is at work on.
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::client::Client;
use super::error::Error;
use super::model::{RunnerId, RunningJobs};
use super::request::Request;

/// What GitLab's word for a runner at work is.
const AT_WORK: &str = "active";

#[derive(Deserialize)]
struct Work {
    /// Absent before 18.10.
    #[serde(default)]
    job_execution_status: Option<String>,
}

impl Client {
    /// The jobs that a runner is running (contract §3.8). Jobs of projects in which the credential's owner is
    /// no Reporter are left out of the list without a word, so that where it is empty the runner itself is
    /// asked, which says in newer releases whether it is at work. Of older ones `at_work` is what GraphQL
    /// has said.
    pub async fn running_jobs(
        &self,
        id: RunnerId,
        at_work: Option<bool>,
    ) -> Result<RunningJobs, Error> {
        let path = format!("/runners/{id}/jobs?status=running&per_page=1");
        let given = self
            .send(Request::get("/runners/:id/jobs", path))
            .await?
            .given()?;
        let shown = u64::try_from(given.json::<Vec<IgnoredAny>>()?.len()).unwrap_or(u64::MAX);
        // Of more than ten thousand there is no total (contract §1.8).
        let total = given.number("x-total").unwrap_or_default();
        let number = shown.max(total);
        if number > 0 {
            return Ok(RunningJobs::Shown(number));
        }
        let request = Request::get("/runners/:id", format!("/runners/{id}"));
        let Work {
            job_execution_status,
        } = self.send(request).await?.given()?.json()?;
        let at_work = job_execution_status.map_or(at_work, |word| Some(word == AT_WORK));
        Ok(if at_work == Some(true) {
            RunningJobs::Hidden
        } else {
            RunningJobs::Shown(0)
        })
    }
}
