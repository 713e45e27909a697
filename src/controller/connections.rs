//! What is known of each connection: written by the connection controllers, read by the runners'.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::caches::ConnectionKey;
use super::connection_check::{ConnectionCheck, Held};
use super::turn::{InFlight, Turn, Wake};
use crate::clock;
use crate::gitlab;
use crate::gitlab::{Lane, Reading};
use crate::observe::Connected;
use crate::plan::{Recheck, Trouble, passes, recheck};

/// For how long the last answer is good whatever runners say.
const SETTLED: Duration = Duration::from_secs(5);

/// What is known of a connection.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Not looked at yet since this process started.
    Unseen,
    /// It works.
    Usable(Arc<Connected>),
    /// It does not, since then.
    Broken(Trouble, Instant),
}

/// All that is known of one connection.
#[derive(Default)]
pub(super) struct Entry {
    /// The token that its Secret holds.
    pub(super) held: Option<Held>,
    /// The last look at it.
    pub(super) check: Option<ConnectionCheck>,
    pub(super) standing: Option<Standing>,
    /// The last that worked, kept for deletions: when a namespace goes, its Secrets may go first.
    last: Option<Arc<Connected>>,
    /// How to get there, be the credential good or not.
    endpoint: Option<gitlab::Endpoint>,
    /// Whether GitLab has refused the credential since it was last checked.
    suspect: bool,
    /// The passes that are under way through it.
    in_flight: InFlight,
}

/// All connections.
#[derive(Default)]
pub struct Connections(Mutex<HashMap<ConnectionKey, Entry>>);

impl Connections {
    pub(super) fn entries(&self) -> MutexGuard<'_, HashMap<ConnectionKey, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a connection.
    pub fn standing(&self, key: &ConnectionKey) -> Standing {
        let entries = self.entries();
        entries
            .get(key)
            .and_then(|entry| entry.standing.clone())
            .unwrap_or(Standing::Unseen)
    }

    /// The last client that worked, for a deletion. Not that of a refused credential: a revoked one
    /// takes its successors along when it is used again (contract §1.10).
    pub fn last(&self, key: &ConnectionKey) -> Option<Arc<Connected>> {
        let entries = self.entries();
        entries
            .get(key)
            .filter(|entry| !entry.suspect)
            .and_then(|entry| entry.last.clone())
    }

    /// The last look at a connection.
    pub(super) fn recall(&self, key: &ConnectionKey) -> Option<ConnectionCheck> {
        self.entries().get(key)?.check.clone()
    }

    pub(super) fn keep(&self, key: &ConnectionKey, check: ConnectionCheck) {
        self.entries().entry(key.clone()).or_default().check = Some(check);
    }

    /// Counts a look that had no answer, so that GitLab is asked again soon.
    pub(super) fn miss(&self, key: &ConnectionKey) {
        let mut entries = self.entries();
        let check = entries.get_mut(key).and_then(|entry| entry.check.as_mut());
        if let Some(check) = check {
            check.doubted = true;
            check.missed = check.missed.saturating_add(1);
        }
    }

    /// Has GitLab asked again when it is next looked at, since a runner has had no answer or may not
    /// be read. Tells whether that should be at once: the hundredth such runner says no more than the
    /// first, and one right after a look no more than that.
    pub(super) fn doubt(&self, key: &ConnectionKey) -> bool {
        let mut entries = self.entries();
        let check = entries.get_mut(key).and_then(|entry| entry.check.as_mut());
        let Some(check) = check else {
            return false;
        };
        let news = !check.doubted && check.checked.elapsed() >= SETTLED;
        check.doubted = true;
        news
    }

    /// Whether the last look at a connection had no answer, be that told yet or not.
    pub(super) fn is_unanswered(&self, key: &ConnectionKey) -> bool {
        let entries = self.entries();
        let check = entries.get(key).and_then(|entry| entry.check.as_ref());
        check.is_some_and(|check| check.missed > 0 || check.trouble.as_ref().is_some_and(passes))
    }

    /// A place among the passes through a connection; `None` while they are as many as may be, and then
    /// `wake` says how the object is told of one. Through a connection that nothing is known of nobody is
    /// asked, so that any number may.
    pub(super) fn enter(
        &self,
        key: &ConnectionKey,
        lane: Lane,
        uid: &str,
        wake: impl FnOnce() -> Wake,
    ) -> Option<Turn> {
        let entries = self.entries();
        let Some(entry) = entries.get(key) else {
            return InFlight::default().enter(false, lane, uid, wake);
        };
        let doubted = entry
            .check
            .as_ref()
            .is_some_and(ConnectionCheck::is_doubted);
        entry.in_flight.enter(doubted, lane, uid, wake)
    }

    /// What the budget of each connection says, and how many passes are under way through it.
    pub(super) fn budgets(&self) -> Vec<(ConnectionKey, Reading, usize)> {
        let entries = self.entries();
        let looked_at = entries.iter().filter_map(|(key, entry)| {
            let reading = entry.check.as_ref()?.client.budget().reading();
            Some((key.clone(), reading, entry.in_flight.taken()))
        });
        looked_at.collect()
    }

    /// Records how to get to a connection's GitLab, whatever becomes of its credential.
    pub fn leads_to(&self, key: &ConnectionKey, endpoint: &gitlab::Endpoint) {
        let mut entries = self.entries();
        entries.entry(key.clone()).or_default().endpoint = Some(endpoint.clone());
    }

    /// Whether a connection leads to the GitLab that its last client that worked was for.
    pub(super) fn leads_there(&self, key: &ConnectionKey) -> bool {
        let entries = self.entries();
        let entry = entries.get(key);
        let last = entry.and_then(|entry| entry.last.as_ref());
        let endpoint = entry.and_then(|entry| entry.endpoint.as_ref());
        last.zip(endpoint)
            .is_some_and(|(last, endpoint)| last.url == endpoint.url)
    }

    /// How to get to this url by this connection, for a call that a runner's own token authorises.
    pub fn endpoint(&self, key: &ConnectionKey, gitlab_url: &str) -> Option<gitlab::Endpoint> {
        let entries = self.entries();
        let endpoint = entries.get(key)?.endpoint.clone();
        endpoint.filter(|endpoint| endpoint.url == gitlab_url)
    }

    /// Records that it works. Tells whether that is news to its runners. That a suspicion was wrong is
    /// none: whoever was refused would come back at once, and be refused again.
    pub fn usable(&self, key: &ConnectionKey, connected: Arc<Connected>) -> bool {
        let mut entries = self.entries();
        let entry = entries.entry(key.clone()).or_default();
        let unbroken = !matches!(&entry.standing, Some(Standing::Broken(..)) | None);
        let last = entry.last.as_ref();
        let same = unbroken && last.is_some_and(|last| Arc::ptr_eq(last, &connected));
        if !same {
            connected.roster.works(clock::now());
        }
        entry.standing = Some(Standing::Usable(connected.clone()));
        entry.last = Some(connected);
        entry.suspect = false;
        !same
    }

    /// Records that it does not. Tells whether that is news to its runners.
    pub fn broken(&self, key: &ConnectionKey, trouble: Trouble, refused: bool) -> bool {
        let mut entries = self.entries();
        let entry = entries.entry(key.clone()).or_default();
        entry.suspect |= refused;
        let (same, since) = match &entry.standing {
            // The words of an outage change with whoever answers in GitLab's place, and are no news.
            Some(Standing::Broken(before, since)) if recheck(&trouble) == Recheck::Soon => {
                (before.reason == trouble.reason, *since)
            }
            Some(Standing::Broken(before, since)) => (*before == trouble, *since),
            Some(Standing::Unseen | Standing::Usable(_)) | None => (false, Instant::now()),
        };
        if !same {
            entry.standing = Some(Standing::Broken(trouble, since));
        }
        !same
    }

    /// Records that GitLab refused the credential of this very client, be it the one that works or
    /// the last one that did. Tells whether that is news.
    pub fn suspect(&self, key: &ConnectionKey, used: &Arc<Connected>) -> bool {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(key) else {
            return false;
        };
        let current =
            matches!(&entry.standing, Some(Standing::Usable(now)) if Arc::ptr_eq(now, used));
        let last = entry.last.as_ref();
        if entry.suspect || !last.is_some_and(|last| Arc::ptr_eq(last, used)) {
            return false;
        }
        entry.suspect = true;
        if current {
            entry.standing = Some(Standing::Unseen);
        }
        true
    }

    /// Whether GitLab has refused the credential since it was last checked.
    pub fn is_suspect(&self, key: &ConnectionKey) -> bool {
        self.entries().get(key).is_some_and(|entry| entry.suspect)
    }

    /// Forgets a connection that is no more. Its client is kept as long as runners still name it,
    /// since they can only be removed from GitLab with it.
    pub fn remove(&self, key: &ConnectionKey, still_named: bool) {
        let mut entries = self.entries();
        if !still_named {
            entries.remove(key);
        } else if let Some(entry) = entries.get_mut(key) {
            entry.standing = None;
            entry.check = None;
            entry.held = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::conditions::Reason;
    use crate::api::v1alpha1::ConnectionKind;

    #[test]
    fn the_words_of_an_outage_are_no_news_and_those_of_a_mistake_are() {
        let connections = Connections::default();
        let key = ConnectionKey {
            kind: ConnectionKind::GitLabConnection,
            namespace: Some("ci".to_owned()),
            name: "gitlab".to_owned(),
        };
        for (reason, message, news) in [
            (Reason::Unreachable, "status 502", true),
            (Reason::Unreachable, "status 503", false),
            (Reason::SecretNotFound, "there is no Secret a", true),
            (Reason::SecretNotFound, "there is no Secret a", false),
            (Reason::SecretNotFound, "there is no Secret b", true),
            (Reason::Unreachable, "status 502", true),
        ] {
            let told = connections.broken(&key, Trouble::new(reason, message), false);
            assert_eq!(told, news, "{reason:?}: {message}");
        }
    }
}
