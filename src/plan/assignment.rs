//! Which projects a project runner is still to be assigned to, or to be taken from.
use super::{
    desired::Wanted,
    observed::{Observed, ProjectSighting},
    step::{Step, Unassignable},
};
use crate::api::v1alpha1::{DriftPolicy, Target};
use crate::gitlab::model::{ProjectId, ProjectRef, Runner, Scope, Settings};

/// Whether a new runner is assigned to further projects after its registration. GitLab refuses to assign a
/// locked runner (contract §3.12), so it is locked afterwards.
pub(super) fn assigns(want: &Wanted) -> bool {
    let some = want.projects.iter().flatten().count() > 0 || want.selector.is_some();
    want.drift == DriftPolicy::Correct && some
}

/// The next assignment to make or to undo. What GitLab has refused keeps nothing else from being done.
/// Nothing is undone while a wanted project is unknown: it may be the one that would be undone, under
/// the name it had before.
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
            ProjectSighting::NotFound(_) | ProjectSighting::Unlisted(_) => None,
        })
        .collect();
    let missing = found
        .iter()
        .find(|id| !serves(have, **id) && !is_refused(seen, **id));
    if let Some(project) = missing {
        return Some(Step::Assign(runner.id, *project));
    }
    let surplus = have
        .iter()
        .find(|have| have.id != owner && !found.contains(&have.id) && !is_refused(seen, have.id));
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

/// A step that removes the runner, or the one that must come before it.
pub(super) fn unassigned_first(runner: &Runner, seen: &Observed, removal: Step) -> Step {
    let before = before_removal(runner, seen).filter(|_| seen.can_assign);
    before.unwrap_or(removal)
}

/// Whether the runner has several projects, and the one that it was registered for is not among them:
/// it was deleted, and GitLab does not say which of the others owns the runner now (contract §4).
pub(super) fn lost_owner(runner: &Runner, seen: &Observed) -> bool {
    let (Some(Scope::Project(owner)), Some(projects)) = (seen.scope, &runner.projects) else {
        return false;
    };
    projects.len() > 1 && projects.iter().all(|project| project.id != owner)
}

fn serves(have: &[ProjectRef], project: ProjectId) -> bool {
    have.iter().any(|have| have.id == project)
}

fn is_refused(seen: &Observed, project: ProjectId) -> bool {
    seen.refused_projects
        .iter()
        .any(|(refused, _)| *refused == project)
}

/// What nothing can be done about among the further projects, if anything.
pub(super) fn unassignable(
    want: &Wanted,
    runner: &Runner,
    seen: &Observed,
) -> Option<Unassignable> {
    let sightings = seen.projects.as_deref()?;
    let have = runner.projects.as_deref().unwrap_or_default();
    let mut targets = want.projects.iter().flatten();
    let mut unassignable = Unassignable::default();
    let mut wanted = Vec::new();
    for sighting in sightings {
        let target = targets.next();
        match sighting {
            ProjectSighting::NotFound(name) => unassignable.unknown.push(name.clone()),
            ProjectSighting::Unlisted(words) => unassignable.unlisted.extend(words.clone()),
            ProjectSighting::Found(id) => wanted.push((*id, spelled(target, *id))),
        }
    }
    for (id, words) in &seen.refused_projects {
        let missing = wanted
            .iter()
            .find(|(wanted, _)| wanted == id)
            .map(|(_, name)| name.clone());
        let surplus = have
            .iter()
            .find(|have| have.id == *id)
            .map(|have| have.path.clone());
        // What somebody else has done meanwhile is no longer refused.
        let ((Some(name), None) | (None, Some(name))) = (missing, surplus) else {
            continue;
        };
        unassignable.refused.push((name, words.clone()));
    }
    (unassignable != Unassignable::default()).then_some(unassignable)
}

/// A project in the words of spec.
fn spelled(target: Option<&Target>, id: ProjectId) -> String {
    let path = target.and_then(|target| target.path.clone());
    path.unwrap_or_else(|| id.to_string())
}
