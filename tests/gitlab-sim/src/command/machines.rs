//! Commands about runners: playing their machines, and meddling with them.
use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{CommandError, dump};
use crate::{
    build::{NewManager, RunnerEdit, RunnerRef, SeedRunner},
    state::{
        GitLab, Heartbeat, JobId, JobStatus, LEGACY_SYSTEM_ID, MachineInfo, ManagerId, RunnerId,
    },
};

impl GitLab {
    /// A contact as a request for a job makes it (contract §3.25).
    pub(super) fn contact(
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
            address: ip_address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            touches_runner: true,
            asks_for_job: true,
        };
        let manager = self
            .heartbeat(id, beat, now)
            .map_err(|_| CommandError("a `system_id` has 1 to 64 characters".to_owned()))?;
        Ok((id, manager))
    }

    pub(super) fn play_for_job(
        &mut self,
        runner: &RunnerRef,
        manager: NewManager,
        now: Timestamp,
    ) -> Result<Value, CommandError> {
        let (runner, manager) = self.contact(runner, manager, now)?;
        Ok(json!({ "job": self.take_job(runner, manager, now) }))
    }

    pub(super) fn enter_runner(
        &mut self,
        new: SeedRunner,
        now: Timestamp,
    ) -> Result<Value, CommandError> {
        let id = self.add_runner(new, now)?;
        Ok(dump::one_runner(self, id))
    }

    pub(super) fn edit_behind(
        &mut self,
        runner: &RunnerRef,
        set: RunnerEdit,
        now: Timestamp,
    ) -> Result<Value, CommandError> {
        let id = self.refer_runner(runner)?;
        self.edit_runner(id, set, now)?;
        Ok(dump::one_runner(self, id))
    }

    pub(super) fn reset_behind(
        &mut self,
        runner: &RunnerRef,
        now: Timestamp,
    ) -> Result<Value, CommandError> {
        let token = self.reset_runner_token(self.refer_runner(runner)?, now);
        Ok(json!({ "token": token.as_ref().map(crate::Secret::expose) }))
    }

    pub(super) fn delete_behind(&mut self, runner: &RunnerRef) -> Result<(), CommandError> {
        self.delete_runner(self.refer_runner(runner)?);
        Ok(())
    }

    pub(super) fn end_job(
        &mut self,
        job: JobId,
        end: Option<JobStatus>,
        failure_reason: Option<String>,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        if !self.jobs.contains_key(&job) {
            return Err(CommandError(format!("there is no job {job}")));
        }
        self.finish_job(job, end.unwrap_or(JobStatus::Success), failure_reason, now);
        Ok(())
    }
}
