//! Which client a pass may use, from what is known of the object's connection.
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{
    ResourceExt,
    core::{Selector, SelectorExt},
    runtime::reflector::ObjectRef,
};

use super::pass::Pass;
use crate::api::conditions::{ConditionType, Reason};
use crate::api::v1alpha1::{AllowedNamespaces, ConnectionKind, GitLabRunner};
use crate::controller::caches::{ClusterCaches, ConnectionKey};
use crate::controller::connection::observer;
use crate::controller::connections::Standing;
use crate::controller::{Context, error::Error};
use crate::gitlab;
use crate::observe::Connected;
use crate::plan::{Failure, Recheck, passes, recheck};

/// What a connection's requests may take when it does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest that runners keep to themselves that their connection is in trouble.
const PATIENCE: Duration = Duration::from_mins(5);
/// The same in resyncs: GitLab may be away for longer than one, to be upgraded.
const PATIENT_FOR: u32 = 5;

/// What a pass may use.
pub(super) enum Link {
    /// This.
    Usable(Arc<Connected>),
    /// Nothing yet: the connection has not been looked at since the process started.
    Awaited,
    /// Nothing for the moment, since the connection is in trouble that passes.
    Troubled(Failure, Duration),
    /// Nothing, for this reason.
    Blocked(Reason, String),
}

/// The client for keeping a runner.
pub(super) fn usable(ctx: &Context, runner: &GitLabRunner, namespace: &str) -> Link {
    let key = ConnectionKey::new(&runner.spec.connection_ref, namespace);
    if let Some((reason, message)) = refused(ctx, &key, namespace) {
        return Link::Blocked(reason, message);
    }
    match ctx.connections.standing(&key) {
        Standing::Usable(connected) => Link::Usable(connected),
        Standing::Unseen => Link::Awaited,
        Standing::Broken(trouble, since) => {
            let message = format!("{key} is not ready: {}", trouble.message);
            if passes(&trouble) {
                let left = patience(ctx).saturating_sub(since.elapsed());
                Link::Troubled(troubled(message, left.is_zero()), left)
            } else {
                Link::Blocked(Reason::ConnectionNotReady, message)
            }
        }
    }
}

/// For how long only the connection tells of its troubles: a hundred runners have nothing to add.
fn patience(ctx: &Context) -> Duration {
    let resyncs = ctx.options.resync.saturating_mul(PATIENT_FOR);
    resyncs.min(PATIENCE)
}

fn troubled(message: String, persistent: bool) -> Failure {
    Failure {
        reason: Reason::ConnectionNotReady,
        message,
        about: None,
        stalled: false,
        persistent,
        attempt_is_void: false,
    }
}

/// The client for removing a runner: the one that works, else the last one that did.
pub(super) fn for_deletion(ctx: &Context, runner: &GitLabRunner, namespace: &str) -> Link {
    let key = ConnectionKey::new(&runner.spec.connection_ref, namespace);
    let standing = ctx.connections.standing(&key);
    let last = ctx.connections.last(&key).map(Link::Usable);
    match (standing, last) {
        (Standing::Usable(connected), _) => Link::Usable(connected),
        // Nobody answers there now, and its return wakes whoever waits for it.
        (Standing::Broken(trouble, _), Some(_))
            if trouble.reason == Reason::Unreachable && ctx.connections.leads_there(&key) =>
        {
            let message = format!("{key} is not ready: {}", trouble.message);
            Link::Troubled(troubled(message, true), Duration::ZERO)
        }
        (_, Some(last)) => last,
        (Standing::Unseen, None) if refused(ctx, &key, namespace).is_none() => Link::Awaited,
        (Standing::Unseen, None) => {
            Link::Blocked(Reason::ConnectionNotFound, format!("there is no {key}"))
        }
        // What passes is awaited: the runner's own token is for when nobody else can remove it. That
        // GitLab shuts the credential's owner out is waited for by nobody who has another way.
        (Standing::Broken(trouble, _), None)
            if recheck(&trouble) == Recheck::Soon
                && trouble.reason != Reason::CredentialForbidden =>
        {
            let message = format!("{key} is not ready: {}", trouble.message);
            Link::Troubled(troubled(message, true), Duration::ZERO)
        }
        (Standing::Broken(trouble, _), None) => {
            let message = format!("{key} is not ready: {}", trouble.message);
            Link::Blocked(trouble.reason, message)
        }
    }
}

/// Whether GitLab's word that a runner is gone can be had in the next pass, and can be believed.
pub(super) fn tells_what_is_gone(pass: &Pass<'_>) -> bool {
    let key = ConnectionKey::new(&pass.runner.spec.connection_ref, &pass.namespace);
    match pass.ctx.connections.standing(&key) {
        Standing::Usable(connected) => !connected.can.granular,
        Standing::Unseen | Standing::Broken(..) => false,
    }
}

/// When GitLab refuses the credential, no other object should try it; when it gives no answer, or
/// forbids to read a runner that it let us make, none should wait for it in vain. The connection is
/// looked at again, and requeues its runners when something has changed.
pub(super) fn suspect_credential(pass: &Pass<'_>, error: &Error) {
    let Some(link) = &pass.link else {
        return;
    };
    let key = ConnectionKey::new(&pass.runner.spec.connection_ref, &pass.namespace);
    let changed = (error.is_unauthorized() && pass.ctx.connections.suspect(&key, link))
        || (error.says_nothing_of_the_runner() && pass.ctx.connections.doubt(&key));
    if changed {
        pass.ctx.requeue_connection(&key);
    }
}

/// Whether an error is the connection's to tell: it has had no answer either.
pub(super) fn is_told_elsewhere(pass: &Pass<'_>, error: &Error) -> bool {
    let key = ConnectionKey::new(&pass.runner.spec.connection_ref, &pass.namespace);
    error.says_nothing_of_the_runner() && pass.ctx.connections.is_unanswered(&key)
}

/// A client without a credential, for a call that the runner's own token authorises: by the
/// connection's way, or with the defaults when nothing is known of that any more.
pub(super) fn anonymous(pass: &Pass<'_>, gitlab_url: &str) -> Result<gitlab::Client, Error> {
    let key = ConnectionKey::new(&pass.runner.spec.connection_ref, &pass.namespace);
    let insecure = gitlab::Endpoint::is_in_the_clear(gitlab_url) && !pass.ctx.options.allow_http;
    let by_connection = pass.ctx.connections.endpoint(&key, gitlab_url);
    let endpoint = by_connection.unwrap_or_else(|| gitlab::Endpoint {
        url: gitlab_url.to_owned(),
        ca_pem: None,
        proxy: None,
        proxy_credentials: None,
        client_certificate: None,
        timeout: DEFAULT_TIMEOUT,
    });
    let budget = pass.ctx.budgets.without_credential(gitlab_url);
    let (connect, observe) = (&pass.ctx.gitlab, observer(&pass.ctx.metrics));
    let client = gitlab::Client::connected_by(connect, &endpoint, None, observe, budget);
    match client {
        Ok(client) if !insecure => Ok(client.within(pass.ctx.term.clone())),
        Ok(_) | Err(_) => Err(Error::Act {
            doing: "remove the runner by its own token",
            about: ConditionType::Ready,
            advice: None,
            source: gitlab::Error::Unsent(
                format!("the url {gitlab_url}, where it was registered, cannot be used").into(),
            ),
        }),
    }
}

/// Why an object of this namespace cannot use this connection, whatever its state.
fn refused(ctx: &Context, key: &ConnectionKey, namespace: &str) -> Option<(Reason, String)> {
    let not_found = |hint: &str| {
        (
            Reason::ConnectionNotFound,
            format!("there is no {key}{hint}"),
        )
    };
    match (key.kind, &ctx.cluster_caches) {
        (ConnectionKind::GitLabConnection, _) => {
            (!ctx.has_connection(key)).then(|| not_found(" in this namespace"))
        }
        (ConnectionKind::ClusterGitLabConnection, None) => Some(not_found(
            " that this operator can read: it watches single namespaces only",
        )),
        (ConnectionKind::ClusterGitLabConnection, Some(cluster_caches)) => {
            let Some(object) = cluster_caches
                .connections
                .store
                .get(&ObjectRef::new(&key.name))
            else {
                return Some(not_found(""));
            };
            // One that cannot be read has a standing of its own.
            let connection = object.0.as_ref().ok()?;
            let allowed = connection.spec.allowed_namespaces.as_ref();
            let allows = allowed.is_some_and(|allowed| allows(allowed, cluster_caches, namespace));
            (!allows).then(|| {
                let message = format!("{key} does not allow the namespace {namespace}");
                (Reason::ConnectionNotAllowed, message)
            })
        }
    }
}

fn allows(allowed: &AllowedNamespaces, cluster_caches: &ClusterCaches, namespace: &str) -> bool {
    let AllowedNamespaces { names, selector } = allowed;
    names.iter().any(|name| name == namespace)
        || selector.as_ref().is_some_and(|selector| {
            let object = cluster_caches.namespaces.get(&ObjectRef::new(namespace));
            object.is_some_and(|object| matches(selector, object.labels()))
        })
}

fn matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    // A selector that cannot be read selects nothing: it is there to keep namespaces out.
    Selector::try_from(selector.clone()).is_ok_and(|selector| selector.matches(labels))
}
