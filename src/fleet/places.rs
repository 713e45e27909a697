//! The groups and projects that objects name, by number.
use std::collections::BTreeMap;

use super::access::Session;
use super::reads::again;
use crate::api::v1alpha1 as api;
use crate::gitlab::model::Place;
use crate::gitlab::{Error, GroupId, ProjectId, Scope};

/// Where objects live, looked up once for all of them.
pub(super) struct Places {
    found: BTreeMap<String, Scope>,
    swept: Vec<(Scope, String)>,
}

impl Places {
    /// Looks up each place once. One that is not there, or not to be seen, is left out.
    pub(super) async fn look_up(
        session: &Session,
        scopes: impl Iterator<Item = &api::Scope>,
    ) -> anyhow::Result<Self> {
        let mut named: BTreeMap<String, (&api::Scope, usize)> = BTreeMap::new();
        for scope in scopes {
            named.entry(spelled(scope)).or_insert((scope, 0)).1 += 1;
        }
        let mut places = Self {
            found: BTreeMap::new(),
            swept: Vec::new(),
        };
        for (spelled, (scope, objects)) in named {
            let found = find(session, scope).await;
            let Some(found) = found.map_err(|error| session.told(&error))? else {
                continue;
            };
            // To read many runners together takes the path of the place that they live in.
            let target = scope.group.as_ref().or(scope.project.as_ref());
            let path = target.map_or(Some(String::new()), |target| target.path.clone());
            if let Some(path) = path.filter(|_| objects > 1) {
                places.swept.push((found, path));
            }
            places.found.insert(spelled, found);
        }
        Ok(places)
    }

    /// The number of a place.
    pub(super) fn of(&self, scope: &api::Scope) -> Option<Scope> {
        self.found.get(&spelled(scope)).copied()
    }

    /// Those whose runners are worth reading together.
    pub(super) fn swept(&self) -> &[(Scope, String)] {
        &self.swept
    }
}

/// A place as it is told from others.
fn spelled(scope: &api::Scope) -> String {
    let target = scope.group.as_ref().or(scope.project.as_ref());
    let Some(target) = target else {
        return "instance".to_owned();
    };
    let kind = if scope.group.is_some() {
        "group"
    } else {
        "project"
    };
    let path = target.path.as_deref().unwrap_or_default();
    format!(
        "{kind} {} {}",
        target.id.unwrap_or_default(),
        path.to_lowercase()
    )
}

async fn find(session: &Session, scope: &api::Scope) -> Result<Option<Scope>, Error> {
    let client = &session.client;
    let number = |target: &api::Target| target.id.and_then(|id| u64::try_from(id).ok());
    let path = |target: &api::Target| target.path.clone().unwrap_or_default();
    let found = match (&scope.group, &scope.project) {
        (Some(group), _) => {
            if let Some(id) = number(group) {
                return Ok(Some(Scope::Group(GroupId(id))));
            }
            let path = path(group);
            let id = again(async || client.group_id(&path).await).await;
            id.map(|id| id.map(Scope::Group))
        }
        (None, Some(project)) => {
            if let Some(id) = number(project) {
                return Ok(Some(Scope::Project(ProjectId(id))));
            }
            let path = path(project);
            let place = again(async || client.project_id(&path).await).await;
            place.map(|place| match place {
                Place::Here(id) | Place::Moved(id) => Some(Scope::Project(id)),
                Place::Unknown => None,
            })
        }
        (None, None) => return Ok(Some(Scope::Instance)),
    };
    match found {
        // A token that may not look up paths may still read runners by number.
        Err(Error::Refused { status: 403, .. }) => Ok(None),
        found => found,
    }
}
