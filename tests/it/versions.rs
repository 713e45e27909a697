//! What older releases of GitLab cannot do.
use std::time::Duration;

use gitlab_sim::{Fault, Rule};
use serde_json::json;

use crate::harness::{Story, condition, runner, story};
use crate::refusals::{count, stays};

const POST: &str = "/api/v4/user/runners";

async fn is_of_version(story: &Story<'_>, version: &str) {
    story
        .gitlab
        .does(json!({ "do": "settings", "set": { "version": version } }));
    story.is_connected_to_gitlab().await;
}

/// REST shows no note before 16.10, so that the mark is read by GraphQL.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_makes_one_runner_where_rest_shows_no_mark() {
    story("versions-mark")
        .tell(async |story| {
            is_of_version(story, "15.11").await;
            let lost = Rule::new("POST", POST, Fault::Drop).after_doing().times(1);
            story.gitlab.misbehaves(lost);
            story.apply(&runner("brant")).await;
            story.is_ready("brant").await;
            assert_eq!(count(story, "POST", POST), 1);
            assert_eq!(story.gitlab.runners().len(), 1);
        })
        .await;
}

/// Nor does it take one: that is said once, and not put to GitLab again and again.
#[tokio::test(flavor = "multi_thread")]
async fn a_note_that_cannot_be_changed_is_told_and_left() {
    story("versions-note")
        .resyncing_every("1s")
        .tell(async |story| {
            is_of_version(story, "15.11").await;
            let noted = |text: &str| runner("eider").with("maintenanceNote", text);
            story.apply(&noted("Ask Ann")).await;
            let id = story.is_registered("eider").await;
            story.apply(&noted("Ask Bob").tagged(["new"])).await;
            let told = story.is_not_ready("eider", "Unsupported").await;
            assert!(told.contains("16.10"), "{told}");
            assert_eq!(story.gitlab.only_runner()["tag_list"], json!(["new"]));
            let path = format!("/api/v4/runners/{id}");
            stays("it is put once", Duration::from_secs(6), || {
                let puts = count(story, "PUT", &path);
                (puts == 1).then_some(()).ok_or(format!("{puts}"))
            })
            .await;
            story.apply(&noted("Ask Ann").tagged(["new"])).await;
            let ready = story.is_ready("eider").await;
            assert!(condition(&Some(ready), "Stalled").is_none());

            // A newer release can.
            story.apply(&noted("Ask Bob").tagged(["new"])).await;
            story.is_not_ready("eider", "Unsupported").await;
            story
                .gitlab
                .does(json!({ "do": "settings", "set": { "version": "16.10" } }));
            story.is_ready("eider").await;
            let note = story.gitlab.only_runner()["maintenance_note"].clone();
            assert!(note.as_str().unwrap().starts_with("Ask Bob\n["), "{note}");
        })
        .await;
}
