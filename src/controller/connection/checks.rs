//! What each connection was last made of, so that GitLab is asked again only when that changes or
//! when it is time.
use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::inputs::Inputs;
use crate::controller::caches::ConnectionKey;
use crate::controller::connections::Connections;
use crate::gitlab::Client;
use crate::observe::Connected;
use crate::plan::{Account, Trouble, passes};

/// For how long the last answer is good whatever runners say.
const SETTLED: Duration = Duration::from_secs(5);

/// A look at a connection.
#[derive(Clone)]
pub(in crate::controller) struct ConnectionCheck {
    /// What the connection was made of.
    pub(super) inputs: Inputs,
    /// What GitLab was asked with. The same as long as the inputs are: it knows for how long GitLab
    /// asked for silence.
    pub(super) client: Client,
    /// What GitLab said, if it accepted the credential.
    pub(super) account: Option<Account>,
    /// What runners use, if GitLab accepted the credential.
    pub(super) connected: Option<Arc<Connected>>,
    /// What was wrong.
    pub(super) trouble: Option<Trouble>,
    /// When GitLab was asked.
    pub(super) checked: Instant,
    /// Whether a runner or a later look has had no answer from GitLab since then.
    pub(super) doubted: bool,
    /// How many later looks in a row have had none.
    pub(super) missed: u32,
}

impl ConnectionCheck {
    /// Whether GitLab has left somebody without an answer since it was asked.
    pub(in crate::controller) fn is_doubted(&self) -> bool {
        self.doubted || self.missed > 0
    }
}

impl Connections {
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
    pub(in crate::controller) fn doubt(&self, key: &ConnectionKey) -> bool {
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
    pub(in crate::controller) fn is_unanswered(&self, key: &ConnectionKey) -> bool {
        let entries = self.entries();
        let check = entries.get(key).and_then(|entry| entry.check.as_ref());
        check.is_some_and(|check| check.missed > 0 || check.trouble.as_ref().is_some_and(passes))
    }
}
