//! What the pages tell people to write is accepted, and does what the page says.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use serde_json::json;

use super::{made_by_hand, there};
use crate::harness::{Page, Story, runner, story};

/// The only manifest of a page, for this story and that runner.
fn manifest(story: &Story<'_>, page: &str, id: i64) -> String {
    let namespace = format!("namespace: {}", story.namespace);
    let number = format!("runnerId: {id}");
    let own = [
        ("namespace: ci", &*namespace),
        ("my-group", "platform"),
        ("runnerId: 42", &*number),
    ];
    let mut blocks = Page::named(page).blocks("yaml", &own);
    assert_eq!(blocks.len(), 1, "{blocks:?}");
    blocks.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_about_adoption_is_followed() {
    story("adoption-page")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = made_by_hand(story, json!({ "maintenance_note": "Ask Mia" }));
            story.applies(&manifest(story, "adopt.md", id)).await;
            assert_eq!(story.is_registered("linux").await, id);
            assert_eq!(there(story, id)["tag_list"], json!(["linux"]));
            story.delete(&runner("linux")).await;
            story.is_gone(&runner("linux")).await;
            assert_eq!(there(story, id)["id"], id, "it is to stay");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_about_restores_is_followed() {
    story("adoption-restore-page")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let linux = runner("linux").in_group("platform").tagged(["linux"]);
            story.apply(&linux).await;
            let id = story.is_registered("linux").await;
            let token = story.token_in("linux-runner-token").await;
            story.the_operator_is_killed().await;
            story.delete(&linux).await;
            let finalizers = json!({ "metadata": { "finalizers": null } });
            story.edit::<GitLabRunner>("linux", finalizers).await;
            story.is_gone(&linux).await;
            let columns = r"-o=custom-columns=RUNNER:.metadata.labels.gitlab-registrar\.dev/runner,ID:.metadata.annotations.gitlab-registrar\.dev/runner-id";
            let label = "app.kubernetes.io/managed-by=gitlab-runner-registrar";
            let told = story.kubectl(&["get", "secrets", "-l", label, columns]).await;
            let row: Vec<&str> = told.lines().last().unwrap().split_whitespace().collect();
            assert_eq!(row, ["linux", &*id.to_string()]);
            story.applies(&manifest(story, "restore.md", id)).await;
            story.the_operator_starts().await;
            assert_eq!(story.is_registered("linux").await, id);
            assert_eq!(story.token_in("linux-runner-token").await, token);
        })
        .await;
}
