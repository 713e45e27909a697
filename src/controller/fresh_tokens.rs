//! New tokens of connections that GitLab has made and that are not stored yet, and what else asking for one
//! has come to, until it is in status.
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use k8s_openapi::api::core::v1::ObjectReference;
use secrecy::SecretString;
use tokio::sync::Notify;

use super::caches::ConnectionKey;
use crate::plan::NotReplaced;

/// A new token, and where it belongs.
#[derive(Clone)]
pub(super) struct FreshToken {
    /// The token, which exists nowhere else.
    pub(super) token: SecretString,
    /// Start of the SHA-256 of the one before.
    pub(super) before: String,
    /// The namespace of the Secret.
    pub(super) namespace: String,
    /// Its name.
    pub(super) secret: String,
    /// The key in it.
    pub(super) key: String,
    /// When it ends, for a person.
    pub(super) ends: String,
    /// The connection, which may be no more.
    pub(super) about: ObjectReference,
}

impl FreshToken {
    /// Where it belongs, for a person.
    pub(super) fn place(&self) -> String {
        let Self {
            namespace,
            secret,
            key,
            ..
        } = self;
        format!("Secret {secret} in namespace {namespace}, key {key}")
    }
}

/// All of them.
#[derive(Default)]
pub(super) struct FreshTokens {
    all: Mutex<All>,
    woken: Notify,
}

#[derive(Default)]
struct All {
    held: HashMap<ConnectionKey, FreshToken>,
    not_replaced: HashMap<ConnectionKey, (String, NotReplaced)>,
    begun: HashSet<String>,
}

impl FreshTokens {
    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps one until it is stored.
    pub(super) fn hold(&self, key: &ConnectionKey, token: FreshToken) {
        self.all().held.insert(key.clone(), token);
    }

    /// The one that is to be stored.
    pub(super) fn held(&self, key: &ConnectionKey) -> Option<FreshToken> {
        self.all().held.get(key).cloned()
    }

    /// All that are to be stored.
    pub(super) fn all_held(&self) -> Vec<(ConnectionKey, FreshToken)> {
        let held = self.all().held.clone();
        held.into_iter().collect()
    }

    /// It is stored, or of no use any more. Tells whether it was held until now.
    pub(super) fn release(&self, key: &ConnectionKey) -> bool {
        self.all().held.remove(key).is_some()
    }

    /// Has somebody look whether one is held that no pass will store.
    pub(super) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Waits until somebody is to look.
    pub(super) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// GitLab is about to be asked for the replacement of that token, unless what this gives says otherwise.
    pub(super) fn begins(&self, digest: &str) -> Begun<'_> {
        self.all().begun.insert(digest.to_owned());
        Begun {
            of: self,
            digest: digest.to_owned(),
            asks: false,
        }
    }

    /// Whether it is or was, and has not surely said no.
    pub(super) fn has_begun(&self, digest: &str) -> bool {
        self.all().begun.contains(digest)
    }

    /// GitLab has surely not replaced that token.
    pub(super) fn not_replaced(&self, key: &ConnectionKey, digest: &str, why: NotReplaced) {
        let of = (digest.to_owned(), why);
        let mut all = self.all();
        all.begun.remove(digest);
        all.not_replaced.insert(key.clone(), of);
    }

    /// What asking for a replacement of that token came to, if nothing was replaced.
    pub(super) fn answer(&self, key: &ConnectionKey, digest: &str) -> Option<NotReplaced> {
        let all = self.all();
        let (of, why) = all.not_replaced.get(key)?;
        (of == digest).then(|| why.clone())
    }

    /// That is in status.
    pub(super) fn is_told(&self, key: &ConnectionKey) {
        self.all().not_replaced.remove(key);
    }
}

/// That GitLab is about to be asked. Where this is dropped before it is, it was not.
#[must_use]
pub(super) struct Begun<'a> {
    of: &'a FreshTokens,
    digest: String,
    asks: bool,
}

impl Begun<'_> {
    /// It is asked now.
    pub(super) fn asks(mut self) {
        self.asks = true;
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if !self.asks {
            self.of.all().begun.remove(&self.digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_after_all_has_not_begun() {
        let tokens = FreshTokens::default();
        let begun = tokens.begins("d");
        assert!(tokens.has_begun("d"), "already while it is recorded");
        drop(begun);
        assert!(!tokens.has_begun("d"));
        tokens.begins("d").asks();
        assert!(tokens.has_begun("d"));
    }
}
