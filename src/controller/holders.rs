//! Which connections hold which token.
use jiff::SignedDuration;

use super::caches::ConnectionKey;
use super::connection_check::Inputs;
use super::connections::Connections;
use crate::plan::Fingerprint;

impl Connections {
    /// Records which token the Secret of a connection holds, and where.
    pub(super) fn holds(&self, key: &ConnectionKey, inputs: &Inputs) {
        let mut entries = self.entries();
        let entry = entries.entry(key.clone()).or_default();
        entry.held = Some(inputs.held());
    }

    /// The token that the Secret of a connection held when it was last read.
    pub(super) fn held(&self, key: &ConnectionKey) -> Option<Fingerprint> {
        let entries = self.entries();
        let held = entries.get(key)?.held.as_ref()?;
        Some(held.token.clone())
    }

    /// All that hold that token.
    pub(super) fn holding(&self, digest: &str) -> Vec<ConnectionKey> {
        let entries = self.entries();
        let holding = entries.iter().filter(|(_, entry)| {
            let held = entry.held.as_ref();
            held.is_some_and(|held| held.token.digest == digest)
        });
        holding.map(|(key, _)| key.clone()).collect()
    }

    /// The longest that a request with that token may take, through whichever connection.
    pub(super) fn longest_timeout(&self, digest: &str) -> Option<SignedDuration> {
        let entries = self.entries();
        let held = entries.values().filter_map(|entry| entry.held.as_ref());
        let with_it = held.filter(|held| held.token.digest == digest);
        with_it.map(|held| held.timeout).max()
    }

    /// Another Secret than that of this connection which holds the same token, the first of them by name.
    pub(super) fn also_in(&self, key: &ConnectionKey, digest: &str) -> Option<String> {
        let entries = self.entries();
        let own = &entries.get(key)?.held.as_ref()?.place;
        let held = entries.values().filter_map(|entry| entry.held.as_ref());
        let others = held.filter(|held| held.token.digest == digest && held.place != *own);
        others.map(|held| held.place.clone()).min()
    }
}
