//! What the API server keeps: objects, and each change of one.
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::target::{Key, Target};
use crate::soak::chance::Chance;

/// One change, for watches.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    pub(crate) key: Key,
    pub(crate) before: Option<Value>,
    /// As it is now, or as it was at its end.
    pub(crate) object: Value,
    pub(crate) gone: bool,
}

/// All objects.
pub(crate) type Objects = BTreeMap<Key, Value>;

pub(crate) struct Store {
    objects: Objects,
    changes: Vec<Change>,
    revision: u64,
    /// Changes up to this one are forgotten.
    compacted: u64,
    chance: Chance,
}

/// What of an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Main,
    Status,
}

impl Store {
    pub(crate) fn new(chance: Chance) -> Self {
        Self {
            objects: BTreeMap::new(),
            changes: Vec::new(),
            revision: 1,
            compacted: 0,
            chance,
        }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)
    }

    /// What a collection holds.
    pub(crate) fn held<'a>(&'a self, target: &'a Target) -> impl Iterator<Item = &'a Value> {
        let held = self.objects.iter().filter(|(key, _)| target.holds(key));
        held.map(|(_, object)| object)
    }

    /// The first change of a collection after that revision; an error when it may be forgotten.
    pub(crate) fn after(&self, target: &Target, revision: u64) -> Result<Option<&Change>, Refusal> {
        if revision < self.compacted {
            return Err(Refusal::expired());
        }
        let later = self
            .changes
            .partition_point(|change| change.revision <= revision);
        let mut later = self.changes.iter().skip(later);
        Ok(later.find(|change| target.holds(&change.key)))
    }

    /// Forgets all changes so far.
    pub(crate) fn compact(&mut self) {
        self.changes.clear();
        self.compacted = self.revision;
    }

    pub(crate) fn objects(&self) -> Objects {
        self.objects.clone()
    }

    /// Goes back to those objects, as a restore of etcd does that has all watches begin anew.
    pub(crate) fn restore(&mut self, objects: Objects) {
        self.objects = objects;
        self.revision += 1000;
        self.compact();
    }

    pub(crate) fn create(
        &mut self,
        target: &Target,
        name: &str,
        mut object: Value,
        now: Timestamp,
        dry: bool,
    ) -> Result<Value, Refusal> {
        let key = target.key(name);
        if self.objects.contains_key(&key) {
            return Err(Refusal::exists(target, name));
        }
        object["apiVersion"] = target.kind.api_version().into();
        object["kind"] = target.kind.name.into();
        if target.kind.ours {
            // Their only default that is not in spec.
            object["status"] = json!({ "observedGeneration": -1 });
        }
        complete(target, &mut object);
        let next = self.revision + 1;
        let metadata = &mut object["metadata"];
        metadata["uid"] = self.chance.uid(&format!("{key:?} {next}")).into();
        metadata["creationTimestamp"] = second(now).into();
        if let Some(namespace) = &target.namespace {
            metadata["namespace"] = namespace.clone().into();
        }
        if target.kind.ours {
            metadata["generation"] = 1.into();
        }
        if dry {
            return Ok(object);
        }
        Ok(self.commit(key, object, false))
    }

    /// Replaces one part of an object. What a version or a uid is named of must be that.
    pub(crate) fn update(
        &mut self,
        target: &Target,
        name: &str,
        mut new: Value,
        part: Part,
        dry: bool,
    ) -> Result<Value, Refusal> {
        let key = target.key(name);
        let Some(old) = self.objects.get(&key) else {
            return Err(Refusal::not_found(target, name));
        };
        for field in ["uid", "resourceVersion"] {
            let (named, is) = (&new["metadata"][field], &old["metadata"][field]);
            if named.is_string() && named != "" && named != is {
                return Err(Refusal::conflict(name));
            }
        }
        let mut object = old.clone();
        if part == Part::Status {
            object["status"] = new["status"].take();
        } else {
            complete(target, &mut new);
            keep(&mut new, old, target.kind.ours);
            object = new;
        }
        prune(&mut object);
        let leaving = old["metadata"]["deletionTimestamp"].is_string();
        if leaving
            && finalizers(&object)
                .iter()
                .any(|it| !finalizers(old).contains(it))
        {
            return Err(Refusal::invalid(
                "no new finalizers can be added if the object is being deleted",
            ));
        }
        if object == *old {
            return Ok(object);
        }
        if target.kind.ours && content(&object) != content(old) {
            grow(&mut object);
        }
        if dry {
            return Ok(object);
        }
        if leaving && finalizers(&object).is_empty() {
            // Nothing is written before it is deleted, so that watches show it as it was.
            let last = old.clone();
            self.commit(key, last, true);
            return Ok(object);
        }
        Ok(self.commit(key, object, false))
    }

    /// Deletes an object, or marks it while finalizers hold it.
    pub(crate) fn delete(
        &mut self,
        target: &Target,
        name: &str,
        preconditions: &Value,
        now: Timestamp,
    ) -> Result<Deleted, Refusal> {
        let key = target.key(name);
        let Some(old) = self.objects.get(&key) else {
            return Err(Refusal::not_found(target, name));
        };
        for field in ["uid", "resourceVersion"] {
            let named = &preconditions[field];
            if named.is_string() && *named != old["metadata"][field] {
                return Err(Refusal::conflict(name));
            }
        }
        let mut object = old.clone();
        if finalizers(&object).is_empty() {
            return Ok(Deleted::Gone(self.commit(key, object, true)));
        }
        if object["metadata"]["deletionTimestamp"].is_string() {
            return Ok(Deleted::Leaving(object));
        }
        object["metadata"]["deletionTimestamp"] = second(now).into();
        object["metadata"]["deletionGracePeriodSeconds"] = 0.into();
        if target.kind.ours {
            grow(&mut object);
        }
        Ok(Deleted::Leaving(self.commit(key, object, false)))
    }

    fn commit(&mut self, key: Key, mut object: Value, gone: bool) -> Value {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let before = if gone {
            self.objects.remove(&key)
        } else {
            self.objects.insert(key.clone(), object.clone())
        };
        self.changes.push(Change {
            revision: self.revision,
            key,
            before,
            object: object.clone(),
            gone,
        });
        object
    }
}

/// What came of a deletion.
pub(crate) enum Deleted {
    /// It is gone; as it was.
    Gone(Value),
    /// Finalizers hold it.
    Leaving(Value),
}

/// What the server alone says of an object stays as it is; of ours, status too.
fn keep(new: &mut Value, old: &Value, ours: bool) {
    new["apiVersion"] = old["apiVersion"].clone();
    new["kind"] = old["kind"].clone();
    for field in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        new["metadata"][field] = old["metadata"][field].clone();
    }
    if ours {
        new["status"] = old["status"].clone();
    }
}

/// A field that is null is none, nor is an empty list or map of metadata.
fn prune(object: &mut Value) {
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        metadata.retain(|_, value| !value.is_null() && *value != json!([]) && *value != json!({}));
    }
    fields.retain(|_, value| !value.is_null());
}

/// What a Secret is if nothing is said of it; `stringData` is a way to write `data`.
fn complete(target: &Target, object: &mut Value) {
    if target.kind.plural == "secrets" && object["type"].is_null() {
        object["type"] = "Opaque".into();
    }
    let Some(Value::Object(texts)) = object
        .as_object_mut()
        .and_then(|it| it.remove("stringData"))
    else {
        return;
    };
    for (key, text) in texts {
        let bytes = k8s_openapi::ByteString(text.as_str().unwrap_or_default().into());
        object["data"][key] = serde_json::to_value(bytes).unwrap_or_default();
    }
}

fn grow(object: &mut Value) {
    let generation = object["metadata"]["generation"]
        .as_i64()
        .unwrap_or_default();
    object["metadata"]["generation"] = (generation + 1).into();
}

/// All but metadata and status.
fn content(object: &Value) -> Vec<(&String, &Value)> {
    let fields = object.as_object().into_iter().flatten();
    fields
        .filter(|(name, _)| !["metadata", "status"].contains(&name.as_str()))
        .collect()
}

fn finalizers(object: &Value) -> Vec<&Value> {
    object["metadata"]["finalizers"]
        .as_array()
        .into_iter()
        .flatten()
        .collect()
}

fn second(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
