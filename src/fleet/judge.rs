//! Finds the runner of each object and compares the two. It only reads.
use std::collections::{BTreeMap, BTreeSet};

use super::access::Session;
use super::compare::{Compared, There, compare};
use super::details;
use super::details::Details;
use super::documents::Document;
use super::places::Places;
use super::reads::again;
use crate::api::v1alpha1::{GitLabRunner, Target};
use crate::clock;
use crate::gitlab::model::Place;
use crate::gitlab::{Contact, ProjectId, Runner, RunnerId, Scope};
use crate::plan::{Complaint, Mark, ProjectSighting, Wanted, desired, lacking};

/// What one look at a GitLab has shown.
struct Look<'a> {
    session: &'a Session,
    places: Places,
    details: Details,
    /// Numbers that objects are known to have.
    taken: BTreeSet<RunnerId>,
    /// What the paths of projects lead to.
    projects: BTreeMap<String, Option<ProjectId>>,
}

/// Compares objects with what a GitLab holds.
pub(super) async fn judge(
    session: &Session,
    documents: Vec<Document>,
) -> anyhow::Result<Vec<Compared>> {
    let url = &session.endpoint.url;
    let known: BTreeSet<RunnerId> = documents
        .iter()
        .filter_map(|one| number(one, url))
        .collect();
    let scopes = documents.iter().filter_map(|one| {
        let runner = one.runner.as_ref().ok()?;
        Some(&runner.spec.scope)
    });
    let places = Places::look_up(session, scopes).await?;
    let mut look = Look {
        session,
        details: details::read(session, &known, places.swept()).await?,
        places,
        taken: known,
        projects: BTreeMap::new(),
    };
    let mut compared = Vec::new();
    for document in &documents {
        compared.push(look.at(document).await?);
    }
    Ok(compared)
}

/// The number that is known of an object's runner: what it has in this GitLab, or what it takes over.
fn number(document: &Document, url: &str) -> Option<RunnerId> {
    let held = document.status().and_then(|status| status.runner.as_ref());
    let held = held.filter(|runner| runner.gitlab_url == url);
    let held = held.and_then(|runner| u64::try_from(runner.id).ok());
    held.or(document.adopts).map(RunnerId)
}

impl Look<'_> {
    async fn at(&mut self, document: &Document) -> anyhow::Result<Compared> {
        let key = &document.key;
        let object = match &document.runner {
            Ok(object) => object,
            Err(why) => return Ok(Compared::unclear(key, None, why)),
        };
        let namespace = document.namespace.as_deref().unwrap_or_default();
        let want = match desired(object, namespace, &document.name, clock::now()) {
            Ok(want) => want,
            Err(Complaint(why)) => return Ok(Compared::unclear(key, None, why)),
        };
        let known = number(document, &self.session.endpoint.url);
        let runner = match known {
            Some(id) => match (self.details.runners.get(&id), self.details.unread.get(&id)) {
                (Some(runner), _) => Some(runner.clone()),
                (None, Some(why)) => return Ok(Compared::unclear(key, Some(id.0), why)),
                (None, None) if document.adopts == Some(id.0) => {
                    let why = format!("GitLab has no runner {id}, which spec.adopt names");
                    return Ok(Compared::unclear(key, Some(id.0), why));
                }
                (None, None) => None,
            },
            None => match self.by_description(object, &want).await? {
                Ok(runner) => runner,
                Err(why) => return Ok(Compared::unclear(key, None, why)),
            },
        };
        // The operator would do nothing until that is put right.
        let lack = lacking(&want, self.session.version, runner.is_none(), false);
        if let Some(lack) = lack {
            let id = runner.map(|runner| runner.id.0);
            return Ok(Compared::unclear(key, id, lack.told()));
        }
        let Some(runner) = runner else {
            return Ok(Compared::missing(key, missing(known, document)));
        };
        let scope = &object.spec.scope;
        let owner = match self.places.of(scope) {
            Some(Scope::Project(owner)) => Some(owner),
            Some(Scope::Instance | Scope::Group(_)) | None => None,
        };
        let mut projects = self.projects(&runner, want.projects.as_deref()).await?;
        // What is selected besides is not listed here, and is no difference.
        if let (Some(_), Some(projects)) = (&want.selector, &mut projects) {
            projects.push(ProjectSighting::Unlisted(None));
        }
        let there = There {
            owner,
            projects,
            runner: &runner,
            uid: document.uid.as_deref(),
        };
        Ok(compare(key, &want, scope, &there))
    }

    /// The runner of an object of which only the manifest is known: one with a mark, in its scope, that is
    /// described as the object says, and that no other object has.
    async fn by_description(
        &mut self,
        object: &GitLabRunner,
        want: &Wanted,
    ) -> anyhow::Result<Result<Option<Runner>, String>> {
        let Some(scope) = self.places.of(&object.spec.scope) else {
            return Ok(Err(
                "GitLab does not know the place that spec.scope names, or the token's owner may not see it"
                    .to_owned(),
            ));
        };
        let first = want.first_description.clone();
        let wanted = want.settings.description.clone().unwrap_or(first);
        let client = &self.session.client;
        let is_marked = |note: &str| Mark::split(note).1.is_some();
        let found = again(async || {
            let wanted = Some(&*wanted);
            client.find(scope, wanted, Contact::Any, is_marked).await
        });
        let found = found.await.map_err(|error| self.session.told(&error))?;
        let fits =
            |runner: &Runner| runner.description == wanted && !self.taken.contains(&runner.id);
        let mut fitting = found.runners.into_iter().filter(fits);
        Ok(match (fitting.next(), fitting.next()) {
            (None, _) if found.complete => Ok(None),
            (None, _) => Err(format!(
                "there are more runners described as {wanted:?} than are looked through"
            )),
            (Some(one), None) => {
                self.taken.insert(one.id);
                Ok(Some(one))
            }
            (Some(one), Some(other)) => Err(format!(
                "runners {} and {} are both described as {wanted:?}: compare with --connection, since the cluster \
                 knows which is whose",
                one.id, other.id
            )),
        })
    }

    /// The further projects that spec names, looked up.
    async fn projects(
        &mut self,
        runner: &Runner,
        wanted: Option<&[Target]>,
    ) -> anyhow::Result<Option<Vec<ProjectSighting>>> {
        let Some(wanted) = wanted else {
            return Ok(None);
        };
        for project in runner.projects.iter().flatten() {
            self.projects.insert(project.path.clone(), Some(project.id));
        }
        let mut found = Vec::new();
        for target in wanted {
            let number = target.id.and_then(|id| u64::try_from(id).ok());
            let path = target.path.clone().unwrap_or_default();
            let id = match (number, self.projects.get(&path)) {
                (Some(id), _) => Some(ProjectId(id)),
                (None, Some(known)) => *known,
                (None, None) => {
                    let client = &self.session.client;
                    let told = again(async || client.project_id(&path).await).await;
                    let id = match told.map_err(|error| self.session.told(&error))? {
                        Place::Here(id) | Place::Moved(id) => Some(id),
                        Place::Unknown => None,
                    };
                    self.projects.insert(path.clone(), id);
                    id
                }
            };
            found.push(id.map_or(ProjectSighting::NotFound(path), ProjectSighting::Found));
        }
        Ok(Some(found))
    }
}

/// What it means that there is no runner.
fn missing(known: Option<RunnerId>, document: &Document) -> String {
    match (known, &document.uid) {
        (Some(id), _) => format!("runner {id} is gone from GitLab: it would be registered anew"),
        (None, Some(_)) => "it would be registered".to_owned(),
        (None, None) => "it would be registered: no runner with a mark is described so".to_owned(),
    }
}
