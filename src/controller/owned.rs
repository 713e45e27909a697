//! Which Secrets belong to which object, by what the watch of our Secrets has delivered. An object may
//! have several: its spec has asked for other names before, and not all of them may be in its status.
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use k8s_openapi::api::core::v1::Secret;
use kube::{ResourceExt, core::PartialObjectMeta, runtime::watcher};

use crate::secrets;

/// The names of our Secrets, by the namespace and the uid of their object: a copy in another namespace
/// names the same one. Nearly every object has one, for which a set would take ten times the room.
#[derive(Default)]
pub(super) struct OwnedSecrets(Mutex<HashMap<Box<str>, Vec<Box<str>>>>);

impl OwnedSecrets {
    fn all(&self) -> MutexGuard<'_, HashMap<Box<str>, Vec<Box<str>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what the watch delivers.
    pub(super) fn observe(&self, event: &watcher::Event<PartialObjectMeta<Secret>>) {
        let namespace = |secret: &PartialObjectMeta<Secret>| secret.namespace().unwrap_or_default();
        match event {
            watcher::Event::Apply(secret) | watcher::Event::InitApply(secret) => {
                let namespace = namespace(secret);
                for uid in secrets::owners(&secret.metadata) {
                    let mut all = self.all();
                    let names = all.entry(key(&namespace, uid)).or_default();
                    let name = secret.name_any().into_boxed_str();
                    if !names.contains(&name) {
                        names.reserve_exact(1);
                        names.push(name);
                    }
                }
            }
            watcher::Event::Delete(secret) => {
                for uid in secrets::owners(&secret.metadata) {
                    self.forget(&namespace(secret), uid, &secret.name_any());
                }
            }
            watcher::Event::Init | watcher::Event::InitDone => {}
        }
    }

    /// The Secrets of an object. Each is to be read before it is believed: one may be gone, or belong
    /// to somebody else by now.
    pub(super) fn of(&self, namespace: &str, uid: &str) -> BTreeSet<String> {
        let all = self.all();
        let names = all.get(&key(namespace, uid));
        names
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect()
    }

    /// Forgets an object that is gone.
    pub(super) fn remove(&self, namespace: &str, uid: &str) {
        self.all().remove(&key(namespace, uid));
    }

    /// Forgets a Secret that is gone, or belongs to somebody else.
    pub(super) fn forget(&self, namespace: &str, uid: &str, name: &str) {
        let (mut all, key) = (self.all(), key(namespace, uid));
        if let Some(names) = all.get_mut(&key) {
            names.retain(|kept| **kept != *name);
            if names.is_empty() {
                all.remove(&key);
            }
        }
    }
}

fn key(namespace: &str, uid: &str) -> Box<str> {
    format!("{namespace}/{uid}").into_boxed_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(name: &str, owner: &str) -> PartialObjectMeta<Secret> {
        serde_json::from_value(json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": name, "namespace": "ci", "annotations": {
                "gitlab-registrar.dev/owner-uid": owner,
                "gitlab-registrar.dev/secret-name": name,
            } },
        }))
        .unwrap()
    }

    #[test]
    fn an_object_is_known_by_its_uid_and_one_without_secrets_takes_no_room() {
        let owned = OwnedSecrets::default();
        owned.observe(&watcher::Event::InitApply(secret("a", "1")));
        owned.observe(&watcher::Event::Apply(secret("b", "1")));
        owned.observe(&watcher::Event::Apply(secret("c", "2")));
        assert_eq!(Vec::from_iter(owned.of("ci", "1")), ["a", "b"]);
        owned.observe(&watcher::Event::Delete(secret("a", "1")));
        assert_eq!(Vec::from_iter(owned.of("ci", "1")), ["b"]);
        owned.forget("ci", "1", "b");
        owned.forget("ci", "1", "b");
        assert!(owned.of("ci", "1").is_empty() && owned.all().len() == 1);
    }
}
