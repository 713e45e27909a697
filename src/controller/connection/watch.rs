//! The connection controllers: what they watch, and how they end.
use std::sync::Arc;

use futures::{StreamExt, future};
use kube::{
    Api, Resource, ResourceExt,
    runtime::{
        Controller, Predicate, PredicateConfig, WatchStreamExt, controller, predicates, watcher,
    },
};
use tokio_util::sync::CancellationToken;

use super::{on_error, reconcile, view::Connection};
use crate::controller::Context;
use crate::controller::caches::CacheFeed;
use crate::controller::guards::{Guarded, deleting};
use crate::controller::watches::{drop_errors, signal_first_list, until_stopped, watch};
use crate::http::FirstListHandle;

/// How many connections are looked at at the same time: each may hang for its whole timeout.
const CONCURRENCY: u16 = 32;

/// Runs a controller until it is told to stop and has finished what is under way.
pub async fn run<K: Connection>(
    ctx: Arc<Context>,
    api: Api<Guarded<K>>,
    feed: CacheFeed<K>,
    listed: FirstListHandle,
    stop: CancellationToken,
) {
    let told = ctx.clone();
    let reflected = watch(api, watcher::Config::default(), &listed).reflect(feed.writer);
    // The first list is told of when it is in the cache, and not before.
    let main = signal_first_list(listed.clone(), reflected)
        // The reflector comes first, so a runner that is woken here no longer finds the connection.
        .inspect(move |event| match event {
            Ok(watcher::Event::Delete(connection)) => forget::<K>(&told, connection),
            Ok(watcher::Event::InitApply(connection) | watcher::Event::Apply(connection)) => {
                learn::<K>(&told, connection);
            }
            Ok(watcher::Event::Init | watcher::Event::InitDone) | Err(_) => {}
        })
        .applied_objects()
        .predicate_filter(
            predicates::generation
                .combine(predicates::annotations)
                .combine(deleting),
            PredicateConfig::default(),
        );
    let controller = Controller::for_stream(drop_errors(main), feed.store)
        .reconcile_on(feed.requeued)
        .with_config(controller::Config::default().concurrency(CONCURRENCY))
        .graceful_shutdown_on(stop.clone().cancelled_owned())
        .run(reconcile, on_error, ctx)
        .for_each(|_| future::ready(()));
    until_stopped(controller, &listed, stop.cancelled()).await;
}

/// Another process may be replacing a token, or an earlier one have done so.
fn learn<K: Connection>(ctx: &Context, connection: &Guarded<K>) {
    let key = K::key(connection.namespace(), connection.name_any());
    if let Ok(connection) = &connection.0 {
        ctx.gates.learn(&key, connection.status());
    }
}

fn forget<K: Connection>(ctx: &Context, connection: &Guarded<K>) {
    let key = K::key(connection.namespace(), connection.name_any());
    let named = ctx.runners_of(&key).next().is_some();
    ctx.connections.remove(&key, named);
    ctx.budgets.leave(&key);
    ctx.gates.forget(&key);
    ctx.fresh_tokens.wake();
    ctx.breaker.remove(&key);
    ctx.records
        .remove(connection.meta().uid.as_deref().unwrap_or_default());
    ctx.requeue_runners(&key);
}
