//! Naming something that exists.
use serde::Deserialize;

use super::Unbuildable;
use crate::state::{GitLab, GroupId, ProjectId, RunnerId, Secret, TokenId, UserId};

/// A user by username, a group or project by full path, an access token by its string; or any of
/// them by number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
pub enum ThingRef {
    /// Its number.
    Id(u64),
    /// Its name.
    Name(String),
}

impl std::fmt::Debug for ThingRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            // A name may be a token.
            Self::Name(_) => f.write_str("[name]"),
        }
    }
}

/// A group or a project.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceRef {
    /// This group,
    pub group: Option<ThingRef>,
    /// or this project.
    pub project: Option<ThingRef>,
}

/// A runner by number or by its authentication token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum RunnerRef {
    /// Its number.
    Id(u64),
    /// Its token.
    Token(Secret),
}

impl GitLab {
    pub(crate) fn refer_user(&self, wanted: &ThingRef) -> Result<UserId, Unbuildable> {
        self.users
            .values()
            .find(|user| match wanted {
                ThingRef::Id(id) => user.id.0 == *id,
                ThingRef::Name(name) => user.username == *name,
            })
            .map(|user| user.id)
            .ok_or_else(|| missing("user", wanted))
    }

    pub(crate) fn refer_group(&self, wanted: &ThingRef) -> Result<GroupId, Unbuildable> {
        let found = match wanted {
            ThingRef::Id(id) => self.groups.get(&GroupId(*id)),
            ThingRef::Name(path) => self.find_group(path),
        };
        found
            .map(|group| group.id)
            .ok_or_else(|| missing("group", wanted))
    }

    pub(crate) fn refer_project(&self, wanted: &ThingRef) -> Result<ProjectId, Unbuildable> {
        let found = match wanted {
            ThingRef::Id(id) => self.projects.get(&ProjectId(*id)),
            ThingRef::Name(path) => self.find_project(path),
        };
        found
            .map(|project| project.id)
            .ok_or_else(|| missing("project", wanted))
    }

    pub(crate) fn refer_runner(&self, wanted: &RunnerRef) -> Result<RunnerId, Unbuildable> {
        let found = match wanted {
            RunnerRef::Id(id) => self.runners.get(&RunnerId(*id)),
            RunnerRef::Token(token) => self.runner_by_token(token.expose()),
        };
        found.map(|runner| runner.id).ok_or_else(|| match wanted {
            RunnerRef::Id(id) => Unbuildable::new(format!("there is no runner {id}")),
            RunnerRef::Token(_) => Unbuildable::new("there is no runner with that token"),
        })
    }

    pub(crate) fn refer_token(&self, wanted: &ThingRef) -> Result<TokenId, Unbuildable> {
        self.access_tokens
            .values()
            .find(|token| match wanted {
                ThingRef::Id(id) => token.id.0 == *id,
                ThingRef::Name(text) => token.token.expose() == text || token.name == *text,
            })
            .map(|token| token.id)
            // The name may be the token itself, so it is not repeated.
            .ok_or_else(|| Unbuildable::new("there is no such access token"))
    }
}

fn missing(kind: &str, wanted: &ThingRef) -> Unbuildable {
    Unbuildable::new(match wanted {
        ThingRef::Id(id) => format!("there is no {kind} {id}"),
        ThingRef::Name(name) => format!("there is no {kind} `{name}`"),
    })
}
