//! Makes the caches and starts the controllers on them.
use std::sync::Arc;

use futures::{StreamExt, future};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, ResourceExt,
    core::PartialObjectMeta,
    runtime::{PredicateConfig, WatchStreamExt, predicates, reflector::store::Writer, watcher},
};
use tokio_util::sync::CancellationToken;

use super::caches::{ClusterCaches, ClusterFeeds, NamespaceCaches, NamespaceFeeds};
use super::tasks::Tasks;
use super::watches::{drop_errors, signal_first_list, watch};
use super::{Context, Options, Surroundings, connection, inventory, runner, sweeps};
use crate::http::{FirstListHandle, Readiness};
use crate::metrics::Metrics;

/// Starts every controller. They end when told to stop, once what is under way has finished.
pub fn start(
    surroundings: Surroundings,
    options: Options,
    metrics: Metrics,
    readiness: &Readiness,
    stop: &CancellationToken,
) -> Tasks {
    let watched: Vec<Option<String>> = if options.namespaces.is_empty() {
        vec![None]
    } else {
        options.namespaces.iter().cloned().map(Some).collect()
    };
    let cluster_wide = options.namespaces.is_empty();
    let (caches, feeds): (Vec<_>, Vec<_>) = watched.into_iter().map(NamespaceCaches::new).unzip();
    let (cluster_caches, cluster_feed) = cluster_wide.then(ClusterCaches::new).unzip();
    let ctx = Context::new(
        surroundings,
        options,
        caches,
        cluster_caches,
        metrics,
        stop.clone(),
    );
    let ctx = Arc::new(ctx);
    let weak = Arc::downgrade(&ctx);
    ctx.metrics.count_objects_by(move |objects| {
        if let Some(ctx) = weak.upgrade() {
            inventory::count(&ctx, objects);
        }
    });
    let mut start = Start {
        work: Tasks::default(),
        ctx,
        runners_listed: Vec::new(),
        connections_listed: Vec::new(),
        readiness,
        stop,
    };
    let common = cluster_feed.map(|feed| start.cluster_scoped(feed));
    for feed in feeds {
        start.namespaced(feed, common.iter().flatten());
    }
    let listed = std::mem::take(&mut start.connections_listed);
    start.ctx.connections_listed.are(listed);
    let keeper = connection::keep_new_tokens(start.ctx.clone(), stop.clone());
    start
        .work
        .spawn("the keeper of new tokens".to_owned(), keeper);
    let sweeps = sweeps::run(start.ctx.clone(), start.runners_listed, stop.clone());
    start.work.spawn("the sweeps of GitLab".to_owned(), sweeps);
    start.work
}

struct Start<'a> {
    work: Tasks,
    ctx: Arc<Context>,
    /// The lists of connections.
    connections_listed: Vec<FirstListHandle>,
    /// The lists of runners, one for each watched namespace.
    runners_listed: Vec<FirstListHandle>,
    readiness: &'a Readiness,
    stop: &'a CancellationToken,
}

impl Start<'_> {
    /// `before` are the lists of the cluster-scoped kinds, if there are any.
    fn namespaced<'a>(
        &mut self,
        feed: NamespaceFeeds,
        before: impl Iterator<Item = &'a FirstListHandle>,
    ) {
        let NamespaceFeeds {
            namespace,
            runners,
            connections,
        } = feed;
        let (ctx, stop) = (self.ctx.clone(), self.stop.clone());
        let api = match &namespace {
            Some(namespace) => Api::namespaced(ctx.kube.clone(), namespace),
            None => Api::all(ctx.kube.clone()),
        };
        let place = namespace.as_deref();
        let await_list = |what| self.readiness.await_list(place, what);
        let listed = await_list("gitlabconnections");
        let (next, rest) = (listed.clone(), ["gitlabrunners", "secrets"].map(await_list));
        self.runners_listed.extend(rest.first().cloned());
        self.connections_listed.push(listed.clone());
        let named = |kind: &str| match place {
            Some(place) => format!("the controller of {kind} in the namespace {place}"),
            None => format!("the controller of {kind}"),
        };
        let (first, second) = (named("gitlabconnections"), named("gitlabrunners"));
        self.work.spawn(
            first,
            connection::run(ctx.clone(), api, connections, next, stop.clone()),
        );
        let before: Vec<FirstListHandle> = before.cloned().chain([listed]).collect();
        self.work.spawn(second, async move {
            // Until then every connection would be taken for one that is not there, and its runners
            // would be told so, or be removed as if no credential were left.
            let listed_before = future::join_all(before.iter().map(|list| list.wait()));
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = listed_before => {}
            }
            runner::run(ctx, namespace, runners, rest, stop).await;
        });
    }

    fn cluster_scoped(&mut self, feed: ClusterFeeds) -> [FirstListHandle; 2] {
        let ClusterFeeds {
            connections,
            namespaces,
        } = feed;
        let (ctx, stop) = (self.ctx.clone(), self.stop.clone());
        let told = ctx.clone();
        let lists = ["clustergitlabconnections", "namespaces"];
        let lists = lists.map(|what| self.readiness.await_list(None, what));
        let [connections_listed, namespaces_listed] = lists.clone();
        self.connections_listed.push(connections_listed.clone());
        let api = Api::all(ctx.kube.clone());
        self.work.spawn(
            "the controller of clustergitlabconnections".to_owned(),
            connection::run(ctx, api, connections, connections_listed, stop.clone()),
        );
        self.work
            .spawn("the watch of namespaces".to_owned(), async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = watch_namespaces(&told, namespaces, namespaces_listed) => {}
                }
            });
        lists
    }
}

/// Keeps the labels of namespaces, by which connections of the cluster choose whom they allow.
async fn watch_namespaces(
    ctx: &Context,
    writer: Writer<PartialObjectMeta<Namespace>>,
    listed: FirstListHandle,
) {
    let all = Api::all(ctx.kube.clone());
    let watch = watch(all, watcher::Config::default(), &listed).reflect(writer);
    let labelled = signal_first_list(listed, watch)
        .applied_objects()
        .predicate_filter(predicates::labels, PredicateConfig::default());
    drop_errors(labelled)
        .for_each(|namespace| {
            if let Ok(namespace) = namespace {
                ctx.requeue_users_of_cluster_connections(&namespace.name_any());
            }
            future::ready(())
        })
        .await;
}
