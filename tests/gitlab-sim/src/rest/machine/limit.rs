//! The application's own limits on what runners call about jobs, since 18.5: contract §1.9.
use crate::rest::{call::Call, refusal::Refusal};
use crate::state::{Settings, facts};

/// What is limited.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    /// Asking for a job, by the runner's token.
    Request,
    /// Sending a piece of a log, by the job's token.
    Trace,
    /// Everything else about a job, by the job's token.
    Job,
}

impl Limit {
    /// GitLab's name for it.
    fn name(self) -> &'static str {
        match self {
            Self::Request => "runner_jobs_request_api",
            Self::Trace => "runner_jobs_patch_trace_api",
            Self::Job => "runner_jobs_api",
        }
    }

    fn requests(self, settings: &Settings) -> u64 {
        match self {
            Self::Request => settings.runner_jobs_request_api_limit,
            Self::Trace => settings.runner_jobs_patch_trace_api_limit,
            Self::Job => settings.runner_jobs_endpoints_api_limit,
        }
    }

    /// Counts a request by the token as it was sent: whether there is such a token is asked later,
    /// so made-up ones run into the limit too, and a new token starts a window of its own.
    pub(super) fn check(self, call: &mut Call<'_>, token: &str) -> Result<(), Refusal> {
        let requests = self.requests(&call.gitlab.settings);
        if call.gitlab.since(facts::JOB_LIMITS) {
            call.limit(self.name(), token, requests)?;
        }
        Ok(())
    }
}
