//! The runner controller: what it watches, and how it ends.
use std::{sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt, future};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Resource,
    core::PartialObjectMeta,
    runtime::{
        Controller, Predicate, PredicateConfig, WatchStreamExt,
        controller::{self, Action},
        predicates,
        reflector::ObjectRef,
        watcher,
    },
};
use tokio_util::sync::CancellationToken;

use super::{POLL, reconcile};
use crate::api::MANAGER;
use crate::api::conditions::Reason;
use crate::api::v1alpha1::GitLabRunner;
use crate::backoff;
use crate::controller::Context;
use crate::controller::caches::CacheFeed;
use crate::controller::error::{Error, Remedy};
use crate::controller::guards::{Guarded, deleting};
use crate::controller::watches::{drop_errors, signal_first_list, until_stopped, watch};
use crate::http::FirstListHandle;
use crate::secrets::{self, MANAGED_BY};

/// How many objects are worked on at the same time: enough that GitLab's answers bound how fast it goes,
/// and not these places. One connection takes no more than half of them.
const CONCURRENCY: u16 = 64;

/// Runs the controller of one set of caches until it is told to stop and has finished what is under way.
pub async fn run(
    ctx: Arc<Context>,
    namespace: Option<String>,
    feed: CacheFeed<GitLabRunner>,
    listed: [FirstListHandle; 2],
    stop: CancellationToken,
) {
    let runners: Api<Guarded<GitLabRunner>> = match &namespace {
        Some(namespace) => Api::namespaced(ctx.kube.clone(), namespace),
        None => Api::all(ctx.kube.clone()),
    };
    let secrets: Api<PartialObjectMeta<Secret>> = match &namespace {
        Some(namespace) => Api::namespaced(ctx.kube.clone(), namespace),
        None => Api::all(ctx.kube.clone()),
    };
    let [runners_listed, secrets_listed] = listed;
    let reflected =
        watch(runners, watcher::Config::default(), &runners_listed).reflect(feed.writer);
    let told = ctx.clone();
    let main = signal_first_list(runners_listed.clone(), reflected)
        .inspect(move |event| match event {
            Ok(watcher::Event::Delete(runner)) => {
                told.records
                    .remove(runner.meta().uid.as_deref().unwrap_or_default());
            }
            Ok(watcher::Event::InitDone) => told.forget_the_gone(),
            Ok(_) | Err(_) => {}
        })
        .applied_objects()
        // Our own status writes must not come back as work.
        .predicate_filter(
            predicates::generation
                .combine(predicates::finalizers)
                .combine(predicates::annotations)
                .combine(deleting),
            PredicateConfig::default(),
        );
    // Metadata only: tokens never enter this cache.
    let labelled = watcher::Config::default().labels(&format!("{MANAGED_BY}={MANAGER}"));
    let told = ctx.clone();
    let owned = watch(secrets, labelled, &secrets_listed).inspect(move |event| {
        if let Ok(event) = event {
            told.owned.observe(event);
        }
    });
    let records = ctx.clone();
    let owned = signal_first_list(secrets_listed, owned)
        .touched_objects()
        // Nor must what a pass has just written to a Secret, which it looks at itself.
        .try_filter(move |secret| future::ready(!is_ours(&records, &secret.metadata)));
    let controller = Controller::for_stream(drop_errors(main), feed.store)
        .watches_stream(drop_errors(owned), |secret| object_of(&secret.metadata))
        .reconcile_on(feed.requeued)
        .with_config(controller::Config::default().concurrency(CONCURRENCY))
        .graceful_shutdown_on(stop.clone().cancelled_owned())
        .run(reconcile, on_error, ctx)
        // Every result was reported where it arose; what is left is kube's own word that an object
        // went away between being queued and being looked at.
        .for_each(|_| future::ready(()));
    until_stopped(controller, &runners_listed, stop.cancelled()).await;
}

/// When to look again after an error.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that kube's error policy has"
)]
fn on_error(object: Arc<Guarded<GitLabRunner>>, error: &Error, ctx: Arc<Context>) -> Action {
    let uid = object.meta().uid.as_deref().unwrap_or_default();
    match error.remedy() {
        Remedy::LookAgain => Action::requeue(Duration::from_millis(200)),
        Remedy::Retry => Action::requeue(backoff::after_failures(ctx.records.failures(uid), uid)),
        // Everybody was asked to wait at the same time, so they must not all come back at once.
        Remedy::RetryAfter(wait) => Action::requeue(wait + backoff::spread(POLL, uid) / 10),
        Remedy::NeedsHuman => {
            let failure = error.failure(false);
            let resync = ctx.options.resync;
            Action::requeue(backoff::spread(
                match failure.map(|failure| failure.reason) {
                    // Another token may be put into the Secret, which is not watched.
                    Some(Reason::RegistrationTokenInvalid) => resync.min(POLL),
                    Some(_) | None => resync,
                },
                uid,
            ))
        }
    }
}

/// Whether this very version of a Secret is from this process.
fn is_ours(ctx: &Context, secret: &ObjectMeta) -> bool {
    secrets::owners(secret).any(|uid| ctx.records.has_written(uid, secret))
}

/// The object that a Secret is of.
fn object_of(secret: &ObjectMeta) -> Option<ObjectRef<Guarded<GitLabRunner>>> {
    let name = secrets::object(secret)?;
    let namespace = secret.namespace.as_deref()?;
    Some(ObjectRef::new(name).within(namespace))
}
