//! From the paths of projects that people write to the numbers that GitLab takes.
use std::collections::HashMap;

use tokio::time::Instant;

use super::pass::Pass;
use crate::api::v1alpha1::Target;
use crate::backoff;
use crate::controller::connections::Connected;
use crate::controller::error::{Error, Subject};
use crate::controller::refusals::Circumstances;
use crate::gitlab;
use crate::gitlab::model::{Place, ProjectId, Runner};
use crate::plan::{ProjectSighting, Sighting};

impl Pass<'_> {
    /// Finds the numbers of the wanted projects. A path that the runner's own projects show needs
    /// no request; one that they do not show may be a project that was renamed.
    pub(super) async fn observe_projects(
        &mut self,
        runner: &Runner,
        projects: &[Target],
    ) -> Result<Vec<ProjectSighting>, Error> {
        let Some(link) = self.link.clone() else {
            return Ok(Vec::new());
        };
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
                None => self.look_up_project(&link, &path).await?,
            };
            sightings.push(found.map_or(ProjectSighting::NotFound(path), ProjectSighting::Found));
        }
        Ok(sightings)
    }

    /// The projects that GitLab has refused of this runner, as far as nothing has changed since.
    pub(super) fn refused_projects(&self, runner: &Sighting<Runner>) -> Vec<(ProjectId, String)> {
        let Sighting::Present(runner) = runner else {
            return Vec::new();
        };
        let now = Circumstances::new(&self.runner, self.link.as_ref());
        let (refusals, resync) = (&self.ctx.refusals, self.ctx.options.resync);
        refusals.of_projects(&self.uid, runner.id, &now, resync)
    }

    /// Looks up a project by its path: once in a pass, or assigning a hundred projects would cost
    /// thousands of requests, and once in a resync if it is there.
    async fn look_up_project(
        &mut self,
        link: &Connected,
        path: &str,
    ) -> Result<Option<ProjectId>, Error> {
        let (memory, uid) = (&self.ctx.memory, &self.uid);
        let period = backoff::spread(self.ctx.options.resync, uid);
        let known = self.projects.get(path).copied();
        let recalled = || memory.project(uid, &link.url, path, period, Instant::now());
        if let Some(known) = known.or_else(|| recalled().map(Some)) {
            return Ok(known);
        }
        let found = match link.client.project_id(path).await {
            Ok(Place::Here(id) | Place::Moved(id)) => Some(id),
            Ok(Place::Unknown) | Err(gitlab::Error::Refused { status: 403, .. }) => None,
            Err(source) => {
                let what = Subject::ProjectPath;
                return Err(Error::Observe { what, source });
            }
        };
        // Whether one that is not there has come is asked in every pass: somebody may be waiting.
        if let Some(id) = found {
            memory.keep_project(uid, &link.url, path, id, period, Instant::now());
        }
        self.projects.insert(path.to_owned(), found);
        Ok(found)
    }
}
