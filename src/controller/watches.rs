//! Watches that fail alone, wait longer after each failure, and say what there is to mend.
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use std::time::Duration;

use futures::{Stream, StreamExt, future};
use kube::{
    Api, Resource,
    runtime::{
        WatchStreamExt,
        utils::Backoff,
        watcher::{self, DefaultBackoff, Event},
    },
};
use serde::de::DeserializeOwned;

use super::error::chain;
use super::relist::{SILENCE, relisted, trim};
use crate::http::{FirstList, FirstListHandle};

/// Watches a kind, without what takes room and is not needed. Failures are logged, and a refusal of the
/// first list is shown at `/readyz`.
pub(super) fn watch<K>(
    api: Api<K>,
    config: watcher::Config,
    listed: &FirstListHandle,
) -> impl Stream<Item = Result<Event<K>, watcher::Error>> + Send + use<K>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + 'static,
{
    let listed = listed.clone();
    let told = relisted(api, config, SILENCE)
        .modify(trim)
        .inspect(move |event| {
            if let Err(error) = event {
                interrupted::<K>(&listed, error);
            }
        });
    with_backoff(told)
}

/// Tells when the first list of a watch has come in.
pub(super) fn signal_first_list<K>(
    listed: FirstListHandle,
    stream: impl Stream<Item = Result<Event<K>, watcher::Error>> + Send,
) -> impl Stream<Item = Result<Event<K>, watcher::Error>> + Send {
    stream.inspect(move |event| {
        if matches!(event, Ok(Event::InitDone)) {
            listed.comes();
        }
    })
}

/// Every stream keeps its errors to itself and backs off alone. Handing an error to the Controller
/// would pause all of its triggers, since it merges them into one stream and backs off on the sum.
pub(super) fn drop_errors<T: Send + 'static>(
    stream: impl Stream<Item = Result<T, watcher::Error>> + Send + 'static,
) -> impl Stream<Item = Result<T, watcher::Error>> + Send + 'static {
    stream.filter(|item| future::ready(item.is_ok()))
}

/// Drives the controller of that list. One of kube-runtime 5.0 was seen to hang when it was stopped
/// early; until its first list has come in nothing is under way in it, so it is dropped.
pub(super) async fn until_stopped(
    controller: impl Future<Output = ()>,
    listed: &FirstList,
    stop: impl Future<Output = ()>,
) {
    let unlisted = async {
        stop.await;
        if listed.has_come() {
            future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        () = controller => {}
        () = unlisted => {}
    }
}

/// Waits after each failure, longer each time until a list has come to its end.
fn with_backoff<K>(
    stream: impl Stream<Item = Result<Event<K>, watcher::Error>> + Send,
) -> impl Stream<Item = Result<Event<K>, watcher::Error>> + Send {
    let (pauses, complete) = Pauses::new();
    note_completeness(stream, complete).backoff(pauses)
}

/// Notes whether the list that is under way has come to its end.
fn note_completeness<K>(
    stream: impl Stream<Item = Result<Event<K>, watcher::Error>> + Send,
    complete: Arc<AtomicBool>,
) -> impl Stream<Item = Result<Event<K>, watcher::Error>> + Send {
    stream.inspect(move |event| match event {
        Ok(Event::InitDone | Event::Apply(_) | Event::Delete(_)) => {
            complete.store(true, Ordering::Relaxed);
        }
        Ok(Event::Init | Event::InitApply(_)) => complete.store(false, Ordering::Relaxed),
        Err(_) => {}
    })
}

/// How long to wait after a failure. kube starts over at whatever is no failure, and a watcher of
/// kube-runtime 5.0 says `Init` before each list, so that its pauses would not grow while a list is
/// refused.
struct Pauses {
    growing: DefaultBackoff,
    complete: Arc<AtomicBool>,
}

impl Pauses {
    fn new() -> (Self, Arc<AtomicBool>) {
        let complete = Arc::<AtomicBool>::default();
        let growing = DefaultBackoff::default();
        let pauses = Self {
            growing,
            complete: complete.clone(),
        };
        (pauses, complete)
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.growing.next()
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        if self.complete.load(Ordering::Relaxed) {
            self.growing.reset();
        }
    }
}

fn interrupted<K: Resource<DynamicType = ()>>(list: &FirstList, error: &watcher::Error) {
    let (watch, namespace) = (K::plural(&()), list.namespace());
    let (why, advice) = (chain(error), advice::<K>(namespace, error));
    tracing::warn!(%watch, namespace, error = why, advice, "watch interrupted");
    if let Some(advice) = advice {
        list.is_refused(advice);
    }
}

/// What to do about a list that the API server refuses.
fn advice<K: Resource<DynamicType = ()>>(
    namespace: Option<&str>,
    error: &watcher::Error,
) -> Option<String> {
    let watcher::Error::InitialListFailed(kube::Error::Api(status)) = error else {
        return None;
    };
    let (plural, group) = (K::plural(&()), K::group(&()));
    match (status.code, namespace) {
        (404, _) => Some(format!(
            "there is no CustomResourceDefinition {plural}.{group}: install the kinds with the chart \
             (crds.install), or with `registrar crds | kubectl apply --server-side -f -`"
        )),
        (403, Some(namespace)) => Some(format!(
            "the {plural} of the namespace {namespace} may not be listed: the namespace is not there, \
             or the operator's Role in it; make them, or take it out of --watch-namespaces"
        )),
        (403, None) => Some(format!(
            "the {plural} of all namespaces may not be listed: bind the operator's ClusterRole, or \
             name the namespaces to watch in --watch-namespaces"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use kube::core::Status;

    use super::*;
    use crate::api::v1alpha1::GitLabRunner;

    fn refused(code: u16) -> watcher::Error {
        let status = Status::failure("no", "Refused").with_code(code);
        watcher::Error::InitialListFailed(kube::Error::Api(status.boxed()))
    }

    /// What kube does with the backoff of a stream: it resets it at what is no failure, and asks it
    /// for a pause at what is one.
    async fn pauses_of(events: Vec<Result<Event<GitLabRunner>, watcher::Error>>) -> Vec<Duration> {
        let (mut pauses, complete) = Pauses::new();
        let mut waited = Vec::new();
        let events = stream::iter(events);
        let mut events = Box::pin(note_completeness(events, complete));
        while let Some(event) = events.next().await {
            match event {
                Ok(_) => pauses.reset(),
                Err(_) => waited.extend(pauses.next()),
            }
        }
        waited
    }

    #[tokio::test]
    async fn a_list_that_is_refused_is_asked_for_ever_more_rarely() {
        let round = || [Ok(Event::Init), Err(refused(403))];
        let waited = pauses_of((0..6).flat_map(|_| round()).collect()).await;
        assert!(waited[5] > Duration::from_secs(20), "{waited:?}");
        // A list that has come to its end is a new beginning.
        let listed = [Ok(Event::Init), Ok(Event::InitDone)];
        let events = (0..6).flat_map(|_| round()).chain(listed).chain(round());
        let waited = pauses_of(events.collect()).await;
        assert!(waited[6] < Duration::from_secs(2), "{waited:?}");
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let advice = |namespace, code| advice::<GitLabRunner>(namespace, &refused(code));
        let missing = advice(Some("build"), 404).unwrap();
        assert!(
            missing.contains("gitlabrunners.gitlab-registrar.dev"),
            "{missing}"
        );
        assert!(
            advice(Some("build"), 403)
                .unwrap()
                .contains("namespace build")
        );
        assert!(advice(None, 403).unwrap().contains("ClusterRole"));
        assert_eq!(advice(None, 500), None);
    }
}
