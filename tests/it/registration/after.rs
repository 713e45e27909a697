//! What becomes of runners that were registered with a registration token, and of the token's Secret.
use k8s_openapi::api::core::v1::Secret;
use kube::api::DeleteParams;
use serde_json::json;

use super::{BY_TOKEN, group_runner, holds_the_token, token_of, tokens_are_allowed};
use crate::harness::{secret, story, until};
use crate::refusals::count;
use crate::rotation::{has_another, resets, tokens_live};

/// The token is wanted again only when the runner has vanished.
#[tokio::test(flavor = "multi_thread")]
async fn the_secret_may_go_until_the_runner_does() {
    story("registration-after")
        .resyncing_every("2s")
        .tell(async |story| {
            tokens_are_allowed(story, "19");
            story.is_connected_to_gitlab().await;
            holds_the_token(story, &token_of(story, "platform")).await;
            story.apply(&group_runner("knot")).await;
            let id = story.is_registered("knot").await;
            let secrets = story.api::<Secret>();
            secrets
                .delete("registration", &DeleteParams::default())
                .await
                .unwrap();
            story.apply(&group_runner("knot").tagged(["new"])).await;
            assert_eq!(story.is_registered("knot").await, id);
            assert_eq!(story.gitlab.only_runner()["tag_list"], json!(["new"]));

            holds_the_token(story, &token_of(story, "platform")).await;
            story.gitlab.forgets(id);
            story.tells_once("knot", "RunnerVanished").await;
            let now = story.is_registered("knot").await;
            assert_ne!(now, id);
            let there = story.gitlab.only_runner();
            assert_eq!(
                (&there["id"], &there["tag_list"]),
                (&json!(now), &json!(["new"]))
            );
        })
        .await;
}

/// Without it no successor can be registered, and a token that ends does not wait for one.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_is_replaced_though_no_successor_can_be_registered() {
    story("registration-without")
        .resyncing_every("2s")
        .tell(async |story| {
            tokens_are_allowed(story, "19");
            story.is_connected_to_gitlab().await;
            tokens_live(story, Some(36));
            holds_the_token(story, &token_of(story, "platform")).await;
            let twin = group_runner("knot").with("tokenRotation.overlap", "Twin");
            story.apply(&twin).await;
            let id = story.is_registered("knot").await;
            let old = story.token_in("knot-runner-token").await;
            let called = json!({ "do": "contact", "runner": id, "manager": { "system_id": "s" } });
            story.gitlab.does(called);
            story.delete(&secret("registration")).await;
            has_another(story, &old).await;
            // It was due, and had not ended.
            let told = story.events("knot", "TokenRotated").await;
            assert!(!told.is_empty() && resets(story) > 0, "{told:?}");
            assert_eq!(story.events("knot", "TokenReset").await, [""; 0]);
            assert_eq!(story.is_registered("knot").await, id);
            assert_eq!(count(story, "POST", BY_TOKEN), 1);
        })
        .await;
}

/// Nobody watches that Secret, and nobody is to wait for a resync.
#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_token_is_tried_within_half_a_minute() {
    story("registration-corrected")
        .tell(async |story| {
            tokens_are_allowed(story, "19");
            story.is_connected_to_gitlab().await;
            holds_the_token(story, "GR1348941-nobodys").await;
            story.apply(&group_runner("ruff")).await;
            story.is_not_ready("ruff", "RegistrationTokenInvalid").await;
            assert_eq!(count(story, "POST", BY_TOKEN), 1);
            holds_the_token(story, &token_of(story, "platform")).await;
            story.is_registered("ruff").await;
            assert_eq!(count(story, "POST", BY_TOKEN), 2);
        })
        .await;
}

/// What comes after a change of the way counts for the next registration alone.
#[tokio::test(flavor = "multi_thread")]
async fn another_way_counts_for_the_next_runner() {
    story("registration-changed")
        .resyncing_every("2s")
        .tell(async |story| {
            tokens_are_allowed(story, "19");
            story.is_connected_to_gitlab().await;
            holds_the_token(story, &token_of(story, "platform")).await;
            story.apply(&group_runner("sanderling")).await;
            let id = story.is_registered("sanderling").await;
            let by_user = crate::harness::runner("sanderling").in_group("platform");
            story.apply(&by_user).await;
            assert_eq!(story.is_registered("sanderling").await, id);
            story.gitlab.forgets(id);
            until("another has come", async || {
                let there = story.gitlab.runners();
                let way = there
                    .first()
                    .map(|runner| runner["registration_type"].clone());
                (way == Some(json!("authenticated_user")))
                    .then_some(())
                    .ok_or(format!("{there:?}"))
            })
            .await;
        })
        .await;
}
