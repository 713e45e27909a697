//! Places that move, close or die: contract §9.
use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use super::{GitLab, GroupId, Namespace, Project, ProjectId};

/// The old paths of projects, in lower case.
pub(crate) type Redirects = BTreeMap<String, ProjectId>;

/// What a path ends in while its place waits for its deletion.
fn suffix(id: u64) -> String {
    format!("-deletion_scheduled-{id}")
}

fn without_suffix(path: &str, id: u64) -> String {
    path.strip_suffix(&suffix(id)).unwrap_or(path).to_owned()
}

/// The day of a moment, as a server in UTC sees it.
fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl GitLab {
    /// A project that had this path before it moved, unless another place has it now.
    pub(crate) fn find_moved_project(&self, path: &str) -> Option<&Project> {
        let id = self.redirects.get(&path.to_ascii_lowercase())?;
        self.projects.get(id)
    }

    /// Changes what paths are made of, and keeps the old ones of projects.
    fn moving(&mut self, change: impl FnOnce(&mut Self)) {
        let paths = |world: &Self| -> BTreeMap<ProjectId, String> {
            let projects = world.projects.values();
            projects
                .map(|project| (project.id, world.path_with_namespace(project)))
                .collect()
        };
        let before = paths(self);
        change(self);
        let after = paths(self);
        for (id, old) in before {
            if after.get(&id).is_some_and(|new| *new != old) {
                self.redirects.insert(old.to_ascii_lowercase(), id);
            }
        }
        self.forget_taken_redirects();
    }

    /// An old path leads nowhere else once somebody has it, be it the same place in other letters.
    pub(crate) fn forget_taken_redirects(&mut self) {
        let mut redirects = std::mem::take(&mut self.redirects);
        redirects.retain(|path, id| {
            self.projects.contains_key(id)
                && self.find_project(path).is_none()
                && self.find_group(path).is_none()
        });
        self.redirects = redirects;
    }

    /// Renames or transfers a project. Nothing of its runners changes, their organisation included.
    pub(crate) fn move_project(&mut self, id: ProjectId, namespace: Namespace, path: &str) {
        let organization = match namespace {
            Namespace::Group(group) => self.groups.get(&group).map(|group| group.organization),
            Namespace::User(_) => None,
        };
        self.moving(|world| {
            if let Some(project) = world.projects.get_mut(&id) {
                project.namespace = namespace;
                path.clone_into(&mut project.path);
                project.organization = organization.unwrap_or(project.organization);
            }
        });
    }

    /// Renames or transfers a group, with all below it.
    pub(crate) fn move_group(&mut self, id: GroupId, parent: Option<GroupId>, path: &str) {
        let organization = parent
            .and_then(|parent| self.groups.get(&parent))
            .map(|parent| parent.organization);
        self.moving(|world| {
            if let Some(group) = world.groups.get_mut(&id) {
                group.parent = parent;
                path.clone_into(&mut group.path);
            }
            if let Some(organization) = organization {
                world.join(id, organization);
            }
        });
    }

    /// Everything in a group belongs to one organisation; runners are left as they are.
    fn join(&mut self, above: GroupId, organization: super::OrganizationId) {
        let below: Vec<GroupId> = self
            .groups
            .keys()
            .copied()
            .filter(|group| self.is_within(*group, above))
            .collect();
        for project in self.projects.values_mut() {
            match project.namespace {
                Namespace::Group(group) if below.contains(&group) => {
                    project.organization = organization;
                }
                Namespace::Group(_) | Namespace::User(_) => {}
            }
        }
        for group in below {
            if let Some(group) = self.groups.get_mut(&group) {
                group.organization = organization;
            }
        }
    }

    /// Marks a project for deletion, or takes that back with `None` (contract §9.3).
    pub(crate) fn mark_project(&mut self, id: ProjectId, now: Option<Timestamp>) {
        self.moving(|world| {
            if let Some(project) = world.projects.get_mut(&id) {
                project.path = without_suffix(&project.path, id.0);
                project.name = without_suffix(&project.name, id.0);
                project.marked_for_deletion_on = now.map(day);
                if now.is_some() {
                    project.path.push_str(&suffix(id.0));
                    project.name.push_str(&suffix(id.0));
                }
            }
        });
    }

    /// The same of a group.
    pub(crate) fn mark_group(&mut self, id: GroupId, now: Option<Timestamp>) {
        self.moving(|world| {
            if let Some(group) = world.groups.get_mut(&id) {
                group.path = without_suffix(&group.path, id.0);
                group.name = without_suffix(&group.name, id.0);
                group.marked_for_deletion_on = now.map(day);
                if now.is_some() {
                    group.path.push_str(&suffix(id.0));
                    group.name.push_str(&suffix(id.0));
                }
            }
        });
    }

    /// Deletes what was marked so long ago that its day has come.
    pub(crate) fn delete_overdue(&mut self, now: Timestamp) {
        let period = i64::from(self.settings.deletion_adjourned_period);
        let is_due = |marked: Option<Date>| {
            marked.is_some_and(|marked| marked.saturating_add(period.days()) <= day(now))
        };
        let groups = self.groups.values();
        let groups: Vec<GroupId> = groups
            .filter(|group| is_due(group.marked_for_deletion_on))
            .map(|group| group.id)
            .collect();
        for id in groups {
            self.delete_group(id);
        }
        let projects = self.projects.values();
        let projects: Vec<ProjectId> = projects
            .filter(|project| is_due(project.marked_for_deletion_on))
            .map(|project| project.id)
            .collect();
        for id in projects {
            self.delete_project(id);
        }
    }
}
