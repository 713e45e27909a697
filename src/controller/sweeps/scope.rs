//! The sweep of one scope: by GraphQL where that answers, else by the lists of REST.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::belief;
use super::members::Members;
use crate::clock;
use crate::controller::Context;
use crate::gitlab::model::Scope;
use crate::gitlab::{self, Lane, Refusal, Row, Swept, Way};
use crate::observe::{Connected, Holders, News};

/// What the sweep of a scope came to.
pub(super) struct Came {
    pub(super) news: News,
    /// How many requests it took.
    pub(super) requests: u32,
    /// Why it did not come to its end.
    pub(super) failure: Option<Failure>,
}

/// Why a sweep did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("could not read the list of runners")]
    GitLab(#[from] gitlab::Error),
    #[error("the list of runners was cut short")]
    Incomplete,
    #[error("GitLab shows no path of the scope")]
    Nowhere,
    #[error("the list of runners leaves out too many to be gone by")]
    Unbelievable,
}

impl Failure {
    /// Whether GitLab says that it has no such list, or none for this credential.
    pub(super) fn is_loss(&self) -> bool {
        match self {
            Self::GitLab(error) => belief::is_loss(error),
            Self::Nowhere => true,
            Self::Incomplete | Self::Unbelievable => false,
        }
    }

    /// Whether it says something of this list, so that nobody should wait for another sweep of it.
    pub(super) fn is_of_the_list(&self) -> bool {
        match self {
            Self::GitLab(error) => matches!(error, gitlab::Error::Refused { .. }),
            Self::Incomplete | Self::Nowhere | Self::Unbelievable => true,
        }
    }
}

/// For whom scopes are swept.
pub(super) struct Sweeping<'a> {
    pub(super) ctx: &'a Context,
    pub(super) members: &'a Members,
    pub(super) connected: &'a Arc<Connected>,
    pub(super) holders: &'a Holders,
    /// For how long a sweep counts.
    pub(super) lasts: Duration,
}

/// Sweeps a scope. `spelled` is the path that spec gives it.
pub(super) async fn sweep_scope(
    sweeping: &Sweeping<'_>,
    scope: Scope,
    spelled: Option<String>,
) -> Came {
    let connected = sweeping.connected;
    let roster = &connected.roster;
    let mut requests = 0;
    if connected.can.graphql && roster.answers_queries(scope, clock::now()) {
        let came = by_query(sweeping, scope, spelled).await;
        if !is_refused(&came, &Refusal::NoGraphQl) {
            return came;
        }
        requests = came.requests;
        roster.does_not_answer_queries(scope, clock::now());
    }
    let mut came = by(sweeping, scope, None, Way::Rest).await;
    came.requests += requests;
    came
}

/// By GraphQL, which takes the scope's path. One that leads elsewhere by now is looked up by number.
async fn by_query(sweeping: &Sweeping<'_>, scope: Scope, spelled: Option<String>) -> Came {
    let connected = sweeping.connected;
    let roster = &connected.roster;
    let mut requests = 0;
    let known = roster.path(scope).or(spelled);
    if known.is_some() || scope == Scope::Instance {
        let came = by(sweeping, scope, known, Way::GraphQl).await;
        if !is_refused(&came, &Refusal::Missing) {
            return came;
        }
        requests = came.requests;
    }
    requests += 1;
    let mut came = match path_of(connected, scope).await {
        Ok(Some(path)) => {
            roster.lies_at(scope, Some(path.clone()));
            by(sweeping, scope, Some(path), Way::GraphQl).await
        }
        Ok(None) => Came::failed(Failure::Nowhere),
        Err(error) => Came::failed(error.into()),
    };
    came.requests += requests;
    came
}

impl Came {
    fn failed(failure: Failure) -> Self {
        Self {
            news: News::default(),
            requests: 0,
            failure: Some(failure),
        }
    }
}

async fn by(sweeping: &Sweeping<'_>, scope: Scope, path: Option<String>, way: Way) -> Came {
    let Sweeping {
        ctx,
        members,
        connected,
        holders,
        lasts,
    } = *sweeping;
    let Connected { client, roster, .. } = &**connected;
    let client = client.in_lane(Lane::Sweep);
    let mut asked = clock::now();
    let (mut pages, mut shown) = (0, HashSet::new());
    let mut sweep = roster.sweep(scope, way, holders, members.at);
    let page = |rows: Vec<Row>| {
        pages += 1;
        let ids = rows.iter().map(Row::id);
        shown.extend(ids.filter(|id| holders.runners.contains_key(id)));
        // Nobody says when the page was asked for: no sooner than the one before it came.
        sweep.page(rows, asked);
        asked = clock::now();
    };
    let ended = client.sweep(scope, path.as_deref(), way, page).await;
    let failure = match ended {
        Ok(Swept { complete: true, .. })
            if belief::holds(ctx, members, connected, scope, &shown).await =>
        {
            let lasts = SignedDuration::try_from(lasts).unwrap_or(SignedDuration::MAX);
            let until = clock::now().saturating_add(lasts).unwrap_or(Timestamp::MAX);
            return Came {
                news: sweep.ends(until),
                requests: pages,
                failure: None,
            };
        }
        Ok(Swept { complete, .. }) if complete => Failure::Unbelievable,
        Ok(Swept { .. }) => Failure::Incomplete,
        Err(error) => error.into(),
    };
    Came {
        news: sweep.breaks_off(),
        requests: pages.max(1),
        failure: Some(failure),
    }
}

fn is_refused(came: &Came, by: &Refusal) -> bool {
    let Some(Failure::GitLab(error)) = &came.failure else {
        return false;
    };
    error.refusal() == Some(by)
}

async fn path_of(connected: &Connected, scope: Scope) -> Result<Option<String>, gitlab::Error> {
    let client = connected.client.in_lane(Lane::Sweep);
    match scope {
        Scope::Instance => Ok(None),
        Scope::Group(id) => client.group_path(id).await,
        Scope::Project(id) => client.project_path(id).await,
    }
}
