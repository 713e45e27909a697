//! How many runners a project or group may have, and until when their tokens live (contract §4).
use jiff::{SignedDuration, Timestamp};

use super::{GitLab, GroupId, Project, ProjectId, Runner, RunnerType, facts};

impl GitLab {
    /// Only runners created or contacted of late count.
    fn is_recent(&self, runner: &Runner, now: Timestamp) -> bool {
        let deadline = self.stale_deadline(now);
        runner.created_at > deadline || runner.stored_contacted_at.is_some_and(|at| at > deadline)
    }

    /// A limit as it is set; 0, which is none, before there were any.
    fn runner_limit(&self, limit: u64) -> u64 {
        if self.since(facts::RUNNER_LIMITS) {
            limit
        } else {
            0
        }
    }

    /// The limit, when the project's recent runners have reached it.
    pub(crate) fn project_limit_reached(&self, project: ProjectId, now: Timestamp) -> Option<u64> {
        let limit = self.runner_limit(self.settings.ci_registered_project_runners);
        let used = self
            .runners
            .values()
            .filter(|runner| runner.projects.contains(&project) && self.is_recent(runner, now));
        reached(used.count(), limit)
    }

    /// The limit, when the group's recent runners have reached it.
    pub(crate) fn group_limit_reached(&self, group: GroupId, now: Timestamp) -> Option<u64> {
        let limit = self.runner_limit(self.settings.ci_registered_group_runners);
        let used = self
            .runners
            .values()
            .filter(|runner| runner.group == Some(group) && self.is_recent(runner, now));
        reached(used.count(), limit)
    }

    /// When a token made now for such a runner expires: the shortest interval applies.
    pub(crate) fn token_expiry(
        &self,
        kind: RunnerType,
        group: Option<GroupId>,
        projects: &[ProjectId],
        now: Timestamp,
    ) -> Option<Timestamp> {
        if !self.since(facts::TOKEN_EXPIRY) {
            return None;
        }
        let seconds = match kind {
            RunnerType::Instance => self.settings.runner_token_expiration_interval,
            RunnerType::Group => self.group_interval(group?),
            RunnerType::Project => {
                let projects = projects.iter().filter_map(|id| self.projects.get(id));
                projects
                    .filter_map(|project| self.project_interval(project))
                    .min()
            }
        };
        seconds.and_then(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok())
    }

    /// How long the token of a runner of this group lives: its own interval is not inherited, those
    /// above have another one for what is below them.
    fn group_interval(&self, group: GroupId) -> Option<i64> {
        let chain = self.ancestry(group);
        let (own, above) = chain.split_first()?;
        above
            .iter()
            .filter_map(|group| group.subgroup_runner_token_expiration_interval)
            .chain(own.runner_token_expiration_interval)
            .chain(self.settings.group_runner_token_expiration_interval)
            .min()
    }

    /// How long the token of a runner of this project lives, as far as the project is concerned.
    fn project_interval(&self, project: &Project) -> Option<i64> {
        let instance = self.settings.project_runner_token_expiration_interval;
        self.groups_above(project)
            .iter()
            .filter_map(|group| group.project_runner_token_expiration_interval)
            .chain(project.runner_token_expiration_interval)
            .chain(instance)
            .min()
    }
}

fn reached(used: usize, limit: u64) -> Option<u64> {
    (u64::try_from(used).is_ok_and(|used| used >= limit) && limit > 0).then_some(limit)
}
