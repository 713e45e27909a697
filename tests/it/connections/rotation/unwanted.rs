//! A connection that is deleted while its token is replaced.
use k8s_openapi::api::core::v1::Secret;
use serde_json::Value;

use super::{credential, is_held, is_replaced, is_unstored, rotating};
use crate::harness::{Story, story, until};

async fn both_are_deleted(story: &Story<'_>) {
    let (connection, secret) = (rotating(story, "gitlab"), credential());
    story.delete(&connection).await;
    story.is_gone(&connection).await;
    story.delete(&secret).await;
    story.is_gone(&secret).await;
}

/// Waits until the log says of that connection what to revoke.
async fn is_told_what_to_revoke(story: &Story<'_>) {
    until("it is told what to revoke", async || {
        let log = story.operator().log();
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let told = |line: &Value| {
            let message = line["message"].as_str().unwrap_or_default();
            (&line["kind"], &line["name"]) == (&"GitLabConnection".into(), &"gitlab".into())
                && line["reason"] == "RotationUnstored"
                && message.contains("the new token is nowhere")
                && message.contains("revoke in GitLab")
        };
        let mut told = lines.filter(told);
        told.next().map(drop).ok_or(story.operator().lines())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_outlives_its_connection() {
    story("credential-bereft")
        .tell(async |story| {
            is_unstored(story).await;
            let connection = rotating(story, "gitlab");
            story.delete(&connection).await;
            story.is_gone(&connection).await;
            until("it is told whose Secret that is", async || {
                let log = story.operator().log();
                let told = log.contains("the connection was deleted")
                    && log.contains("gitlab-credential")
                    && log.contains("revoke it in GitLab");
                told.then_some(()).ok_or(story.operator().lines())
            })
            .await;
            story.rights_are_granted().await;
            let fresh = is_replaced(story).await;
            story.connects("again", &fresh).await;
            story.is_connected("again").await;
        })
        .await;
}

/// Whoever has deleted both wants neither.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_makes_no_secret_for_a_connection_that_is_gone() {
    story("credential-unwanted")
        .tell(async |story| {
            is_unstored(story).await;
            both_are_deleted(story).await;
            is_told_what_to_revoke(story).await;
            story.rights_are_granted().await;
            assert!(story.get::<Secret>("gitlab-credential").await.is_none());
        })
        .await;
}

/// The same while GitLab is still at it, so that the token comes when nobody wants it any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_comes_after_its_connection_has_gone_makes_no_secret() {
    story("credential-too-late")
        .tell(async |story| {
            is_held(story).await;
            both_are_deleted(story).await;
            story.gitlab.recovers();
            is_told_what_to_revoke(story).await;
            assert!(story.get::<Secret>("gitlab-credential").await.is_none());
            let told = story.tells_once("gitlab", "RotationUnstored").await;
            assert!(told.contains("gitlab-credential"), "{told}");
        })
        .await;
}
