//! Somebody else has had the token replaced: the runner process itself, or a person in GitLab.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use serde_json::json;

use super::{KEPT, has_another, knot, resets};
use crate::harness::{Story, condition, story, until};

/// Waits until a sweep has shown the token since it was issued, so that a change of it is news.
async fn is_swept(story: &Story<'_>) {
    story.gitlab.clear_requests();
    story
        .gitlab
        .is_asked("a sweep", |asked| {
            asked.path == "/api/graphql" && asked.body.to_string().contains("runners(")
        })
        .await;
}

fn is_replaced_by_somebody(story: &Story<'_>, id: i64) {
    story
        .gitlab
        .does(json!({ "do": "reset_runner_token", "runner": id }));
}

/// Waits until the Secret holds what GitLab takes, which nobody has told of.
async fn heals(story: &Story<'_>, old: &str) -> String {
    let new = has_another(story, old).await;
    let told = "somebody else had had the one in the Secret replaced";
    until("it is told", async || {
        let events = story.events("knot", "TokenReset").await;
        let told = events.iter().any(|note| note.ends_with(told));
        told.then_some(()).ok_or(format!("{events:?}"))
    })
    .await;
    new
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_somebody_else_has_had_replaced_is_noticed_and_healed() {
    story("rotation-elsewhere")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&knot()).await;
            let id = story.is_registered("knot").await;
            is_swept(story).await;
            let first = story.token_in(KEPT).await;
            is_replaced_by_somebody(story, id);
            let second = heals(story, &first).await;
            assert_eq!(resets(story), 1);

            // While nobody looks, too.
            story.the_operator_is_killed().await;
            is_replaced_by_somebody(story, id);
            story.the_operator_starts().await;
            heals(story, &second).await;
            assert_eq!(resets(story), 2);
            assert_eq!(story.is_registered("knot").await, id);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_runner_has_renewed_is_left_alone_until_that_is_the_operators() {
    story("rotation-renewed")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let manifest = knot().with("tokenRotation.owner", "Runner");
            story.apply(&manifest).await;
            let id = story.is_registered("knot").await;
            is_swept(story).await;
            let old = story.token_in(KEPT).await;
            is_replaced_by_somebody(story, id);
            let message = story.is_ready_though("knot", "RenewedByRunner").await;
            assert!(message.contains("was replaced by another"), "{message}");
            let object: GitLabRunner = story.get("knot").await.unwrap();
            assert_eq!(condition(&object, "TokenReady").unwrap().status, "False");
            assert_eq!(
                (story.token_in(KEPT).await, resets(story)),
                (old.clone(), 0)
            );
            story.apply(&knot()).await;
            heals(story, &old).await;
            assert_eq!(resets(story), 1);
        })
        .await;
}
