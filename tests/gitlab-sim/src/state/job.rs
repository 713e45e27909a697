//! Jobs, as far as runners see them.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Secret,
    ids::{JobId, ManagerId, ProjectId, RunnerId, UserId},
};

/// Every status a job can have (contract §3.8).
pub(crate) const JOB_STATUSES: &[&str] = &[
    "created",
    "waiting_for_resource",
    "preparing",
    "waiting_for_callback",
    "pending",
    "running",
    "success",
    "failed",
    "canceling",
    "canceled",
    "skipped",
    "manual",
    "scheduled",
];

/// The statuses that a job of the stand-in takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waits for a runner.
    Pending,
    /// Has one.
    Running,
    /// Went well.
    Success,
    /// Did not.
    Failed,
    /// Was stopped by somebody.
    Canceled,
}

impl JobStatus {
    /// GitLab's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether nothing more will happen.
    pub fn is_complete(self) -> bool {
        match self {
            Self::Pending | Self::Running => false,
            Self::Success | Self::Failed | Self::Canceled => true,
        }
    }
}

/// One job.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Its number.
    pub id: JobId,
    /// Whose it is.
    pub project: ProjectId,
    /// Who started it.
    pub user: Option<UserId>,
    /// What it is called.
    pub name: String,
    /// When in the pipeline it runs.
    pub stage: String,
    /// The branch or tag.
    pub git_ref: String,
    /// Whether that ref is protected.
    pub protected: bool,
    /// Which runners may take it.
    pub tags: Vec<String>,
    /// What it runs.
    pub script: Vec<String>,
    /// How far it is.
    pub status: JobStatus,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// Who took it.
    pub runner: Option<RunnerId>,
    /// Which of that runner's managers took it.
    pub manager: Option<ManagerId>,
    /// What the runner shows to report on it.
    pub token: Secret,
    /// What the runner printed.
    pub trace: Vec<u8>,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it was taken.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}
