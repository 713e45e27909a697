//! Reads what many runners are like: by sweeps of their scopes, a hundred in one request, where GitLab lets
//! the credential; the others by their numbers, some at once.
use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};

use super::access::Session;
use super::progress::Progress;
use super::reads::again;
use crate::gitlab::{Error, Row, Runner, RunnerId, Scope, Way};

/// How many runners are read at once.
const AT_ONCE: usize = 8;

/// A sweep of fewer than that is no saving.
const WORTH_A_SWEEP: usize = 4;

/// What is known of runners.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub(super) runners: BTreeMap<RunnerId, Runner>,
    /// Those that GitLab does not let the credential read, with its words.
    pub(super) unread: BTreeMap<RunnerId, String>,
}

/// Reads these runners. `homes` are places that some of them live in, with their paths. Of those that are
/// gone by now nothing is told.
pub(super) async fn read(
    session: &Session,
    wanted: &BTreeSet<RunnerId>,
    homes: &[(Scope, String)],
) -> anyhow::Result<Details> {
    let mut details = Details::default();
    let all = u64::try_from(wanted.len()).ok();
    let mut progress = Progress::new("runners read", all);
    let homes = homes.iter().filter(|_| wanted.len() >= WORTH_A_SWEEP);
    for (scope, path) in homes {
        let mut seen = sweep(session, *scope, path).await;
        seen.retain(|id, _| wanted.contains(id));
        progress.add(u64::try_from(seen.len()).unwrap_or_default());
        details.runners.extend(seen);
    }
    let known: BTreeSet<RunnerId> = details.runners.keys().copied().collect();
    let left = wanted.iter().filter(|id| !known.contains(id));
    let reads = stream::iter(left.map(|id| one(session, *id)));
    let mut reads = reads.buffer_unordered(AT_ONCE);
    while let Some((id, read)) = reads.try_next().await? {
        progress.add(1);
        match read {
            Ok(Some(runner)) => drop(details.runners.insert(id, runner)),
            Ok(None) => {}
            Err(why) => drop(details.unread.insert(id, why)),
        }
    }
    Ok(details)
}

/// All runners that live in a scope, as far as a sweep shows all of them; it is only there to save requests.
pub(super) async fn sweep(
    session: &Session,
    scope: Scope,
    path: &str,
) -> BTreeMap<RunnerId, Runner> {
    let mut runners = BTreeMap::new();
    let path = (scope != Scope::Instance).then_some(path);
    let page = |rows: Vec<Row>| {
        runners.extend(rows.into_iter().filter_map(|row| match row {
            Row::Whole(runner, _) => Some((runner.id, *runner)),
            Row::Listed(_) => None,
        }));
    };
    // Whatever becomes of it, rows that were shown are true, and what is missing is read by number.
    let _ = session.client.sweep(scope, path, Way::GraphQl, page).await;
    runners
}

type One = (RunnerId, Result<Option<Runner>, String>);

async fn one(session: &Session, id: RunnerId) -> anyhow::Result<One> {
    match again(async || session.client.runner(id).await).await {
        Ok(runner) => Ok((id, Ok(runner))),
        // One that may not be read keeps no other from being read; a token that is not enough does.
        Err(Error::Refused {
            status: 403 | 404,
            message,
            ..
        }) => Ok((id, Err(message))),
        Err(error) => Err(session.told(&error)),
    }
}
