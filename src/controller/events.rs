//! Events: each thing is told once, and counted when it happens again.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use k8s_openapi::api::core::v1::ObjectReference;
use kube::{
    Client,
    runtime::events::{Event, EventType, Recorder, Reporter},
};

use super::Context;
use super::error::chain;
use crate::api::MANAGER;
use crate::api::events::EventReason;

/// What is remembered of what was told: about so many objects and reasons. Each takes 5 KiB, and kube
/// itself counts nothing that was told more than six minutes ago.
const MOST_TOPICS: usize = 64;

/// What happens once in the life of a runner, so that there is nothing to count.
const ONCE: [EventReason; 2] = [EventReason::Registered, EventReason::RunnerRemoved];

/// What an event is about: an object by its uid, and the reason.
type Topic = (Option<String>, String);

/// Who tells. kube's recorder takes two events of one object and reason for the same, whatever they
/// say, and keeps the first one's words: the second of two drifts would never be read of. So
/// another note gets another recorder, and the same note again is counted by the one that it had.
pub(super) struct Events {
    kube: Client,
    reporter: Reporter,
    last: Mutex<HashMap<Topic, (Option<String>, Recorder)>>,
}

impl Events {
    pub(super) fn new(kube: Client, instance: Option<String>) -> Self {
        let reporter = Reporter {
            controller: MANAGER.into(),
            instance,
        };
        Self {
            kube,
            reporter,
            last: Mutex::default(),
        }
    }

    pub(super) async fn publish(&self, event: &Event, about: &ObjectReference) -> kube::Result<()> {
        let once = ONCE.iter().any(|reason| reason.name() == event.reason);
        let recorder = if once {
            self.another()
        } else {
            self.recorder(event, about)
        };
        recorder.publish(event, about).await
    }

    fn another(&self) -> Recorder {
        Recorder::new(self.kube.clone(), self.reporter.clone())
    }

    fn recorder(&self, event: &Event, about: &ObjectReference) -> Recorder {
        let topic = (about.uid.clone(), event.reason.clone());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((note, recorder)) = last.get(&topic)
            && *note == event.note
        {
            return recorder.clone();
        }
        // What is forgotten is at worst told as a new event instead of being counted.
        if last.len() >= MOST_TOPICS {
            last.clear();
        }
        let recorder = self.another();
        last.insert(topic, (event.note.clone(), recorder.clone()));
        recorder
    }
}

impl Context {
    /// Tells whoever reads the object's events; a warning also whoever reads the log or counts. An
    /// event that cannot be written is logged and forgotten: the condition says the same.
    pub async fn emit(
        &self,
        about: &ObjectReference,
        type_: EventType,
        reason: &'static str,
        action: &str,
        note: &str,
    ) {
        if matches!(type_, EventType::Warning) {
            self.record(about, reason, note);
        }
        let event = Event {
            type_,
            reason: reason.to_owned(),
            note: Some(fitting(note).to_owned()),
            action: action.to_owned(),
            secondary: None,
        };
        if let Err(error) = self.events.publish(&event, about).await {
            tracing::debug!(error = chain(&error), "event not recorded");
        }
    }

    /// Counts and logs what should be found where nobody reads events, which are soon gone.
    pub fn record(&self, about: &ObjectReference, reason: &'static str, note: &str) {
        self.metrics.event_emitted(reason);
        let ObjectReference {
            kind,
            namespace,
            name,
            ..
        } = about;
        let kind = kind.as_deref();
        let (namespace, name) = (namespace.as_deref(), name.as_deref());
        tracing::warn!(kind, namespace, name, reason, "{note}");
    }
}

/// As much of a note as the API server takes.
fn fitting(note: &str) -> &str {
    const LONGEST: usize = 1024;
    note.get(..note.floor_char_boundary(LONGEST))
        .unwrap_or_default()
}
