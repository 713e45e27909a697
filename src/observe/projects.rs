//! From the paths of projects that people write to the numbers that GitLab takes.
use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::{Connected, Error, Led, Path, Subject};
use crate::api::v1alpha1::Target;
use crate::gitlab;
use crate::gitlab::model::{ProjectId, Runner, Scope};
use crate::plan::ProjectSighting;

/// Finds the numbers of the wanted projects. A path that the runner's own projects show needs
/// no request; one that they do not show may be a project that was renamed. What `numbers` has of a path
/// is good enough, and what is looked up is put there, `None` for what is not there: otherwise assigning
/// a hundred projects one by one would cost thousands of requests.
pub(super) async fn observe(
    connected: &Connected,
    runner: &Runner,
    projects: &[Target],
    numbers: &mut BTreeMap<String, Option<ProjectId>>,
    lasts: (Timestamp, SignedDuration),
) -> Result<Vec<ProjectSighting>, Error> {
    let assigned = runner.projects.iter().flatten();
    let shown: HashMap<&str, ProjectId> = assigned
        .map(|project| (&*project.path, project.id))
        .collect();
    let mut sightings = Vec::with_capacity(projects.len());
    for target in projects {
        let id = target.id.and_then(|id| u64::try_from(id).ok());
        let path = target.path.clone().unwrap_or_default();
        let found = match id.map(ProjectId).or(shown.get(&*path).copied()) {
            Some(id) => Some(id),
            None => match numbers.get(&path) {
                Some(known) => *known,
                None => look_up(connected, &path, numbers, lasts).await?,
            },
        };
        sightings.push(found.map_or(ProjectSighting::NotFound(path), ProjectSighting::Found));
    }
    Ok(sightings)
}

async fn look_up(
    connected: &Connected,
    path: &str,
    numbers: &mut BTreeMap<String, Option<ProjectId>>,
    lasts: (Timestamp, SignedDuration),
) -> Result<Option<ProjectId>, Error> {
    let asked = Path::Project(path.to_owned());
    // Somebody may be waiting for one that is not there yet.
    let will_do = |led: &Led| led.to.is_some();
    let found = match connected.led(asked, lasts, will_do, false).await {
        Ok(Some(Scope::Project(id))) => Some(id),
        Ok(Some(Scope::Instance | Scope::Group(_)) | None)
        | Err(gitlab::Error::Refused { status: 403, .. }) => None,
        Err(source) => return Err(Subject::ProjectPath.failed(source)),
    };
    numbers.insert(path.to_owned(), found);
    Ok(found)
}
