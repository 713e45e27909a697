//! Which Pods this node takes, and who runs them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::run::{End, run};
use super::{HURRY, Place};

/// Everybody who is at work.
pub(super) struct Crew {
    place: Arc<Place>,
    ends: BTreeMap<String, watch::Sender<Option<End>>>,
    tasks: JoinSet<()>,
    listed: BTreeSet<String>,
}

impl Crew {
    pub(super) fn new(place: Arc<Place>) -> Self {
        Self {
            place,
            ends: BTreeMap::new(),
            tasks: JoinSet::new(),
            listed: BTreeSet::new(),
        }
    }

    /// Works until the node is told to stop, or dropped.
    pub(super) async fn work(mut self, mut stop: watch::Receiver<bool>) {
        let pods: Api<DynamicObject> =
            Api::all_with(self.place.client.clone(), &ApiResource::erase::<Pod>(&()));
        let mut events = watcher(pods, watcher::Config::default())
            .default_backoff()
            .boxed();
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                event = events.next() => match event {
                    Some(Ok(event)) => self.see(event).await,
                    // The watcher goes on by itself, with a backoff.
                    Some(Err(_)) => {}
                    None => break,
                },
            }
        }
        for end in self.ends.values() {
            end.send_replace(Some(End::NodeStops));
        }
        // A confirmation that the API server does not take must not keep us for ever.
        let all = async { while self.tasks.join_next().await.is_some() {} };
        drop(timeout(2 * HURRY, all).await);
    }

    async fn see(&mut self, event: Event<DynamicObject>) {
        match event {
            Event::Init => self.listed.clear(),
            Event::InitApply(pod) => {
                self.listed.extend(pod.uid());
                self.apply(pod).await;
            }
            Event::InitDone => {
                let listed = &self.listed;
                for (_, end) in self.ends.iter().filter(|(uid, _)| !listed.contains(*uid)) {
                    tell(end, End::Vanished);
                }
            }
            Event::Apply(pod) => self.apply(pod).await,
            Event::Delete(pod) => {
                if let Some(end) = pod.uid().and_then(|uid| self.ends.get(&uid)) {
                    tell(end, End::Vanished);
                }
            }
        }
    }

    async fn apply(&mut self, pod: DynamicObject) {
        let (Some(uid), Some(namespace)) = (pod.uid(), pod.namespace()) else {
            return;
        };
        let wanted = &self.place.namespaces;
        if !wanted.is_empty() && !wanted.contains(&namespace) {
            return;
        }
        let node = pod.data.pointer("/spec/nodeName").and_then(Value::as_str);
        match node {
            None if pod.meta().deletion_timestamp.is_none() => self.bind(&pod, &namespace).await,
            Some(node) if node == self.place.name => self.own(uid, pod),
            None | Some(_) => {}
        }
    }

    /// Plays the scheduler.
    async fn bind(&self, pod: &DynamicObject, namespace: &str) {
        let selector = pod
            .data
            .pointer("/spec/nodeSelector")
            .and_then(Value::as_object);
        let labels = &self.place.labels;
        let fits = selector.into_iter().flatten().all(|(key, value)| {
            labels
                .get(key)
                .is_some_and(|label| value.as_str() == Some(label))
        });
        if !fits {
            return;
        }
        let name = pod.name_any();
        let binding = json!({
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": name, "namespace": namespace, "uid": pod.uid()},
            "target": {"apiVersion": "v1", "kind": "Node", "name": self.place.name},
        });
        let pods: Api<Pod> = Api::namespaced(self.place.client.clone(), namespace);
        // It may have been deleted or bound meanwhile; the watch tells, and whatever else goes wrong
        // is tried again with the next event of this Pod.
        let bound: kube::Result<Value> = pods
            .create_subresource("binding", &name, &PostParams::default(), &binding)
            .await;
        drop(bound);
    }

    /// Runs a Pod that is bound to this node, or passes on that it was deleted.
    fn own(&mut self, uid: String, pod: DynamicObject) {
        let deleted = pod.meta().deletion_timestamp.is_some().then(|| {
            let grace = pod.meta().deletion_grace_period_seconds.unwrap_or(0);
            End::Deleted(Duration::from_secs(grace.unsigned_abs()))
        });
        let end = self.ends.entry(uid).or_insert_with(|| {
            // Deleted before it was ever started is handled by the same path: it ends at once.
            let (end, told) = watch::channel(deleted);
            self.tasks.spawn(run(Arc::clone(&self.place), pod, told));
            end
        });
        if let Some(deleted) = deleted {
            tell(end, deleted);
        }
    }
}

/// The first word counts: a Pod that was told to end is ending.
fn tell(end: &watch::Sender<Option<End>>, why: End) {
    end.send_if_modified(|end| {
        let first = end.is_none();
        if first {
            *end = Some(why);
        }
        first
    });
}
