//! GitLab does not take the runner's own token either.
use serde_json::json;

use super::works_on;
use crate::harness::{runner, secret, story};

/// The Secret holds the token that the operator has written, and somebody has had it replaced in GitLab.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_somebody_has_had_replaced_keeps_no_object_for_ever() {
    story("goodbye-replaced")
        .tell(async |story| {
            let lost = json!({ "policy": "Orphan", "gracePeriod": "3s" });
            let manifest = runner("heron").with("lostCredentials", lost);
            let (id, _) = works_on(story, &manifest, 0).await;
            story.the_operator_is_killed().await;
            story.delete(&secret("gitlab-credential")).await;
            story
                .gitlab
                .does(json!({ "do": "reset_runner_token", "runner": id }));
            story.the_operator_starts().await;
            story.delete(&manifest).await;
            story.is_gone(&manifest).await;
            assert_eq!(story.gitlab.only_runner()["id"], id);
            story.tells_once("heron", "LeftBehind").await;
            story.operator().has_warned("LeftBehind").await;
        })
        .await;
}
