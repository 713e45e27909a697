//! A group or a project that was typed, by path or by number.
use anyhow::Context as _;

use super::access::Session;
use super::reads::again;
use crate::gitlab::model::Place;
use crate::gitlab::{GroupId, ProjectId, Scope};

/// A group, with its path.
pub(super) async fn group_of(session: &Session, named: &str) -> anyhow::Result<(Scope, String)> {
    let client = &session.client;
    let told = |error| session.told(&error);
    let number = named.parse().ok().map(GroupId);
    let found = match number {
        Some(id) => again(async || client.group_path(id).await)
            .await
            .map_err(told)?
            .map(|path| (id, path)),
        None => again(async || client.group_id(named).await)
            .await
            .map_err(told)?
            .map(|id| (id, named.to_owned())),
    };
    let (id, path) = found.with_context(|| {
        format!("GitLab knows no group {named:?}, or the token's owner may not see it")
    })?;
    Ok((Scope::Group(id), path))
}

/// A project, with its path.
pub(super) async fn project_of(session: &Session, named: &str) -> anyhow::Result<(Scope, String)> {
    let client = &session.client;
    let told = |error| session.told(&error);
    let number = match named.parse().ok().map(ProjectId) {
        Some(id) => Some(id),
        None => match again(async || client.project_id(named).await)
            .await
            .map_err(told)?
        {
            Place::Here(id) | Place::Moved(id) => Some(id),
            Place::Unknown => None,
        },
    };
    let path = match number {
        Some(id) => again(async || client.project_path(id).await)
            .await
            .map_err(told)?,
        None => None,
    };
    let (id, path) = number.zip(path).with_context(|| {
        format!("GitLab knows no project {named:?}, or the token's owner may not see it")
    })?;
    Ok((Scope::Project(id), path))
}
