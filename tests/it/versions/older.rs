//! What is special about GitLab before a user registers runners there.
use gitlab_runner_registrar::api::v1alpha1::GitLabConnection;
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, runner, secret, story, until};
use crate::registration::{by_token, holds_the_token, token_of, tokens_are_allowed};

async fn is_in_13_12(story: &Story<'_>) {
    tokens_are_allowed(story, "13.12");
    story.is_connected_to_gitlab().await;
    holds_the_token(story, &token_of(story, "platform")).await;
}

fn lapwing() -> Manifest {
    by_token(runner("lapwing").in_group("platform"))
}

/// A runner that is there gets its mark where this release has room for it.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_taken_over_gets_its_mark_into_the_description() {
    story("older-adoption")
        .tell(async |story| {
            is_in_13_12(story).await;
            let made = json!({ "do": "add_runner", "type": "group", "group": "platform",
                "settings": { "description": "by hand", "tag_list": ["old"] } });
            let id = story.gitlab.does(made)["id"].as_i64().unwrap();
            // How runners are registered is of no account for one that is there.
            let adopting = runner("lapwing")
                .in_group("platform")
                .with("adopt.runnerId", id)
                .with("adopt.resetToken", "Never")
                .tagged(["new"]);
            story.apply(&adopting).await;
            assert_eq!(story.is_registered("lapwing").await, id);
            let there = story.gitlab.only_runner();
            let text = there["description"].as_str().unwrap();
            assert!(text.starts_with("by hand [gitlab-registrar.dev/"), "{text}");
            assert_eq!(
                (&there["id"], &there["tag_list"]),
                (&json!(id), &json!(["new"]))
            );
        })
        .await;
}

/// A token that is lost costs its runner there, so that nobody is to lose one by asking for another.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_new_token_is_told_that_none_is_made() {
    story("older-rotation")
        .resyncing_every("2s")
        .tell(async |story| {
            is_in_13_12(story).await;
            story.apply(&lapwing()).await;
            let id = story.is_registered("lapwing").await;
            let aged = lapwing().with("tokenRotation.every", "720h");
            let asked = lapwing().annotated("gitlab-registrar.dev/rotate-at", "now");
            for (manifest, what) in [
                (aged, "tokenRotation.every"),
                (asked, "the annotation gitlab-registrar.dev/rotate-at"),
            ] {
                story.apply(&manifest).await;
                let told = story.is_not_ready("lapwing", "Unsupported").await;
                assert!(told.contains("GitLab 13.12"), "{told}");
                assert!(told.contains(what) && told.contains("15.0"), "{told}");
                story.apply(&lapwing()).await;
                assert_eq!(story.is_registered("lapwing").await, id);
            }
            assert_eq!(story.gitlab.only_runner()["id"], id);
        })
        .await;
}

/// A runner is not given up for one that cannot be registered.
#[tokio::test(flavor = "multi_thread")]
async fn one_whose_token_is_lost_stays_until_another_can_be_registered() {
    story("older-lost")
        .resyncing_every("2s")
        .tell(async |story| {
            is_in_13_12(story).await;
            story.apply(&lapwing()).await;
            let id = story.is_registered("lapwing").await;
            story.delete(&secret("registration")).await;
            story.delete(&secret("lapwing-runner-token")).await;
            story
                .is_not_ready("lapwing", "RegistrationTokenMissing")
                .await;
            assert_eq!(story.gitlab.only_runner()["id"], id);
            holds_the_token(story, &token_of(story, "platform")).await;
            story.tells_once("lapwing", "RunnerReplaced").await;
            assert_ne!(story.is_registered("lapwing").await, id);
        })
        .await;
}

/// A successor has a token of its own, so that a runner's token can be replaced there too.
#[tokio::test(flavor = "multi_thread")]
async fn a_successor_takes_the_place_of_one_whose_token_is_due() {
    story("older-twin")
        .resyncing_every("2s")
        .tell(async |story| {
            is_in_13_12(story).await;
            let twin = || lapwing().with("tokenRotation.overlap", "Twin");
            story.apply(&twin()).await;
            let old = story.is_registered("lapwing").await;
            let called =
                |id: i64| json!({ "do": "contact", "runner": id, "manager": { "system_id": "s" } });
            story.gitlab.does(called(old));
            story
                .runner_says("lapwing", "a process has come", |object| {
                    let status = object.status.as_ref().unwrap();
                    status.runner.as_ref().and_then(|it| it.online) == Some(true)
                })
                .await;
            let asked = twin().annotated("gitlab-registrar.dev/rotate-at", "now");
            story.apply(&asked).await;
            let object = story
                .runner_says("lapwing", "another has its place", |object| {
                    let runner = object.status.as_ref().unwrap().runner.as_ref();
                    runner.is_some_and(|runner| runner.id != old)
                })
                .await;
            let new = object.status.unwrap().runner.unwrap().id;
            story.gitlab.does(called(new));
            until("the first has gone", async || {
                let there = story.gitlab.runners();
                (there.len() == 1).then_some(()).ok_or(format!("{there:?}"))
            })
            .await;
            assert_eq!(story.is_registered("lapwing").await, new);
            let held = story.token_in("lapwing-runner-token").await;
            assert!(story.gitlab.accepts(&held).await);
        })
        .await;
}

/// After an upgrade the mark is put where it belongs by then, and no second runner is made meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_takes_marks_out_of_descriptions_into_notes() {
    story("older-upgrade")
        .resyncing_every("2s")
        .tell(async |story| {
            is_in_13_12(story).await;
            story.apply(&lapwing().with("description", "Builds")).await;
            let id = story.is_registered("lapwing").await;
            let held = story.token_in("lapwing-runner-token").await;
            tokens_are_allowed(story, "15.2");
            until("the text is as declared", async || {
                let there = story.gitlab.only_runner();
                (there["description"] == "Builds")
                    .then_some(())
                    .ok_or(there.to_string())
            })
            .await;
            assert_eq!(story.is_registered("lapwing").await, id);
            tokens_are_allowed(story, "17");
            until("the mark is in the note", async || {
                let there = story.gitlab.only_runner();
                let note = there["maintenance_note"].as_str().unwrap_or_default();
                let marked = note.starts_with("[gitlab-registrar.dev/");
                marked.then_some(()).ok_or(there.to_string())
            })
            .await;
            assert_eq!(story.is_registered("lapwing").await, id);
            assert_eq!(story.token_in("lapwing-runner-token").await, held);
            story.delete(&lapwing()).await;
            story.is_gone(&lapwing()).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
        })
        .await;
}

/// No token describes itself before 15.5, which is no reason not to use it.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_cannot_tell_of_itself_counts_as_able() {
    story("older-credential")
        .tell(async |story| {
            tokens_are_allowed(story, "15.2");
            story.is_connected_to_gitlab().await;
            let connection: GitLabConnection = story.is_connected("gitlab").await;
            let status = connection.status.unwrap();
            assert!(status.gitlab.unwrap().version.starts_with("15.2."));
            assert!(
                status.can.contains(&"assign".to_owned()),
                "{:?}",
                status.can
            );
        })
        .await;
}
