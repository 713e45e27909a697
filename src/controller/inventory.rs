//! Counts what the caches hold, for a scrape.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{Resource, ResourceExt};

use super::Context;
use super::caches::{Cache, ConnectionKey};
use crate::api::conditions::{ConditionType, Truth, find};
use crate::api::v1alpha1::{
    ClusterGitLabConnection, ConnectionStatus, GitLabConnection, GitLabRunner,
};
use crate::clock;
use crate::metrics::Objects;

/// A kind, as far as it is counted.
trait Counted: Resource<DynamicType = ()> + Clone + 'static {
    const KIND: &'static str;
    const CONDITIONS: &'static [ConditionType];

    fn conditions(&self) -> &[Condition];

    /// Tells when what the object holds ends, if it ever does.
    fn tell_end(&self, objects: &Objects);
}

const OF_CONNECTIONS: &[ConditionType] = &[
    ConditionType::Ready,
    ConditionType::Reconciling,
    ConditionType::Stalled,
    ConditionType::CredentialsValid,
    ConditionType::CredentialsExpiring,
    ConditionType::Degraded,
];

impl Counted for GitLabRunner {
    const KIND: &'static str = "GitLabRunner";
    const CONDITIONS: &'static [ConditionType] = &[
        ConditionType::Ready,
        ConditionType::Reconciling,
        ConditionType::Stalled,
        ConditionType::Registered,
        ConditionType::TokenReady,
        ConditionType::Synced,
        ConditionType::ProjectsAssigned,
    ];

    fn conditions(&self) -> &[Condition] {
        let status = self.status.as_ref();
        status.map_or(&[], |status| &status.conditions)
    }

    fn tell_end(&self, objects: &Objects) {
        let token = self
            .status
            .as_ref()
            .and_then(|status| status.token.as_ref());
        if let Some(Time(end)) = token.and_then(|token| token.expires_at.as_ref()) {
            let namespace = self.namespace().unwrap_or_default();
            objects.token_ends(&namespace, &self.name_any(), end.as_second());
        }
    }
}

impl Counted for GitLabConnection {
    const KIND: &'static str = "GitLabConnection";
    const CONDITIONS: &'static [ConditionType] = OF_CONNECTIONS;

    fn conditions(&self) -> &[Condition] {
        conditions_of(self.status.as_ref())
    }

    fn tell_end(&self, objects: &Objects) {
        tell_credentials_end(self, self.status.as_ref(), objects);
    }
}

impl Counted for ClusterGitLabConnection {
    const KIND: &'static str = "ClusterGitLabConnection";
    const CONDITIONS: &'static [ConditionType] = OF_CONNECTIONS;

    fn conditions(&self) -> &[Condition] {
        conditions_of(self.status.as_ref())
    }

    fn tell_end(&self, objects: &Objects) {
        tell_credentials_end(self, self.status.as_ref(), objects);
    }
}

fn conditions_of(status: Option<&ConnectionStatus>) -> &[Condition] {
    status.map_or(&[], |status| &status.conditions)
}

fn tell_credentials_end<K: Counted>(
    connection: &K,
    status: Option<&ConnectionStatus>,
    objects: &Objects,
) {
    let credential = status.and_then(|status| status.credential.as_ref());
    if let Some(Time(end)) = credential.and_then(|credential| credential.expires_at.as_ref()) {
        let namespace = connection.namespace().unwrap_or_default();
        objects.credential_ends(K::KIND, &namespace, &connection.name_any(), end.as_second());
    }
}

/// Counts everything that is watched.
pub(super) fn count(ctx: &Context, objects: &Objects) {
    let caches = || ctx.caches.iter();
    count_kind(caches().map(|caches| &caches.runners), objects);
    count_kind(caches().map(|caches| &caches.connections), objects);
    if let Some(caches) = &ctx.cluster_caches {
        count_kind(std::iter::once(&caches.connections), objects);
    }
    let now = clock::now();
    for (key, roster) in ctx.connections.rosters() {
        // The oldest of its scopes tells how true the worst is.
        if let Some(began) = roster.coverage().into_iter().map(|it| it.1.began).min() {
            let namespace = key.namespace.unwrap_or_default();
            let age = now.duration_since(began).as_secs();
            objects.roster_is(key.kind.name(), &namespace, &key.name, age);
        }
    }
    for (key, reading, passes) in ctx.connections.budgets() {
        let ConnectionKey {
            kind,
            namespace,
            name,
        } = key;
        let namespace = namespace.unwrap_or_default();
        objects.budget(kind.name(), &namespace, &name, &reading, passes);
    }
}

fn count_kind<'a, K: Counted>(caches: impl Iterator<Item = &'a Cache<K>>, objects: &Objects) {
    objects.of_kind(K::KIND, K::CONDITIONS);
    let ready = |truth: Truth| {
        objects.count_condition(K::KIND, ConditionType::Ready.name(), truth.name());
    };
    for object in caches.flat_map(|caches| caches.store.state()) {
        objects.count(K::KIND);
        let Ok(object) = &object.0 else {
            // Its status says so too, but cannot be read from here.
            ready(Truth::False);
            continue;
        };
        let conditions = object.conditions();
        if find(conditions, ConditionType::Ready).is_none() {
            ready(Truth::Unknown);
        }
        for Condition { type_, status, .. } in conditions {
            objects.count_condition(K::KIND, type_, status);
        }
        object.tell_end(objects);
    }
}
