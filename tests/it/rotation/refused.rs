//! GitLab makes no new token.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::Fault;
use serde_json::json;

use super::{KEPT, RESET, answers, asks, has_another, knot};
use crate::harness::{condition, story, until};

/// Contract §3.9: releases before 19 may answer with the token that there was. It works on, and nothing was
/// replaced.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_the_token_of_before_is_no_rotation() {
    story("rotation-same")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&knot()).await;
            story.is_registered("knot").await;
            let old = story.token_in(KEPT).await;
            let same = json!({ "token": old, "token_expires_at": null });
            story.gitlab.answers("POST", RESET, Fault::reply(201, same));
            story.edit::<GitLabRunner>("knot", asks("now")).await;
            until("it is told that nothing was replaced", async || {
                let object: GitLabRunner = story.get("knot").await.unwrap();
                let told = condition(&object, "Synced").filter(|told| told.reason == "NotTaken");
                told.is_some()
                    .then_some(())
                    .ok_or(format!("{:?}", object.status))
            })
            .await;
            let object: GitLabRunner = story.get("knot").await.unwrap();
            let status = object.status.unwrap();
            assert_eq!(
                (status.last_handled_rotate_at, status.operation),
                (None, None)
            );
            assert_eq!(
                story.events("knot", "TokenRotated").await,
                Vec::<String>::new()
            );
            assert_eq!(story.token_in(KEPT).await, old);

            story.gitlab.recovers();
            has_another(story, &old).await;
            answers(story, "now").await;
        })
        .await;
}
