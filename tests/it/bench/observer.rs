//! When each object came, was ready and went, as a watch tells it.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use kube::ResourceExt;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::watcher;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// What was seen of one object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    came: Instant,
    pub(super) ready: Option<Instant>,
    pub(super) gone: Option<Instant>,
}

impl Seen {
    /// How long it took to become ready.
    pub(super) fn took(&self) -> Option<Duration> {
        Some(self.ready? - self.came)
    }
}

/// How many objects there are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) live: usize,
    /// Of these, how many have been ready.
    pub(super) ready: usize,
}

/// Watches the runners of one namespace until it is dropped.
pub(super) struct Observer {
    seen: Arc<Mutex<BTreeMap<String, Seen>>>,
    tally: watch::Receiver<Tally>,
    task: JoinHandle<()>,
}

impl Observer {
    /// Watches objects without knowing their fields, which costs less.
    pub(super) fn start(kube: kube::Client, namespace: &str) -> Self {
        let kind = ApiResource::erase::<GitLabRunner>(&());
        let api: Api<DynamicObject> = Api::namespaced_with(kube, namespace, &kind);
        let seen = Arc::new(Mutex::new(BTreeMap::new()));
        let (tell, tally) = watch::channel(Tally::default());
        let into = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut events = watcher(api, watcher::Config::default()).boxed();
            while let Some(event) = events.next().await {
                tell.send_modify(|tally| note(&mut into.lock().unwrap(), tally, event.unwrap()));
            }
        });
        Self { seen, tally, task }
    }

    pub(super) fn seen(&self) -> BTreeMap<String, Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until there are so many.
    pub(super) async fn until(&self, what: &str, limit: Duration, is_so: impl Fn(Tally) -> bool) {
        let mut tally = self.tally.clone();
        let found = timeout(limit, tally.wait_for(|tally| is_so(*tally))).await;
        let last = *self.tally.borrow();
        assert!(matches!(found, Ok(Ok(_))), "not so: {what}; {last:?}");
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn note(
    seen: &mut BTreeMap<String, Seen>,
    tally: &mut Tally,
    event: watcher::Event<DynamicObject>,
) {
    let now = Instant::now();
    match event {
        watcher::Event::Init | watcher::Event::InitDone => {}
        watcher::Event::InitApply(object) | watcher::Event::Apply(object) => {
            let one = seen.entry(object.name_any()).or_insert_with(|| {
                tally.live += 1;
                let (came, ready, gone) = (now, None, None);
                Seen { came, ready, gone }
            });
            if one.ready.is_none() && is_ready(&object) {
                tally.ready += 1;
                one.ready = Some(now);
            }
        }
        watcher::Event::Delete(object) => {
            let one = seen.get_mut(&object.name_any()).unwrap();
            tally.live -= 1;
            tally.ready -= usize::from(one.ready.is_some());
            one.gone = Some(now);
        }
    }
}

/// Whether an object of one of our kinds says that it is ready as it is declared now.
pub(super) fn is_ready(object: &DynamicObject) -> bool {
    let status = &object.data["status"];
    let current = status["observedGeneration"].as_i64() == object.metadata.generation;
    let conditions = status["conditions"].as_array();
    let ready = |one: &serde_json::Value| one["type"] == "Ready" && one["status"] == "True";
    current && conditions.is_some_and(|all| all.iter().any(ready))
}
