//! Watches that begin again where kube's do not, and what is kept of what they bring.
use std::time::Duration;

use futures::{Stream, StreamExt, stream, stream::BoxStream};
use kube::{
    Api, Resource,
    runtime::watcher::{self, Event, watcher},
};
use serde::de::DeserializeOwned;

/// How long nothing may come while the objects of a streamed list are awaited.
pub(super) const SILENCE: Duration = Duration::from_secs(20);

type Item<K> = Result<Event<K>, watcher::Error>;

/// A watcher that begins again in two cases that kube's does not know: when the server refuses the start
/// of a watch with HTTP 410, and when it streams no lists. One before Kubernetes 1.27, or without the
/// feature `WatchList`, refuses the parameters; a storage that reports no progress never says where the
/// list ends. Then the objects are listed by pages, as long as the process lives.
pub(super) fn relisted<K>(
    api: Api<K>,
    config: watcher::Config,
    silence: Duration,
) -> impl Stream<Item = Item<K>> + Send + use<K>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug + Send + 'static,
{
    let start = move |streams: bool| {
        let config = config.clone();
        let config = if streams {
            config.streaming_lists()
        } else {
            config
        };
        watcher(api.clone(), config).boxed()
    };
    let watch = Watch {
        inner: start(true),
        start,
        streams: true,
        lists: true,
        silence,
    };
    stream::unfold(watch, async |mut watch| Some((watch.next().await?, watch)))
}

struct Watch<K, S> {
    inner: BoxStream<'static, Item<K>>,
    start: S,
    /// Whether lists are streamed.
    streams: bool,
    /// Whether a list is under way.
    lists: bool,
    silence: Duration,
}

impl<K, S> Watch<K, S>
where
    S: Fn(bool) -> BoxStream<'static, Item<K>>,
{
    async fn next(&mut self) -> Option<Item<K>> {
        loop {
            let streamed = self.streams && self.lists;
            let next = self.inner.next();
            let item = if streamed {
                let Ok(item) = tokio::time::timeout(self.silence, next).await else {
                    self.lists_by_pages();
                    continue;
                };
                item?
            } else {
                next.await?
            };
            match (&item, refused_start(&item)) {
                (_, Some(410)) => self.inner = (self.start)(self.streams),
                (_, Some(400..=428 | 430..=499)) if self.streams => {
                    self.lists_by_pages();
                    continue;
                }
                (Ok(Event::Init), _) => self.lists = true,
                (Ok(Event::InitDone), _) => self.lists = false,
                (Ok(_) | Err(_), _) => {}
            }
            return Some(item);
        }
    }

    fn lists_by_pages(&mut self) {
        self.streams = false;
        self.inner = (self.start)(false);
    }
}

/// The status by which the server has refused the start of a watch.
fn refused_start<K>(item: &Item<K>) -> Option<u16> {
    match item {
        Err(watcher::Error::WatchStartFailed(kube::Error::Api(status))) => Some(status.code),
        Ok(_) | Err(_) => None,
    }
}

/// Takes away what nobody reads, and what takes most of an object's room in a cache: who has managed
/// which field, and what kubectl has applied last.
pub(super) fn trim<K: Resource>(object: &mut K) {
    const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let metadata = object.meta_mut();
    metadata.managed_fields = None;
    if let Some(annotations) = &mut metadata.annotations {
        annotations.remove(LAST_APPLIED);
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, extract::RawQuery, http::StatusCode};
    use futures::future;
    use k8s_openapi::api::core::v1::Namespace;
    use kube::core::Status;
    use serde_json::json;

    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// What a watch of a server brings first that answers a streamed list so, and any other by pages.
    async fn first_events(
        count: usize,
        streams: impl Fn() -> Option<(StatusCode, String)> + Clone + Send + Sync + 'static,
        resumes: Option<(StatusCode, String)>,
    ) -> Vec<String> {
        let answer = async move |RawQuery(query): RawQuery| {
            let query = query.unwrap_or_default();
            let watched = if query.contains("sendInitialEvents=true") {
                Some(streams())
            } else if query.contains("watch=true") {
                Some(resumes)
            } else {
                None
            };
            if let Some(watched) = watched {
                match watched {
                    Some(answer) => answer,
                    None => future::pending().await,
                }
            } else {
                let item = json!({ "apiVersion": "v1", "kind": "Namespace",
                    "metadata": { "name": "listed", "resourceVersion": "6" } });
                let list = json!({ "apiVersion": "v1", "kind": "NamespaceList",
                    "metadata": { "resourceVersion": "7" }, "items": [item] });
                (StatusCode::OK, list.to_string())
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer);
        let server = tokio::spawn(async { axum::serve(listener, router).await });
        let client = kube::Client::try_from(kube::Config::new(url.parse().unwrap())).unwrap();
        let api = Api::<Namespace>::all(client);
        let silence = Duration::from_millis(500);
        let watch = relisted(api, watcher::Config::default(), silence);
        let events: Vec<_> = watch.take(count).collect().await;
        server.abort();
        let told = events.iter().map(|event| match event {
            Ok(Event::InitApply(object)) => object.metadata.name.clone().unwrap(),
            Ok(Event::Init) => "begins".to_owned(),
            Ok(Event::InitDone) => "ends".to_owned(),
            Err(watcher::Error::WatchStartFailed(kube::Error::Api(status))) => {
                status.code.to_string()
            }
            other => format!("{other:?}"),
        });
        told.collect()
    }

    fn refusal(code: StatusCode) -> (StatusCode, String) {
        let status = Status::failure("no", "Refused").with_code(code.as_u16());
        (code, serde_json::to_string(&status).unwrap())
    }

    #[tokio::test]
    async fn a_server_that_streams_no_lists_is_listed_by_pages() {
        let listed = ["begins", "listed", "ends"];
        let refused = || Some(refusal(StatusCode::UNPROCESSABLE_ENTITY));
        assert_eq!(first_events(3, refused, None).await, listed);
        // One that never says where a list ends.
        assert_eq!(first_events(3, || None, None).await, listed);
    }

    /// As after a change of the control plane's version.
    #[tokio::test]
    async fn a_server_that_no_longer_streams_lists_is_listed_by_pages() {
        let marked = json!({ "k8s.io/initial-events-end": "true" });
        let event = |type_: &str, metadata| {
            let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata });
            json!({ "type": type_, "object": object }).to_string() + "\n"
        };
        let streamed = event(
            "ADDED",
            json!({ "name": "streamed", "resourceVersion": "6" }),
        ) + &event(
            "BOOKMARK",
            json!({ "resourceVersion": "7", "annotations": marked }),
        );
        let first = Arc::new(AtomicBool::new(true));
        let streams = move || {
            Some(if first.swap(false, Ordering::Relaxed) {
                (StatusCode::OK, streamed.clone())
            } else {
                refusal(StatusCode::UNPROCESSABLE_ENTITY)
            })
        };
        let events = first_events(7, streams, Some(refusal(StatusCode::GONE))).await;
        let expected = [
            "begins", "streamed", "ends", "410", "begins", "listed", "ends",
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn what_nobody_reads_is_not_kept() {
        let mut object: Namespace = serde_json::from_value(json!({ "metadata": {
            "name": "a", "managedFields": [{ "manager": "kubectl" }],
            "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{}", "b": "c" },
        } }))
        .unwrap();
        trim(&mut object);
        let left = json!({ "name": "a", "annotations": { "b": "c" } });
        assert_eq!(serde_json::to_value(&object.metadata).unwrap(), left);
    }
}
