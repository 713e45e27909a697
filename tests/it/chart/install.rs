//! Installed, used, uninstalled and installed again.
use gitlab_runner_registrar::api::v1alpha1::{ClusterGitLabConnection, GitLabRunner};
use kube::Api;
use kube::api::ListParams;

use super::release::Release;
use crate::harness::{Story, runner, story, until};

#[tokio::test(flavor = "multi_thread")]
async fn the_chart_is_all_that_an_empty_cluster_needs() {
    story("chart-install")
        .without_an_operator()
        .on_a_stage_of_its_own()
        .tell(async |story| {
            story.kubectl(&["delete", "crd", "--all"]).await;
            let release = Release::install(story, &story.namespace, &[]).await;
            story.is_connected_to_gitlab().await;
            let tools = runner("puffin").in_group("platform/tools");
            let build = runner("pelican")
                .in_project("platform/tools/build")
                .also_in(["platform/docs"]);
            for manifest in [&runner("penguin"), &tools, &build] {
                story.apply(manifest).await;
            }
            let ids = ids_when_ready(story).await;
            let types = ["instance_type", "group_type", "project_type"];
            for (id, kind) in ids.iter().zip(types) {
                assert_eq!(story.gitlab.runner(*id).unwrap()["runner_type"], kind);
            }

            release.is_uninstalled().await;
            // Whoever uninstalls the operator keeps the runners, and what is known of them.
            assert_eq!(ids_when_ready(story).await, ids);
            assert_eq!(story.gitlab.runners().len(), 3);
            for name in ["penguin", "puffin", "pelican"] {
                let token = story.token_in(&format!("{name}-runner-token")).await;
                assert!(story.gitlab.accepts(&token).await, "{name}");
            }

            story.apply(&tools.tagged(["after"])).await;
            release.is_installed(&[]).await;
            assert_eq!(ids_when_ready(story).await, ids);
            let puffin = story.gitlab.runner(ids[1]).unwrap();
            assert_eq!(puffin["tag_list"], serde_json::json!(["after"]));
            release.says_no_token();
            every_kind_is_served(story).await;
        })
        .await;
}

/// The numbers of the three runners, once each is as declared.
async fn ids_when_ready(story: &Story<'_>) -> Vec<i64> {
    let mut ids = Vec::new();
    for name in ["penguin", "puffin", "pelican"] {
        let runner: GitLabRunner = story.is_ready(name).await;
        ids.push(runner.status.unwrap().runner.unwrap().id);
    }
    ids
}

/// The API server prepares a new kind when it is first asked for, and refuses until that is done.
/// This operator never asks for the cluster's connections.
async fn every_kind_is_served(story: &Story<'_>) {
    let all: Api<ClusterGitLabConnection> = Api::all(story.kube.clone());
    until("the kinds of the chart are served", async || {
        let listed = all.list(&ListParams::default()).await;
        listed.map(drop).map_err(|error| error.to_string())
    })
    .await;
}
