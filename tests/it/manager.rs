//! Whoever reads what was written sees that it was the operator.
use std::collections::BTreeSet;

use control_plane::AuditMark;
use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, GitLabRunner};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, ListParams};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use crate::harness::{Story, runner, story};

/// Who owns fields of the objects of a kind, and of which part.
async fn managers<K>(story: &Story<'_>) -> BTreeSet<(String, String)>
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let api: Api<K> = story.api();
    let all = api.list(&ListParams::default()).await.unwrap();
    let fields = all.items.iter().flat_map(ResourceExt::managed_fields);
    let named = fields.map(|entry| {
        let part = entry.subresource.clone().unwrap_or_default();
        (entry.manager.clone().unwrap_or_default(), part)
    });
    named.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_and_every_request_says_whose_it_is() {
    story("manager")
        .tell(async |story| {
            let story: &Story<'_> = story;
            story.is_connected_to_gitlab().await;
            story.apply(&runner("jackdaw")).await;
            let id = story.is_registered("jackdaw").await;
            story.gitlab.clear_requests();
            // Events that are counted and Secrets that are mended are written in other ways than new
            // ones.
            story
                .apply(&runner("jackdaw").with("tokenSecret.labels.team", "birds"))
                .await;
            story.is_registered("jackdaw").await;
            story.events("jackdaw", "Registered").await;
            assert_eq!(story.gitlab.only_runner()["id"], id);

            let ours = |part: &str| ("gitlab-runner-registrar".to_owned(), part.to_owned());
            let theirs = ("story".to_owned(), String::new());
            let kinds = [
                managers::<GitLabRunner>(story).await,
                managers::<GitLabConnection>(story).await,
                managers::<Secret>(story).await,
                managers::<Event>(story).await,
            ];
            let expected = [
                [theirs.clone(), ours(""), ours("status")].into(),
                [theirs.clone(), ours("status")].into(),
                [theirs, ours("")].into(),
                [ours("")].into(),
            ];
            assert_eq!(kinds, expected);

            story.stage.plane.audit_settled().await.unwrap();
            let (events, _) = story.stage.plane.audit_since(AuditMark::default()).unwrap();
            let agents: BTreeSet<&str> = events
                .iter()
                .filter(|event| event.service_account() == Some(story.account()))
                .map(|event| &*event.user_agent)
                .collect();
            let agent = concat!("gitlab-runner-registrar/", env!("CARGO_PKG_VERSION"));
            assert_eq!(agents, [agent].into());
        })
        .await;
}
