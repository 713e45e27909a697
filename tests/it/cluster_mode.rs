//! Connections of the cluster: shared with the namespaces that they allow, and with no other.
use serde_json::json;

use crate::harness::{cluster_connection, namespace, runner, secret, story, token};

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_of_the_cluster_serves_whom_it_allows() {
    story("cluster-mode")
        .in_cluster_mode()
        .tell(async |story| {
            let shared = cluster_connection("shared", story.gitlab.url());
            story
                .apply(&secret("shared-credential").holding("pat", token::ADMIN))
                .await;
            story.apply(&shared).await;
            let asking = runner("guest").with(
                "connectionRef",
                json!({ "kind": "ClusterGitLabConnection", "name": "shared" }),
            );
            story.apply(&asking).await;
            let told = story.is_not_ready("guest", "ConnectionNotAllowed").await;
            assert!(told.contains("cluster-mode"), "{told}");
            assert!(story.gitlab.runners().is_empty());

            let by_name = json!({ "names": ["cluster-mode"] });
            story
                .apply(&shared.clone().with("allowedNamespaces", by_name))
                .await;
            story.is_ready("guest").await;

            let by_label = json!({ "selector": { "matchLabels": { "ci": "yes" } } });
            story
                .apply(&shared.clone().with("allowedNamespaces", by_label))
                .await;
            story.is_not_ready("guest", "ConnectionNotAllowed").await;
            story
                .apply(&namespace("cluster-mode").labelled("ci", "yes"))
                .await;
            story.is_ready("guest").await;
            story.apply(&asking.clone().tagged(["labelled"])).await;
            story.is_ready("guest").await;
            assert_eq!(story.gitlab.only_runner()["tag_list"], json!(["labelled"]));
            story
                .apply(&namespace("cluster-mode").labelled("ci", "no"))
                .await;
            story.is_not_ready("guest", "ConnectionNotAllowed").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_of_one_namespace_says_that_it_cannot_read_one() {
    story("cluster-mode-off")
        .tell(async |story| {
            let asking = runner("lost").with(
                "connectionRef",
                json!({ "kind": "ClusterGitLabConnection", "name": "shared" }),
            );
            story.apply(&asking).await;
            let told = story.is_not_ready("lost", "ConnectionNotFound").await;
            assert!(told.contains("watches single namespaces only"), "{told}");
        })
        .await;
}
