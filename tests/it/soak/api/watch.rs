//! What a watch tells.
use serde_json::{Value, json};

use super::query::Query;
use super::refusal::Refusal;
use super::store::{Change, Store};
use super::target::Target;

/// A watch, and how far it has come.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    target: Target,
    query: Query,
    revision: u64,
    /// What is told before any change.
    first: std::collections::VecDeque<Value>,
}

impl Watch {
    pub(crate) fn new(target: Target, query: Query, store: &Store) -> Self {
        let mut watch = Self {
            revision: match query.revision() {
                0 => store.revision(),
                revision => revision,
            },
            first: std::collections::VecDeque::new(),
            target,
            query,
        };
        if watch.query.initial_events() {
            watch.revision = store.revision();
            let held = store.held(&watch.target);
            let there = held.filter(|object| watch.query.selects(object));
            let told = there.map(|object| event("ADDED", &watch.query.shown(object)));
            let mut first: std::collections::VecDeque<Value> = told.collect();
            first.push_back(watch.bookmark(true));
            watch.first = first;
        }
        watch
    }

    /// The next event, if there is one; the end, when changes are asked for that are forgotten.
    pub(crate) fn next(&mut self, store: &Store) -> Result<Option<Value>, Refusal> {
        if let Some(first) = self.first.pop_front() {
            return Ok(Some(first));
        }
        while let Some(change) = store.after(&self.target, self.revision)? {
            self.revision = change.revision;
            if let Some(told) = self.told(change) {
                return Ok(Some(told));
            }
        }
        // Nothing that it watches has changed meanwhile.
        self.revision = store.revision();
        Ok(None)
    }

    /// What is said now and then so that a watch which is begun again need not go back far.
    pub(crate) fn progress(&self) -> Option<Value> {
        self.query.bookmarks().then(|| self.bookmark(false))
    }

    fn told(&self, change: &Change) -> Option<Value> {
        let before = change
            .before
            .as_ref()
            .is_some_and(|before| self.query.selects(before));
        let now = !change.gone && self.query.selects(&change.object);
        let type_ = match (before, now) {
            (false, false) => return None,
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
        };
        Some(event(type_, &self.query.shown(&change.object)))
    }

    fn bookmark(&self, ends_the_list: bool) -> Value {
        let mut metadata = json!({ "resourceVersion": self.revision.to_string() });
        if ends_the_list {
            metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        let (version, kind) = if self.query.metadata_only {
            ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadata")
        } else {
            (self.target.kind.api_version(), self.target.kind.name)
        };
        let object = json!({ "apiVersion": version, "kind": kind, "metadata": metadata });
        event("BOOKMARK", &object)
    }
}

/// One line of a watch.
pub(crate) fn event(type_: &str, object: &Value) -> Value {
    json!({ "type": type_, "object": object })
}
