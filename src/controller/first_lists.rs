//! What is waited for before a credential is sent: the statuses of all connections that are served may say
//! that it must not be.
use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::http::FirstListHandle;

/// How often is looked whether they have come in.
const LOOK: Duration = Duration::from_millis(50);
/// How long one that neither comes in nor is refused is waited for.
const LONGEST: Duration = Duration::from_secs(30);

/// The first lists of some kinds.
pub(super) struct FirstLists {
    lists: OnceLock<Vec<FirstListHandle>>,
    since: Instant,
}

impl Default for FirstLists {
    fn default() -> Self {
        Self {
            lists: OnceLock::new(),
            since: Instant::now(),
        }
    }
}

impl FirstLists {
    /// These are all.
    pub(super) fn are(&self, lists: Vec<FirstListHandle>) {
        let _ = self.lists.set(lists);
    }

    /// Waits until all have come in or were refused.
    pub(super) async fn wait(&self) {
        while !self.are_in() && self.since.elapsed() < LONGEST {
            sleep(LOOK).await;
        }
    }

    fn are_in(&self) -> bool {
        let lists = self.lists.get();
        lists.is_some_and(|lists| lists.iter().all(|list| !list.is_awaited()))
    }
}
