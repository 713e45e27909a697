//! Which connections hold which token.
use super::caches::ConnectionKey;
use super::connections::Connections;
use crate::plan::Fingerprint;

impl Connections {
    /// Records which token the Secret of a connection holds, and where.
    pub(super) fn holds(&self, key: &ConnectionKey, token: Fingerprint, place: &str) {
        let mut entries = self.entries();
        let entry = entries.entry(key.clone()).or_default();
        entry.held = Some((token, place.to_owned()));
    }

    /// The token that the Secret of a connection held when it was last read.
    pub(super) fn held(&self, key: &ConnectionKey) -> Option<Fingerprint> {
        let entries = self.entries();
        let (token, _) = entries.get(key)?.held.as_ref()?;
        Some(token.clone())
    }

    /// All that hold that token.
    pub(super) fn holding(&self, digest: &str) -> Vec<ConnectionKey> {
        let entries = self.entries();
        let holding = entries.iter().filter(|(_, entry)| {
            let held = entry.held.as_ref();
            held.is_some_and(|(token, _)| token.digest == digest)
        });
        holding.map(|(key, _)| key.clone()).collect()
    }

    /// Another Secret than that of this connection which holds the same token, the first of them by name.
    pub(super) fn also_in(&self, key: &ConnectionKey, digest: &str) -> Option<String> {
        let entries = self.entries();
        let (_, own) = entries.get(key)?.held.as_ref()?;
        let held = entries.values().filter_map(|entry| entry.held.as_ref());
        let others = held.filter(|(token, place)| token.digest == digest && place != own);
        others.map(|(_, place)| place.clone()).min()
    }
}
