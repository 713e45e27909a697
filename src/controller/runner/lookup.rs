//! From the paths that people write to the numbers that GitLab takes.
use super::pass::Pass;
use crate::api::v1alpha1::Target;
use crate::controller::connections::Connected;
use crate::controller::error::Error;
use crate::gitlab;
use crate::gitlab::model::{GroupId, ProjectId, Runner, Scope};
use crate::plan::ProjectSighting;

impl Pass<'_> {
    /// The scope as spec gives it by number, or as recorded: a number belongs to one GitLab.
    pub(super) fn recorded_scope(&self) -> Option<Scope> {
        let number = |id: i64| u64::try_from(id).ok();
        let recorded = self
            .runner
            .status
            .as_ref()
            .and_then(|status| status.scope.as_ref());
        let url = self.link.as_ref().map(|link| link.url.as_str());
        let recorded = recorded.filter(|scope| url.is_none() || url == scope.gitlab_url.as_deref());
        let recorded_id = recorded.and_then(|scope| scope.id);
        let crate::api::v1alpha1::Scope {
            instance: _,
            group,
            project,
        } = &self.runner.spec.scope;
        let id = |target: &Target| target.id.or(recorded_id).and_then(number);
        match (group, project) {
            (Some(group), _) => id(group).map(|id| Scope::Group(GroupId(id))),
            (None, Some(project)) => id(project).map(|id| Scope::Project(ProjectId(id))),
            (None, None) => Some(Scope::Instance),
        }
    }

    /// Whether spec gives the scope by a path.
    pub(super) fn has_scope_path(&self) -> bool {
        let scope = &self.runner.spec.scope;
        let targets = [&scope.group, &scope.project];
        targets
            .into_iter()
            .flatten()
            .any(|target| target.id.is_none())
    }

    /// Looks up the scope's path. Done before each registration: the number is kept in status.
    pub(super) async fn look_up_scope(&self, link: &Connected) -> Result<Option<Scope>, Error> {
        let failed = |source| Error::Observe {
            what: "the scope's path",
            source,
        };
        let path = |target: &Option<Target>| target.as_ref().and_then(|target| target.path.clone());
        let scope = &self.runner.spec.scope;
        if let Some(path) = path(&scope.group) {
            let id = link.client.group_id(&path).await.map_err(failed)?;
            return Ok(id.map(Scope::Group));
        }
        if let Some(path) = path(&scope.project) {
            let id = link.client.project_id(&path).await.map_err(failed)?;
            return Ok(id.map(Scope::Project));
        }
        Ok(None)
    }

    /// Finds the numbers of the wanted projects. A path that the runner's own projects show needs
    /// no request; one that they do not show may be a project that was renamed.
    pub(super) async fn look_for_projects(
        &self,
        runner: &Runner,
        projects: &[Target],
    ) -> Result<Vec<ProjectSighting>, Error> {
        let Some(link) = &self.link else {
            return Ok(Vec::new());
        };
        let mut sightings = Vec::with_capacity(projects.len());
        for target in projects {
            let shown = |path: &String| {
                let assigned = runner.projects.iter().flatten();
                assigned
                    .clone()
                    .find(|project| project.path == *path)
                    .map(|project| project.id)
            };
            let id = target
                .id
                .and_then(|id| u64::try_from(id).ok())
                .map(ProjectId);
            let path = target.path.clone().unwrap_or_default();
            let found = match id.or_else(|| shown(&path)) {
                Some(id) => Some(id),
                None => match link.client.project_id(&path).await {
                    Ok(id) => id,
                    // Renamed, it answers with where it has gone to; that is never followed.
                    Err(gitlab::Error::Refused {
                        status: 403 | 300..=399,
                        ..
                    }) => None,
                    Err(source) => {
                        return Err(Error::Observe {
                            what: "a project",
                            source,
                        });
                    }
                },
            };
            sightings.push(found.map_or(ProjectSighting::NotFound(path), ProjectSighting::Found));
        }
        Ok(sightings)
    }
}
