//! Making, re-keying and removing runners, projects and groups (contract §4).
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    AccessLevel, CreationState, GitLab, GroupId, JobId, JobStatus, Namespace, OrganizationId,
    ProjectId, RegistrationType, Runner, RunnerId, RunnerType, Secret, UserId, facts,
};

/// What a new runner is made from; everything else follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewRunner {
    pub(crate) runner_type: RunnerType,
    pub(crate) group: Option<GroupId>,
    pub(crate) project: Option<ProjectId>,
    pub(crate) registration_type: RegistrationType,
    pub(crate) creator: Option<UserId>,
}

impl GitLab {
    /// A runner with the column defaults of contract §1.5, not yet saved.
    pub(crate) fn build_runner(&mut self, new: &NewRunner, now: Timestamp) -> Runner {
        let NewRunner {
            runner_type,
            group,
            project,
            registration_type,
            creator,
        } = *new;
        let organization = group
            .and_then(|id| self.groups.get(&id).map(|group| group.organization))
            .or_else(|| project.and_then(|id| self.projects.get(&id).map(|p| p.organization)))
            .unwrap_or(OrganizationId(1));
        Runner {
            id: RunnerId(0),
            runner_type,
            description: None,
            name: None,
            active: true,
            locked: false,
            run_untagged: true,
            access_level: AccessLevel::NotProtected,
            maximum_timeout: None,
            maintenance_note: None,
            tags: Vec::new(),
            group,
            projects: project.into_iter().collect(),
            assigned_at: project.into_iter().map(|id| (id, now)).collect(),
            organization,
            token: self.runner_token(runner_type, registration_type, creator),
            token_expires_at: self.token_expiry(runner_type, group, project.as_slice(), now),
            token_rotation_deadline: None,
            created_at: now,
            updated_at: now,
            contacted_at: None,
            stored_contacted_at: None,
            ip_address: None,
            creation_state: CreationState::Started,
            registration_type,
            creator,
            queue_tick: 0,
        }
    }

    /// Saves a new runner under the next number.
    pub(crate) fn insert_runner(&mut self, mut runner: Runner) -> RunnerId {
        let id = RunnerId(self.next_id("runner"));
        runner.id = id;
        self.runners.insert(id, runner);
        id
    }

    /// Contract §3.20: what tokens look like, by release and by how the runner was registered. The
    /// owner of an instance runner is its creator.
    pub(crate) fn runner_token(
        &mut self,
        kind: RunnerType,
        how: RegistrationType,
        creator: Option<UserId>,
    ) -> Secret {
        let by_user = how == RegistrationType::AuthenticatedUser;
        if !self.since(facts::ROUTABLE) {
            let marker = if self.since(facts::MARKERS) {
                kind.marker()
            } else {
                ""
            };
            let prefix = if by_user { "glrt-" } else { "" };
            return self.mint.token(&format!("{prefix}{marker}"), 20);
        }
        let prefix = if by_user {
            format!("{}glrt-", self.settings.token_prefix())
        } else {
            "glrtr-".to_owned()
        };
        let owned = kind != RunnerType::Instance;
        let routable = if self.since(facts::ROUTABLE_FOR_OWNED) {
            owned || creator.is_some()
        } else {
            owned && by_user
        };
        if !routable {
            return self.mint.token(&prefix, 20);
        }
        let payload = self.mint.text(52);
        let check = self.mint.below(36_u64.pow(2)) + 36_u64.pow(8);
        Secret::new(format!("{prefix}{payload}.01.{check:012x}"))
    }

    /// A new token, with the expiry that the settings give now; the old one is dead at once.
    pub(crate) fn reset_runner_token(&mut self, id: RunnerId, now: Timestamp) -> Option<Secret> {
        let runner = self.runners.get(&id)?;
        let (kind, how, creator) = (runner.runner_type, runner.registration_type, runner.creator);
        let expiry = self.token_expiry(kind, runner.group, &runner.projects, now);
        let token = self.runner_token(kind, how, creator);
        let runner = self.runners.get_mut(&id)?;
        runner.token = token.clone();
        runner.token_expires_at = expiry;
        runner.token_rotation_deadline = None;
        runner.updated_at = now;
        Some(token)
    }

    /// Pollers of this runner will look again (contract §3.6, side effect).
    pub(crate) fn tick_queue(&mut self, id: RunnerId) {
        let tick = self.mint.number();
        if let Some(runner) = self.runners.get_mut(&id) {
            runner.queue_tick = tick;
        }
    }

    /// Removes a runner with its managers; its jobs stay, without a runner.
    pub(crate) fn delete_runner(&mut self, id: RunnerId) {
        self.runners.remove(&id);
        self.managers.retain(|_, manager| manager.runner != id);
        for job in self.jobs.values_mut().filter(|job| job.runner == Some(id)) {
            job.runner = None;
            job.manager = None;
        }
    }

    /// Ends a job.
    pub(crate) fn finish_job(
        &mut self,
        id: JobId,
        end: JobStatus,
        failure_reason: Option<String>,
        now: Timestamp,
    ) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.status = end;
            job.failure_reason = failure_reason;
            job.finished_at = Some(now);
        }
    }

    /// Removes a project: the runners it owned move to the next oldest project, and those left
    /// without one are deleted, or since 18.4 stay as orphans.
    pub(crate) fn delete_project(&mut self, id: ProjectId) {
        self.projects.remove(&id);
        self.jobs.retain(|_, job| job.project != id);
        let mut orphans = Vec::new();
        for runner in self
            .runners
            .values_mut()
            .filter(|runner| runner.projects.contains(&id))
        {
            runner.unassign(id);
            if runner.projects.is_empty() {
                orphans.push(runner.id);
            }
        }
        if !self.since(facts::OWNERSHIP_RESTS) {
            for id in orphans {
                self.delete_runner(id);
            }
        }
    }

    /// Removes a group with everything below it, its runners too.
    pub(crate) fn delete_group(&mut self, id: GroupId) {
        let doomed: BTreeSet<GroupId> = self
            .groups
            .keys()
            .copied()
            .filter(|group| self.is_within(*group, id))
            .collect();
        let projects: Vec<ProjectId> = self
            .projects
            .values()
            .filter(|project| match project.namespace {
                Namespace::Group(group) => doomed.contains(&group),
                Namespace::User(_) => false,
            })
            .map(|project| project.id)
            .collect();
        for id in projects {
            self.delete_project(id);
        }
        let runners: Vec<RunnerId> = self
            .runners
            .values()
            .filter(|runner| runner.group.is_some_and(|group| doomed.contains(&group)))
            .map(|runner| runner.id)
            .collect();
        for id in runners {
            self.delete_runner(id);
        }
        self.groups.retain(|group, _| !doomed.contains(group));
    }
}
