//! Which projects a runner serves, and since when (contract §3.12, §3.13).
use jiff::Timestamp;

use super::{ProjectId, Runner};

impl Runner {
    /// Adds a project behind the others; the association is new even if the runner is old.
    pub(crate) fn assign(&mut self, project: ProjectId, now: Timestamp) {
        self.projects.push(project);
        self.assigned_at.insert(project, now);
    }

    /// Takes a project away.
    pub(crate) fn unassign(&mut self, project: ProjectId) {
        self.projects.retain(|id| *id != project);
        self.assigned_at.remove(&project);
    }

    /// Makes these all of its projects; an association that was there stays as old as it is.
    pub(crate) fn assign_exactly(&mut self, projects: Vec<ProjectId>, now: Timestamp) {
        self.assigned_at.retain(|id, _| projects.contains(id));
        for project in &projects {
            self.assigned_at.entry(*project).or_insert(now);
        }
        self.projects = projects;
    }

    /// When the association with a project was made, if there is one; GitLab never changes it later.
    pub(crate) fn assigned_at(&self, project: ProjectId) -> Option<Timestamp> {
        self.assigned_at.get(&project).copied()
    }
}
