//! Whoever ends before GitLab was asked leaves nothing unclear, and a new token is stored by all means.
use gitlab_runner_registrar::api::v1alpha1::GitLabConnection;
use gitlab_sim::{Fault, FaultId, Rule};

use super::{
    credential, has_old_token, is_announced, is_replaced, is_replaced_once, is_unstored, rotating,
    rotations,
};
use crate::harness::{Story, story, until};

const SELF: &str = "/api/v4/personal_access_tokens/self";

/// Waits until the operator is alone with the token, and is kept there by a GitLab that does not answer.
async fn is_alone(story: &Story<'_>) {
    has_old_token(story);
    story.apply(&credential()).await;
    story.apply(&rotating(story, "gitlab")).await;
    is_announced(story).await;
    let gate: FaultId = story.gitlab.misbehaves(Rule::new("GET", SELF, Fault::Gate));
    story.gitlab.holds_one(gate).await;
    is_unasked(story).await;
}

async fn is_unasked(story: &Story<'_>) {
    let connection: GitLabConnection = story.get("gitlab").await.unwrap();
    let record = connection.status.unwrap().credential_rotation.unwrap();
    assert!(record.asked_at.is_none(), "{record:?}");
    assert_eq!(rotations(story), []);
}

/// The next process knows that nothing was asked, and asks.
async fn is_replaced_by_the_next(story: &mut Story<'_>) {
    is_unasked(story).await;
    story.gitlab.recovers();
    story.the_operator_starts().await;
    is_replaced_once(story).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_it_has_asked() {
    story("credential-unasked")
        .tell(async |story| {
            is_alone(story).await;
            story.the_operator_is_killed().await;
            is_replaced_by_the_next(story).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_before_it_has_asked() {
    story("credential-stopped")
        .finishing_within("30s")
        .tell(async |story| {
            is_alone(story).await;
            let (code, took) = story.the_operator_is_told_to_stop().await;
            assert_eq!(code, 0, "{}", story.operator().lines());
            assert!(took.as_secs() < 20, "{took:?}");
            is_replaced_by_the_next(story).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_is_stored_when_the_process_is_told_to_stop() {
    story("credential-last-try")
        .finishing_within("20s")
        .tell(async |story| {
            is_unstored(story).await;
            let mended = async {
                let told = async || {
                    let log = story.operator().log();
                    let told = log.contains("the operator was told to stop");
                    told.then_some(()).ok_or(story.operator().lines())
                };
                until("it tells of it", told).await;
                story.rights_are_granted().await;
            };
            let ((code, _), ()) = tokio::join!(story.the_operator_is_told_to_stop(), mended);
            assert_eq!(code, 0, "{}", story.operator().lines());
            is_replaced(story).await;
            assert!(!story.operator().log().contains("cut off"));
            story.the_operator_starts().await;
            is_replaced_once(story).await;
        })
        .await;
}
