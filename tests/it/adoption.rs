//! Runners that are there already are taken over, and those that must not be are left alone.
mod pages;
mod refused;
mod restored;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, condition, runner, says, story, token};
use crate::refusals::count;

const POST: &str = "/api/v4/user/runners";

/// A runner that somebody has made by hand, in the group `platform`; its number.
fn made_by_hand(story: &Story<'_>, settings: Value) -> i64 {
    let mut made = json!({ "do": "add_runner", "type": "group", "group": "platform" });
    made["settings"] = settings;
    story.gitlab.does(made)["id"].as_i64().unwrap()
}

fn adopting(name: &str, id: i64) -> Manifest {
    runner(name).in_group("platform").with("adopt.runnerId", id)
}

/// The runner in GitLab, by its number.
fn there(story: &Story<'_>, id: i64) -> Value {
    story.gitlab.runner(id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_is_taken_over_with_all_that_spec_leaves_open() {
    story("adoption-by-hand")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = made_by_hand(
                story,
                json!({ "description": "by hand", "maintenance_note": "Ask Mia", "tag_list": ["old"],
                    "paused": true, "maximum_timeout": 7200 }),
            );
            let before = there(story, id);
            story
                .apply(&adopting("godwit", id).tagged(["new"]).with("paused", false))
                .await;
            assert_eq!(story.is_registered("godwit").await, id);
            let told = story.tells_once("godwit", "Adopted").await;
            assert!(told.contains(&format!("took over runner {id}")), "{told}");
            assert!(told.contains(r#"tags from "[old]" to "[new]""#), "{told}");
            assert!(told.contains(r#"paused from "true" to "false""#), "{told}");
            let after = there(story, id);
            assert_eq!(after["tag_list"], json!(["new"]));
            assert_eq!(after["paused"], false);
            for kept in ["description", "maximum_timeout", "created_at"] {
                assert_eq!(after[kept], before[kept], "{kept}");
            }
            let note = after["maintenance_note"].as_str().unwrap();
            assert!(note.starts_with("Ask Mia\n[gitlab-registrar.dev/"), "{note}");
            // GitLab shows a token to nobody, so that there is a new one.
            let held = story.token_in("godwit-runner-token").await;
            assert!(story.gitlab.accepts(&held).await);
            assert_ne!(before["token"], held);
            assert_eq!(count(story, "POST", POST), 0);
            // It is kept like any other from now on, with or without the field.
            story.apply(&runner("godwit").in_group("platform").tagged(["later"])).await;
            assert_eq!(story.is_registered("godwit").await, id);
            assert_eq!(there(story, id)["tag_list"], json!(["later"]));
            story.delete(&runner("godwit")).await;
            story.is_gone(&runner("godwit")).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_left_alone_until_a_new_one_is_asked_for() {
    story("adoption-never")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = made_by_hand(story, json!({ "description": "by hand" }));
            let before = there(story, id);
            let never = adopting("knot", id).with("adopt.resetToken", "Never");
            story.apply(&never).await;
            assert_eq!(story.is_registered("knot").await, id);
            let object: GitLabRunner = story.get("knot").await.unwrap();
            assert!(says(&object, "TokenReady", "False", "TokenNotKept"));
            let after = there(story, id);
            assert_eq!(after["token"], before["token"]);
            assert_eq!(after["description"], before["description"]);
            let name = "knot-runner-token";
            assert!(
                story
                    .get::<k8s_openapi::api::core::v1::Secret>(name)
                    .await
                    .is_none()
            );

            story
                .apply(&adopting("knot", id).with("adopt.resetToken", "IfMissing"))
                .await;
            story
                .runner_says("knot", "its token is kept", |it| {
                    says(it, "TokenReady", "True", "Succeeded")
                        && says(it, "Ready", "True", "Succeeded")
                })
                .await;
            let held = story.token_in(name).await;
            assert!(story.gitlab.accepts(&held).await);
            assert_ne!(before["token"], held);
        })
        .await;
}

/// GitLab has made the change, and nobody was told.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_the_mark_is_seen_again() {
    story("adoption-lost")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = made_by_hand(story, json!({}));
            let path = format!("/api/v4/runners/{id}");
            let lost = Rule::new("PUT", path.as_str(), Fault::Drop);
            story.gitlab.misbehaves(lost.after_doing().times(1));
            story.apply(&adopting("ruff", id)).await;
            assert_eq!(story.is_registered("ruff").await, id);
            let held = story.token_in("ruff-runner-token").await;
            assert!(story.gitlab.accepts(&held).await);
            assert_eq!(count(story, "POST", POST), 0);
        })
        .await;
}

/// With `Report` nothing is written but the mark, by which the runner is known.
#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_only_told_where_spec_asks_for_that() {
    story("adoption-report")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = made_by_hand(story, json!({ "paused": true }));
            let reports = adopting("stint", id).with("paused", false).only_reported();
            story.apply(&reports).await;
            let told = story.is_ready_though("stint", "Drifted").await;
            assert!(told.contains("paused"), "{told}");
            let after = there(story, id);
            assert_eq!(after["paused"], true);
            let note = after["maintenance_note"].as_str().unwrap();
            assert!(note.starts_with("[gitlab-registrar.dev/"), "{note}");
        })
        .await;
}

/// Before 16.10 GitLab takes no mark of a runner that is there: its number has to do.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_gitlab_takes_no_mark() {
    story("adoption-older")
        .tell(async |story| {
            let version = json!({ "do": "settings", "set": { "version": "15.11" } });
            story.gitlab.does(version);
            story.is_connected_to_gitlab().await;
            let id = made_by_hand(story, json!({ "maintenance_note": "Ask Mia" }));
            story.apply(&adopting("whimbrel", id).tagged(["new"])).await;
            assert_eq!(story.is_registered("whimbrel").await, id);
            let after = there(story, id);
            assert_eq!(after["tag_list"], json!(["new"]));
            assert_eq!(after["maintenance_note"], "Ask Mia");
            let held = story.token_in("whimbrel-runner-token").await;
            assert!(story.gitlab.accepts(&held).await);
        })
        .await;
}

/// Somebody has removed it since, and it is registered anew like any other.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_gone_since_is_registered_anew() {
    story("adoption-gone")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = made_by_hand(story, json!({}));
            story.apply(&adopting("turnstone", id)).await;
            assert_eq!(story.is_registered("turnstone").await, id);
            story.gitlab.forgets(id);
            story.tells_once("turnstone", "RunnerVanished").await;
            let now = story.is_registered("turnstone").await;
            assert_ne!(now, id);
            assert_eq!(story.gitlab.only_runner()["id"], now);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_runner_is_taken_over_by_a_maintainer() {
    story("adoption-project")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            story.is_connected("gitlab").await;
            let made = json!({ "do": "add_runner", "type": "project",
                "settings": { "projects": ["platform/docs", "platform/site"] } });
            let id = story.gitlab.does(made)["id"].as_i64().unwrap();
            let manifest = runner("avocet")
                .in_project("platform/docs")
                .with("adopt.runnerId", id);
            story.apply(&manifest).await;
            assert_eq!(story.is_registered("avocet").await, id);
            // The assignments are not managed.
            let projects = json!(["platform/docs", "platform/site"]);
            assert_eq!(there(story, id)["projects"], projects);
            let object: GitLabRunner = story.get("avocet").await.unwrap();
            assert!(condition(&object, "Stalled").is_none());
        })
        .await;
}

/// Nothing but the mark was written, and that is taken off again.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_left_behind_is_as_it_was() {
    story("adoption-handed-back")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = made_by_hand(
                story,
                json!({ "maintenance_note": "Ask Mia", "tag_list": ["a"] }),
            );
            let mut before = there(story, id);
            let manifest = adopting("sora", id)
                .tagged(["a"])
                .with("adopt.resetToken", "Never")
                .orphaned();
            story.apply(&manifest).await;
            assert_eq!(story.is_registered("sora").await, id);
            assert_ne!(there(story, id)["maintenance_note"], "Ask Mia");
            story.delete(&manifest).await;
            story.is_gone(&manifest).await;
            before["updated_at"] = there(story, id)["updated_at"].clone();
            assert_eq!(there(story, id), before);
            // Another object takes it over without a word more.
            story.apply(&adopting("veery", id)).await;
            assert_eq!(story.is_registered("veery").await, id);
        })
        .await;
}
