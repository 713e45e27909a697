//! The projects that spec selects by their group and their topics. What an incomplete list leaves out is not
//! taken for gone: before a project is left, GitLab is asked for it by its number.
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Connected, Error, Subject};
use crate::api::v1alpha1::ProjectSelector;
use crate::gitlab;
use crate::gitlab::model::{GroupId, ProjectId, ProjectRef, Runner, Scope};
use crate::gitlab::{GroupName, Selection};
use crate::plan::ProjectSighting;

/// What is selected.
pub(super) struct Choice {
    pub(super) sightings: Vec<ProjectSighting>,
    pub(super) projects: Vec<ProjectRef>,
}

/// Finds the projects that are selected. All that have the same selector share one list for as long as it
/// counts. `named` are wanted by name, and the runner's owner needs no selection.
pub(super) async fn observe(
    connected: &Connected,
    runner: &Runner,
    owner: Option<Scope>,
    selector: &ProjectSelector,
    named: &[ProjectSighting],
    lasts: (Timestamp, SignedDuration),
) -> Result<Choice, Error> {
    let selection = selection(selector);
    let client = &connected.client;
    let ask = async { client.select(&selection).await.map(Arc::new) };
    let told = connected
        .selected
        .get(selection.clone(), lasts, |_| true, ask);
    let selected = match told.await {
        Ok(selected) => selected,
        Err(gitlab::Error::Refused {
            status: 403 | 404,
            message,
            ..
        }) => return Ok(unlisted(&selection.group, &message)),
        Err(source) => return Err(Subject::Projects.failed(source)),
    };
    let projects = selected.projects.clone();
    let mut sightings: Vec<ProjectSighting> = projects
        .iter()
        .map(|project| ProjectSighting::Found(project.id))
        .collect();
    let mut whole = selected.complete;
    let wanted: BTreeSet<ProjectId> = named.iter().chain(&sightings).filter_map(found).collect();
    let surplus = runner.projects.iter().flatten();
    let surplus =
        surplus.filter(|have| !wanted.contains(&have.id) && owner != Some(Scope::Project(have.id)));
    for project in surplus {
        if !whole {
            break;
        }
        let asked = (selection.clone(), project.id);
        let ask = client.may_be_selected(&selection, project.id);
        let doubted = connected.doubted.get(asked, lasts, |_| true, ask).await;
        whole = !doubted.map_err(|source| Subject::Projects.failed(source))?;
    }
    if !whole {
        sightings.push(ProjectSighting::Unlisted(None));
    }
    Ok(Choice {
        sightings,
        projects,
    })
}

fn found(sighting: &ProjectSighting) -> Option<ProjectId> {
    match sighting {
        ProjectSighting::Found(id) => Some(*id),
        ProjectSighting::NotFound(_) | ProjectSighting::Unlisted(_) => None,
    }
}

fn unlisted(group: &GroupName, words: &str) -> Choice {
    let group = match group {
        GroupName::Id(id) => id.to_string(),
        GroupName::Path(path) => path.clone(),
    };
    let words = format!(
        "the projects of group {group} in spec.projectSelector cannot be listed, and none is unassigned: GitLab said: {words}"
    );
    Choice {
        sightings: vec![ProjectSighting::Unlisted(Some(words))],
        projects: Vec::new(),
    }
}

fn selection(selector: &ProjectSelector) -> Selection {
    let ProjectSelector {
        group,
        include_subgroups,
        topics,
        archived,
    } = selector;
    let number = group.id.and_then(|id| u64::try_from(id).ok());
    let path = || GroupName::Path(group.path.clone().unwrap_or_default());
    Selection {
        group: number.map_or_else(path, |id| GroupName::Id(GroupId(id))),
        below: *include_subgroups,
        topics: topics.clone().unwrap_or_default(),
        archived: *archived,
    }
}
