//! What older releases of GitLab cannot do.
mod followed;
mod life;
mod older;

use std::time::Duration;

use gitlab_sim::{Fault, Rule};
use serde_json::json;

use crate::harness::{Story, condition, runner, story, until};
use crate::refusals::{count, stays};
use crate::registration::{by_token, holds_the_token, token_of, tokens_are_allowed};

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

/// What a release lacks is told with the field and the release, and nothing is done meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_release_lacks_is_told_by_name() {
    story("versions-lacking")
        .tell(async |story| {
            tokens_are_allowed(story, "13.12");
            story.is_connected_to_gitlab().await;
            let dunnock = runner("dunnock").in_group("platform");
            story.apply(&dunnock).await;
            let told = story.is_not_ready("dunnock", "Unsupported").await;
            for part in [
                "GitLab 13.12",
                "registration.method User",
                "15.11",
                "RegistrationToken",
            ] {
                assert!(told.contains(part), "{part:?} is not in {told:?}");
            }
            holds_the_token(story, &token_of(story, "platform")).await;
            let dunnock = by_token(dunnock);
            let refused = [
                (
                    dunnock.clone().with("maintenanceNote", "Ask Ann"),
                    "maintenanceNote",
                    "14.8",
                ),
                (
                    dunnock.clone().with("description", "x".repeat(897)),
                    "description",
                    "14.8",
                ),
                (
                    dunnock.clone().with("adopt.runnerId", 7),
                    "adopt.resetToken",
                    "15.0",
                ),
            ];
            for (manifest, field, since) in refused {
                story.apply(&manifest).await;
                let is_told = async || {
                    let told = story.is_not_ready("dunnock", "Unsupported").await;
                    let named = [field, since, "13.12"]
                        .iter()
                        .all(|part| told.contains(part));
                    named.then_some(()).ok_or(told)
                };
                until(field, is_told).await;
            }
            assert_eq!(story.gitlab.changes_asked(), []);
            story.apply(&dunnock).await;
            story.is_registered("dunnock").await;
        })
        .await;
}

/// Without its version GitLab itself says that it knows no such thing.
#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_not_told_is_told_by_its_answer() {
    story("versions-untold")
        .tell(async |story| {
            let hidden = || Fault::Reply {
                status: 403,
                headers: [].into(),
                body: json!({ "message": "403 Forbidden" }),
            };
            story.gitlab.answers("GET", "/api/v4/metadata", hidden());
            story.gitlab.answers("GET", "/api/v4/version", hidden());
            is_of_version(story, "15.2").await;
            story.apply(&runner("linnet").in_group("platform")).await;
            let told = story.is_not_ready("linnet", "Unsupported").await;
            assert!(told.contains("before 15.11"), "{told}");
            assert_eq!(count(story, "POST", POST), 1);
        })
        .await;
}

/// Before 14.8 the mark stands at the end of the description, and a change of the one keeps the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_mark_in_the_description_outlives_its_text() {
    story("versions-description")
        .resyncing_every("2s")
        .tell(async |story| {
            tokens_are_allowed(story, "13.12");
            story.is_connected_to_gitlab().await;
            holds_the_token(story, &token_of(story, "platform")).await;
            let pipit = by_token(runner("pipit").in_group("platform"));
            story
                .apply(&pipit.clone().with("description", "Builds [arm]"))
                .await;
            let id = story.is_registered("pipit").await;
            let stored = || {
                story.gitlab.only_runner()["description"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            let (text, mark) = stored()
                .rsplit_once(" [")
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .unwrap();
            assert_eq!(text, "Builds [arm]");
            assert!(mark.starts_with("gitlab-registrar.dev/"), "{mark}");
            let object = story.is_ready("pipit").await;
            let shown = object.status.unwrap().runner.unwrap().description;
            assert_eq!(shown, "Builds [arm]", "status shows the text alone");
            story
                .apply(&pipit.clone().with("description", "Builds more"))
                .await;
            assert_eq!(story.is_registered("pipit").await, id);
            assert_eq!(stored(), format!("Builds more [{mark}"));
            // Somebody else's words are corrected, and the mark is kept.
            story
                .gitlab
                .changes(id, json!({ "description": format!("By hand [{mark}") }));
            until("the text is back", async || {
                let now = stored();
                (now == format!("Builds more [{mark}"))
                    .then_some(())
                    .ok_or(now)
            })
            .await;
        })
        .await;
}
