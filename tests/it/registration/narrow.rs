//! A credential that may register runners and do nothing else.
use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, GitLabRunner};
use gitlab_sim::{Fault, Rule};
use k8s_openapi::api::core::v1::Secret;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use crate::harness::{Manifest, condition, runner, says, story, token};
use crate::refusals::count;

const POST: &str = "/api/v4/user/runners";

fn siskin() -> Manifest {
    runner("siskin").with("scope", json!({ "group": { "id": 3001 } }))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_registers_by_number_and_says_what_it_cannot_do() {
    story("registration-narrow")
        .resyncing_every("2s")
        .tell(async |story| {
            story.connects("gitlab", token::CREATOR).await;
            let connection: GitLabConnection = story.is_connected("gitlab").await;
            assert_eq!(connection.status.as_ref().unwrap().can, ["register"]);
            let valid = condition(&connection, "CredentialsValid").unwrap();
            assert!(
                valid.message.contains("neither looked at nor changed"),
                "{valid:?}"
            );
            story.apply(&siskin().tagged(["b", "a"])).await;
            let told = story.is_ready_though("siskin", "NotVisible").await;
            assert!(told.contains("manage_runner or api"), "{told}");
            let there = story.gitlab.only_runner();
            let object: GitLabRunner = story.get("siskin").await.unwrap();
            assert!(says(&object, "Registered", "True", "Succeeded"));
            assert!(says(&object, "TokenReady", "True", "Succeeded"));
            let held = story.token_in("siskin-runner-token").await;
            assert!(story.gitlab.accepts(&held).await);
            // The order of tags says nothing.
            story.apply(&siskin().tagged(["a", "b"])).await;
            story.is_ready_though("siskin", "NotVisible").await;
            story.apply(&siskin().tagged(["c"])).await;
            let told = story.is_not_ready("siskin", "NotVisible").await;
            assert!(told.contains("spec asks for other settings"), "{told}");
            assert_eq!(story.gitlab.only_runner()["tag_list"], there["tag_list"]);
            // One that may does it.
            story.connects("gitlab", token::NARROW).await;
            assert_eq!(there["id"], story.is_registered("siskin").await);
            assert_eq!(story.gitlab.only_runner()["tag_list"], json!(["c"]));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_removes_a_runner_by_the_runners_own_token() {
    story("registration-narrow-gone")
        .resyncing_every("2s")
        .tell(async |story| {
            story.connects("gitlab", token::CREATOR).await;
            story.apply(&siskin()).await;
            story.is_ready_though("siskin", "NotVisible").await;
            story.delete(&siskin()).await;
            story.is_gone(&siskin()).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());

            // Without that token nobody can.
            story.apply(&siskin()).await;
            story.is_ready_though("siskin", "NotVisible").await;
            let secrets = story.api::<Secret>();
            let name = "siskin-runner-token";
            secrets
                .delete(name, &DeleteParams::default())
                .await
                .unwrap();
            let told = story.is_not_ready("siskin", "NotVisible").await;
            assert!(told.contains("the runner's token is lost"), "{told}");
            story.delete(&siskin()).await;
            let told = story.is_not_ready("siskin", "DeletionBlocked").await;
            assert!(told.contains("deletionPolicy to Orphan"), "{told}");
            story.apply(&siskin().orphaned()).await;
            story.is_gone(&siskin()).await;
            assert_eq!(story.gitlab.runners().len(), 1);
        })
        .await;
}

/// Whether the runner has gone or its token has ended, GitLab tells nobody who may not look.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_gone_is_left_to_a_person() {
    story("registration-narrow-missing")
        .resyncing_every("2s")
        .tell(async |story| {
            story.connects("gitlab", token::CREATOR).await;
            story.apply(&siskin()).await;
            story.is_ready_though("siskin", "NotVisible").await;
            let id = story.gitlab.only_runner()["id"].as_i64().unwrap();
            story.gitlab.forgets(id);
            story.delete(&siskin()).await;
            let told = story.is_not_ready("siskin", "GitLabRefused").await;
            assert!(told.contains("Orphan"), "{told}");
            story.apply(&siskin().orphaned()).await;
            story.is_gone(&siskin()).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_needs_the_number_of_a_group() {
    story("registration-narrow-path")
        .tell(async |story| {
            story.connects("gitlab", token::CREATOR).await;
            story.apply(&runner("siskin").in_group("platform")).await;
            let told = story.is_not_ready("siskin", "ScopeUnreadable").await;
            assert!(told.contains("write the id in spec.scope"), "{told}");
            assert_eq!(count(story, "POST", POST), 0);
        })
        .await;
}

/// Nothing can be searched, so that nobody knows, and no second runner is made.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_left_to_a_person() {
    story("registration-narrow-lost")
        .resyncing_every("2s")
        .tell(async |story| {
            story.connects("gitlab", token::CREATOR).await;
            let lost = Rule::new("POST", POST, Fault::Drop).after_doing().times(1);
            story.gitlab.misbehaves(lost);
            story.apply(&siskin()).await;
            let told = story.is_not_ready("siskin", "RegistrationUnclear").await;
            assert!(told.contains("give it read_api or api"), "{told}");
            assert_eq!(story.gitlab.runners().len(), 1);
        })
        .await;
}
