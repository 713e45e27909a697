//! How many runners a project or group may have, and until when their tokens live (contract §4).
use jiff::{SignedDuration, Timestamp};

use super::{GitLab, Group, GroupId, Project, ProjectId, Runner, RunnerType};

impl GitLab {
    /// Only runners created or contacted of late count.
    fn is_recent(&self, runner: &Runner, now: Timestamp) -> bool {
        let deadline = self.stale_deadline(now);
        runner.created_at > deadline || runner.stored_contacted_at.is_some_and(|at| at > deadline)
    }

    /// The limit, when the project's recent runners have reached it.
    pub(crate) fn project_limit_reached(&self, project: ProjectId, now: Timestamp) -> Option<u64> {
        let limit = self.settings.ci_registered_project_runners;
        let used = self
            .runners
            .values()
            .filter(|runner| runner.projects.contains(&project) && self.is_recent(runner, now));
        reached(used.count(), limit)
    }

    /// The limit, when the group's recent runners have reached it.
    pub(crate) fn group_limit_reached(&self, group: GroupId, now: Timestamp) -> Option<u64> {
        let limit = self.settings.ci_registered_group_runners;
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
        let seconds = match kind {
            RunnerType::Instance => self.settings.runner_token_expiration_interval,
            RunnerType::Group => shortest(
                self.settings.group_runner_token_expiration_interval,
                group.map(|id| self.ancestry(id)).unwrap_or_default(),
                |group| group.runner_token_expiration_interval,
            ),
            RunnerType::Project => {
                let projects = projects.iter().filter_map(|id| self.projects.get(id));
                projects
                    .filter_map(|project| self.project_interval(project))
                    .min()
            }
        };
        seconds.and_then(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok())
    }

    /// How long the token of a runner of this project lives, as far as the project is concerned.
    fn project_interval(&self, project: &Project) -> Option<i64> {
        let instance = self.settings.project_runner_token_expiration_interval;
        let own = project.runner_token_expiration_interval;
        shortest(
            own.into_iter().chain(instance).min(),
            self.groups_above(project),
            |group| group.project_runner_token_expiration_interval,
        )
    }
}

fn shortest(
    instance: Option<i64>,
    groups: Vec<&Group>,
    interval: impl Fn(&Group) -> Option<i64>,
) -> Option<i64> {
    groups
        .into_iter()
        .filter_map(interval)
        .chain(instance)
        .min()
}

fn reached(used: usize, limit: u64) -> Option<u64> {
    (u64::try_from(used).is_ok_and(|used| used >= limit) && limit > 0).then_some(limit)
}
