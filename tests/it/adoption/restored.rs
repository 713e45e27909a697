//! The way home after a restore: an object of another uid takes over the runner, and the Secret, of the
//! one that was lost.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use serde_json::{Value, json};

use super::POST;
use crate::harness::{Manifest, Story, runner, story};
use crate::refusals::count;

fn egret() -> Manifest {
    runner("egret").in_group("platform").tagged(["linux"])
}

fn by_force(id: i64) -> Manifest {
    egret().with("adopt.runnerId", id).with("adopt.force", true)
}

/// Everything is there, and then the object is lost with its uid, and put back; `status` too where the
/// tool is told so. Gives the runner's number and its token.
async fn is_restored(story: &mut Story<'_>, with_status: bool) -> (i64, String) {
    story.is_connected_to_gitlab().await;
    story.apply(&egret()).await;
    let id = story.is_registered("egret").await;
    let token = story.token_in("egret-runner-token").await;
    is_lost_and_put_back(story, with_status).await;
    (id, token)
}

async fn is_lost_and_put_back(story: &mut Story<'_>, with_status: bool) {
    story.the_operator_is_killed().await;
    let before: GitLabRunner = story.get("egret").await.unwrap();
    story.delete(&egret()).await;
    let finalizers = json!({ "metadata": { "finalizers": null } });
    story.edit::<GitLabRunner>("egret", finalizers).await;
    story.is_gone(&egret()).await;
    story.apply(&egret()).await;
    if with_status {
        let status = serde_json::to_value(before.status).unwrap();
        story.status_says("egret", status).await;
    }
    story.gitlab.clear_requests();
    story.the_operator_starts().await;
}

/// The same runner, with the same token, and nobody was cut off.
async fn is_home(story: &Story<'_>, id: i64, token: &str) {
    assert_eq!(story.is_registered("egret").await, id);
    assert_eq!(story.gitlab.only_runner()["id"], id);
    assert_eq!(story.token_in("egret-runner-token").await, token);
    assert!(story.gitlab.accepts(token).await);
    assert_eq!(count(story, "POST", POST), 0);
    goes_along(story).await;
}

/// It is this object's, so that it goes with it, and the Secret too.
async fn goes_along(story: &Story<'_>) {
    story.delete(&egret()).await;
    story.is_gone(&egret()).await;
    assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
    let secret = story
        .get::<k8s_openapi::api::core::v1::Secret>("egret-runner-token")
        .await;
    assert!(secret.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_an_earlier_object_leads_home() {
    story("adoption-restored-secret")
        .resyncing_every("2s")
        .tell(async |story| {
            let (id, token) = is_restored(story, false).await;
            let told = story.is_not_ready("egret", "SecretConflict").await;
            let way = format!("set spec.adopt to {{runnerId: {id}, force: true}}");
            assert!(told.contains(&way), "{told}");
            story.apply(&egret().with("adopt.runnerId", id)).await;
            let told = story.is_not_ready("egret", "AdoptionRefused").await;
            assert!(told.contains("set spec.adopt.force to true"), "{told}");
            story.apply(&by_force(id)).await;
            is_home(story, id, &token).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_was_put_back_leads_home() {
    story("adoption-restored-status")
        .resyncing_every("2s")
        .tell(async |story| {
            let (id, token) = is_restored(story, true).await;
            let told = story.is_not_ready("egret", "RunnerForeign").await;
            let way = format!("set spec.adopt to {{runnerId: {id}, force: true}}");
            assert!(told.contains(&way), "{told}");
            story.apply(&by_force(id)).await;
            is_home(story, id, &token).await;
        })
        .await;
}

/// Whoever does not trust what was put back has a new token made.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_put_back_may_be_replaced() {
    story("adoption-restored-always")
        .resyncing_every("2s")
        .tell(async |story| {
            let (id, token) = is_restored(story, false).await;
            story
                .apply(&by_force(id).with("adopt.resetToken", "Always"))
                .await;
            assert_eq!(story.is_registered("egret").await, id);
            let held = story.token_in("egret-runner-token").await;
            assert_ne!(held, token);
            assert!(story.gitlab.accepts(&held).await);
            let path = format!("/api/v4/runners/{id}/reset_authentication_token");
            assert_eq!(count(story, "POST", &path), 1);
        })
        .await;
}
