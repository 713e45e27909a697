//! What a contact of a running gitlab-runner leaves behind (contract §1.7, §3.17, §3.25).
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use super::{CreationState, GitLab, JobId, Manager, ManagerId, RunnerId, before, facts};

/// The system id of a manager that did not say one.
pub(crate) const LEGACY_SYSTEM_ID: &str = "<legacy>";

/// What a gitlab-runner says of itself; an absent part leaves what is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct MachineInfo {
    pub(crate) version: Option<String>,
    pub(crate) revision: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) architecture: Option<String>,
    pub(crate) executor: Option<String>,
}

/// One contact.
#[derive(Clone, Debug)]
pub(crate) struct Heartbeat {
    pub(crate) system_id: String,
    pub(crate) info: MachineInfo,
    pub(crate) address: IpAddr,
    /// Whether the runner's own contact time moves, not only its manager's (contract §3.17).
    pub(crate) touches_runner: bool,
    /// Whether this was a request for a job, which since NEW alone finishes the creation.
    pub(crate) asks_for_job: bool,
}

/// A system id that no manager can have: it must be 1 to 64 characters long (contract §1.5).
#[derive(Clone, Copy, Debug)]
pub(crate) struct BadSystemId;

impl GitLab {
    /// Finds or creates the manager and records the contact.
    pub(crate) fn heartbeat(
        &mut self,
        runner: RunnerId,
        beat: Heartbeat,
        now: Timestamp,
    ) -> Result<ManagerId, BadSystemId> {
        let Heartbeat {
            system_id,
            info,
            address,
            touches_runner,
            asks_for_job,
        } = beat;
        let id = self.find_or_create_manager(runner, &system_id, now)?;
        if let Some(manager) = self.managers.get_mut(&id) {
            let MachineInfo {
                version,
                revision,
                platform,
                architecture,
                executor,
            } = info;
            for (slot, said) in [
                (&mut manager.version, version),
                (&mut manager.revision, revision),
                (&mut manager.platform, platform),
                (&mut manager.architecture, architecture),
                (&mut manager.executor, executor),
            ] {
                if said.is_some() {
                    *slot = said;
                }
            }
        }
        self.touch_manager(id, address, now);
        if touches_runner {
            self.touch_runner(runner, address, asks_for_job, now);
        }
        Ok(id)
    }

    /// Records the contact of a machine that reports on a job (contract §3.25): its runner is heard
    /// of, and since managers can be seen, so is its manager.
    pub(crate) fn job_heartbeat(&mut self, job: JobId, address: IpAddr, now: Timestamp) {
        let taken = self.jobs.get(&job).map(|job| (job.runner, job.manager));
        let (runner, manager) = taken.unwrap_or_default();
        if let Some(manager) = manager.filter(|_| self.since(facts::REPORT_IS_CONTACT)) {
            self.touch_manager(manager, address, now);
        }
        if let Some(runner) = runner {
            self.touch_runner(runner, address, false, now);
        }
    }

    fn touch_manager(&mut self, id: ManagerId, address: IpAddr, now: Timestamp) {
        if let Some(manager) = self.managers.get_mut(&id) {
            manager.ip_address = Some(address.to_string());
            manager.contacted_at = Some(now);
            manager.creation_state = CreationState::Finished;
        }
    }

    fn find_or_create_manager(
        &mut self,
        runner: RunnerId,
        system_id: &str,
        now: Timestamp,
    ) -> Result<ManagerId, BadSystemId> {
        if !(1..=64).contains(&system_id.chars().count()) {
            return Err(BadSystemId);
        }
        let known = self
            .managers_of(runner)
            .find(|manager| manager.system_id == system_id);
        if let Some(manager) = known {
            return Ok(manager.id);
        }
        let id = ManagerId(self.next_id("manager"));
        let manager = Manager {
            id,
            runner,
            system_id: system_id.to_owned(),
            version: None,
            revision: None,
            platform: None,
            architecture: None,
            executor: None,
            ip_address: None,
            created_at: now,
            contacted_at: None,
            creation_state: CreationState::Started,
        };
        self.managers.insert(id, manager);
        Ok(id)
    }

    /// The cached contact time moves every time, the stored one only when it is older than a
    /// random 40 to 55 minutes (contract §1.7).
    fn touch_runner(&mut self, id: RunnerId, address: IpAddr, asks_for_job: bool, now: Timestamp) {
        let patience = SignedDuration::from_secs(
            i64::try_from(40 * 60 + self.mint.below(15 * 60)).unwrap_or(40 * 60),
        );
        let new = self.since(facts::VERIFY_IS_CONTACT);
        if let Some(runner) = self.runners.get_mut(&id) {
            runner.contacted_at = Some(now);
            runner.ip_address = Some(address.to_string());
            if runner
                .stored_contacted_at
                .is_none_or(|stored| stored < before(now, patience))
            {
                runner.stored_contacted_at = Some(now);
            }
            if asks_for_job || !new {
                runner.creation_state = CreationState::Finished;
            }
        }
    }
}
