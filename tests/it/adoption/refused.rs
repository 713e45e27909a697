//! Runners that are not taken over: why is told, and what to write instead.
use gitlab_sim::Fault;
use serde_json::{Value, json};

use super::{adopting, made_by_hand, there};
use crate::harness::{Manifest, Story, runner, story, token};

/// It is not taken over, the message says that, and nothing was changed.
async fn is_refused(story: &Story<'_>, manifest: &Manifest, parts: &[&str]) {
    let before = story.gitlab.runners();
    story.gitlab.clear_requests();
    story.apply(manifest).await;
    let told = story.is_not_ready(manifest.name(), "AdoptionRefused").await;
    for part in parts {
        assert!(told.contains(part), "{part:?} is not in {told:?}");
    }
    assert_eq!(story.gitlab.changes_asked(), []);
    assert_eq!(story.gitlab.runners(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_not_there_or_elsewhere_is_not_taken_over() {
    story("adoption-refused")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = made_by_hand(story, json!({ "description": "by hand" }));
            let missing = adopting("curlew", 77);
            is_refused(
                story,
                &missing,
                &[
                    "names runner 77",
                    "take adopt out of spec to register a new runner",
                ],
            )
            .await;
            story.tells_once("curlew", "AdoptionRefused").await;
            let instance = runner("dotterel").with("adopt.runnerId", id);
            is_refused(story, &instance, &["serves a group", "names instance"]).await;
            let below = runner("lapwing")
                .in_group("platform/tools")
                .with("adopt.runnerId", id);
            is_refused(story, &below, &["is not at home in group platform/tools"]).await;
            let number = json!({ "group": { "id": 3002 } });
            is_refused(
                story,
                &adopting("plover", id).with("scope", number),
                &["is not at home in group 3002"],
            )
            .await;
            let nowhere = runner("sanderling")
                .in_group("platform/tolos")
                .with("adopt.runnerId", id);
            story.apply(&nowhere).await;
            let told = story.is_not_ready("sanderling", "ScopeNotFound").await;
            assert!(told.contains("platform/tolos"), "{told}");
            // What was corrected goes on, and so does what is no longer asked for.
            story.apply(&adopting("curlew", id)).await;
            assert_eq!(story.is_registered("curlew").await, id);
            story.apply(&runner("dotterel")).await;
            assert_ne!(story.is_registered("dotterel").await, id);
            // A runner that was not taken over stays when the object goes.
            story.delete(&below).await;
            story.is_gone(&below).await;
            assert_eq!(there(story, id)["id"], id);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_of_another_object_is_not_taken_away() {
    story("adoption-in-use")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let owner = runner("heron").in_group("platform");
            story.apply(&owner).await;
            let id = story.is_registered("heron").await;
            let taker = adopting("bittern", id);
            is_refused(
                story,
                &taker,
                &["which is in this cluster", "deletionPolicy Orphan"],
            )
            .await;
            let forced = taker.clone().with("adopt.force", true);
            story.apply(&forced).await;
            let told = story.is_not_ready("bittern", "AdoptionRefused").await;
            assert!(told.contains("which is in this cluster"), "{told}");
            // Once that object is gone, it takes a word of its own.
            story.apply(&owner.clone().orphaned()).await;
            story.is_registered("heron").await;
            story.apply(&taker).await;
            story.delete(&owner).await;
            story.is_gone(&owner).await;
            let marked = async || {
                let told = story.is_not_ready("bittern", "AdoptionRefused").await;
                told.contains("set spec.adopt.force to true")
                    .then_some(())
                    .ok_or(told)
            };
            crate::harness::until("the other is known to be gone", marked).await;
            story.apply(&forced).await;
            assert_eq!(story.is_registered("bittern").await, id);
            let held = story.token_in("bittern-runner-token").await;
            assert!(story.gitlab.accepts(&held).await);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_may_not_takes_nothing_over() {
    story("adoption-rights")
        .tell(async |story| {
            let instance = json!({ "do": "add_runner", "type": "instance", "settings": {} });
            let id = story.gitlab.does(instance)["id"].as_i64().unwrap();
            let manifest = runner("crake").with("adopt.runnerId", id);
            story.connects("gitlab", token::CREATOR).await;
            story.is_connected("gitlab").await;
            is_refused(story, &manifest, &["give it manage_runner, or api"]).await;
            // Anybody may read an instance runner, and administrators change it.
            story.connects("gitlab", token::MIA).await;
            let told = story.is_not_ready("crake", "GitLabRefused").await;
            assert!(told.contains("write this object's mark"), "{told}");
            assert!(told.contains("an administrator of the instance"), "{told}");
            assert_eq!(there(story, id)["maintenance_note"], Value::Null);
            story.connects("gitlab", token::NARROW).await;
            assert_eq!(story.is_registered("crake").await, id);
        })
        .await;
}

/// Neither an answer that is lost nor a proxy's says anything of the runner.
#[tokio::test(flavor = "multi_thread")]
async fn what_gitlab_does_not_say_refuses_nothing() {
    story("adoption-unclear")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = made_by_hand(story, json!({}));
            let page = Fault::Reply {
                status: 404,
                headers: [].into(),
                body: json!({ "message": "no Route matched with those values" }),
            };
            let path = format!("/api/v4/runners/{id}");
            story.gitlab.answers("GET", &path, page);
            story.apply(&adopting("rail", id)).await;
            story.is_not_ready("rail", "GitLabUnavailable").await;
            story.gitlab.recovers();
            assert_eq!(story.is_registered("rail").await, id);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spec_names_a_runner_and_no_other_later() {
    story("adoption-validation")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = made_by_hand(story, json!({}));
            for (field, value, words) in [
                ("adopt", json!({}), "runnerId"),
                ("adopt.runnerId", json!(0), "greater than or equal to 1"),
                ("adopt.runnerId", json!("seven"), "expected numeric"),
                (
                    "adopt",
                    json!({ "runnerId": id, "resetToken": "Sometimes" }),
                    "Unsupported value",
                ),
            ] {
                let refusal = story.would_apply(&runner("coot").with(field, value)).await;
                let refusal = refusal.unwrap_err();
                assert!(refusal.contains(words), "{words:?} is not in {refusal:?}");
            }
            story.apply(&adopting("coot", id)).await;
            assert_eq!(story.is_registered("coot").await, id);
            let other = story
                .would_apply(&adopting("coot", id + 1))
                .await
                .unwrap_err();
            let words =
                "adopt.runnerId cannot name another runner than the one in status.runner.id";
            assert!(other.contains(words), "{other}");
            let plain = runner("coot").in_group("platform");
            story.would_apply(&plain).await.unwrap();
            // A connection is kept as well, although nothing was registered.
            let through = adopting("coot", id).through("another");
            let refusal = story.would_apply(&through).await.unwrap_err();
            assert!(refusal.contains("connectionRef cannot change"), "{refusal}");
        })
        .await;
}
