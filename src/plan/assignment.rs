//! Which projects a project runner is still to be assigned to, or to be taken from.
use super::{
    observed::{Observed, ProjectSighting},
    step::Step,
};
use crate::gitlab::model::{ProjectId, Runner, Scope, Settings};

/// The next assignment to make or to undo. Nothing is undone while a wanted project is unknown: it
/// may be the one that would be undone, under the name it had before.
pub(super) fn assignment(runner: &Runner, seen: &Observed) -> Option<Step> {
    let (Some(wanted), Some(Scope::Project(owner)), Some(have)) =
        (&seen.projects, seen.scope, &runner.projects)
    else {
        return None;
    };
    let found: Vec<ProjectId> = wanted
        .iter()
        .filter_map(|project| match project {
            ProjectSighting::Found(id) => Some(*id),
            ProjectSighting::NotFound(_) => None,
        })
        .collect();
    let missing = found
        .iter()
        .find(|id| !have.iter().any(|project| project.id == **id));
    if let Some(project) = missing {
        return Some(Step::Assign(runner.id, *project));
    }
    let surplus = have
        .iter()
        .find(|have| have.id != owner && !found.contains(&have.id));
    surplus
        .filter(|_| found.len() == wanted.len() && have.len() > 1)
        .map(|project| Step::Unassign(runner.id, project.id))
}

/// What must be undone before anyone but an administrator can remove a runner: further projects
/// (contract §3.7), and before those the lock (contract §3.13).
pub(super) fn before_removal(runner: &Runner, seen: &Observed) -> Option<Step> {
    let (false, Some(Scope::Project(owner)), Some(projects)) =
        (seen.admin, seen.scope, &runner.projects)
    else {
        return None;
    };
    if !projects.iter().any(|project| project.id == owner) {
        return None;
    }
    let further = projects.iter().find(|project| project.id != owner)?;
    let unlocked = Settings {
        locked: Some(false),
        ..Settings::default()
    };
    Some(if runner.locked {
        Step::Edit(runner.id, Box::new(unlocked))
    } else {
        Step::Unassign(runner.id, further.id)
    })
}

/// Whether the runner has several projects, and the one that it was registered for is not among them:
/// it was deleted, and GitLab does not say which of the others owns the runner now (contract §4).
pub(super) fn lost_owner(runner: &Runner, seen: &Observed) -> bool {
    let (Some(Scope::Project(owner)), Some(projects)) = (seen.scope, &runner.projects) else {
        return false;
    };
    projects.len() > 1 && projects.iter().all(|project| project.id != owner)
}

/// The wanted projects that GitLab does not know, in the words of spec.
pub(super) fn unknown_projects(seen: &Observed) -> Vec<String> {
    seen.projects
        .iter()
        .flatten()
        .filter_map(|project| match project {
            ProjectSighting::NotFound(name) => Some(name.clone()),
            ProjectSighting::Found(_) => None,
        })
        .collect()
}
