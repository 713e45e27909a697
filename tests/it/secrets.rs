//! The Secret with the token: kept whole, moved when its name changes, and never anybody else's.
mod former;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::secrets::OWNER;
use k8s_openapi::api::core::v1::Secret;
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

use crate::harness::{Story, runner, secret, story, text_of, until};

/// A runner whose token is in the Secret `razorbill-runner-token`, with nothing asked since; tells
/// its number and the token.
async fn has_a_token(story: &Story<'_>) -> (i64, String) {
    story.is_connected_to_gitlab().await;
    story.apply(&runner("razorbill").in_group("platform")).await;
    let id = story.is_registered("razorbill").await;
    story.gitlab.clear_requests();
    (id, story.token_in("razorbill-runner-token").await)
}

fn resetting(id: i64) -> (String, String, Value) {
    let path = format!("/runners/{id}/reset_authentication_token");
    ("POST".to_owned(), path, Value::Null)
}

/// Waits until a Secret holds a token that GitLab takes, and is otherwise as it should be.
async fn holds_the_token(story: &Story<'_>, name: &str) -> Secret {
    until(&format!("{name} holds the runner's token"), async || {
        let there = story.gitlab.only_runner()["token"].clone();
        let Some(secret) = story.get::<Secret>(name).await else {
            return Err("no such Secret".to_owned());
        };
        let keys: Vec<_> = secret
            .data
            .iter()
            .flatten()
            .map(|(key, _)| key.clone())
            .collect();
        if keys != ["runner-registration-token", "runner-token"] {
            return Err(format!("its keys are {keys:?}"));
        }
        let fits = there == text_of(&secret, "runner-token").as_str()
            && text_of(&secret, "runner-registration-token").is_empty();
        fits.then_some(secret).ok_or("another token".to_owned())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_deleted_is_made_again_with_a_new_token_of_the_same_runner() {
    story("secrets-deleted")
        .tell(async |story| {
            let (id, old) = has_a_token(story).await;
            story.delete(&secret("razorbill-runner-token")).await;
            let secret = holds_the_token(story, "razorbill-runner-token").await;
            assert_ne!(text_of(&secret, "runner-token"), old);
            assert_eq!(story.is_registered("razorbill").await, id);
            assert_eq!(story.gitlab.changes_asked(), [resetting(id)]);
            let told = story.tells_once("razorbill", "TokenReset").await;
            assert_eq!(
                told,
                format!("new token for runner {id}: the Secret held none")
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_emptied_is_filled_again() {
    story("secrets-emptied")
        .tell(async |story| {
            let (id, old) = has_a_token(story).await;
            let before: Secret = story.get("razorbill-runner-token").await.unwrap();
            let emptied = json!({ "data": { "runner-token": "" } });
            story
                .edit::<Secret>("razorbill-runner-token", emptied)
                .await;
            let secret = holds_the_token(story, "razorbill-runner-token").await;
            assert_ne!(text_of(&secret, "runner-token"), old);
            assert_eq!(secret.metadata.uid, before.metadata.uid, "mended in place");
            assert_eq!(story.gitlab.changes_asked(), [resetting(id)]);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_edited_gets_a_token_that_works() {
    story("secrets-edited")
        .tell(async |story| {
            let (id, _) = has_a_token(story).await;
            let edited = json!({ "stringData": { "runner-token": "glrt-typed-by-hand" } });
            story.edit::<Secret>("razorbill-runner-token", edited).await;
            holds_the_token(story, "razorbill-runner-token").await;
            assert_eq!(story.gitlab.changes_asked(), [resetting(id)]);
            let told = story.tells_once("razorbill", "TokenReset").await;
            assert!(
                told.ends_with("the one in the Secret was changed"),
                "{told}"
            );
        })
        .await;
}

/// What is around the token can be mended without another one.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_around_the_token_is_mended_without_asking_gitlab() {
    story("secrets-untidy")
        .tell(async |story| {
            let (_, token) = has_a_token(story).await;
            for untidy in [
                json!({ "data": { "runner-registration-token": null } }),
                json!({ "data": { "runner-registration-token": "b2xk" } }),
            ] {
                story.edit::<Secret>("razorbill-runner-token", untidy).await;
                let secret = holds_the_token(story, "razorbill-runner-token").await;
                assert_eq!(text_of(&secret, "runner-token"), token);
            }
            let asked = story.gitlab.asked_besides_sweeps();
            assert!(asked.is_empty(), "{asked:#?}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_is_left_alone_and_nothing_is_registered_without_a_place_for_the_token() {
    story("secrets-conflict")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let theirs = secret("razorbill-runner-token")
                .holding("runner-token", "theirs")
                .holding("more", "of theirs");
            story.apply(&theirs).await;
            let before: Secret = story.get("razorbill-runner-token").await.unwrap();
            story.gitlab.clear_requests();
            story.apply(&runner("razorbill")).await;
            let message = story.is_not_ready("razorbill", "SecretConflict").await;
            story.operator().has_warned("SecretConflict").await;
            for part in [
                "the Secret razorbill-runner-token is not this object's (it names no owner)",
                "Choose another spec.tokenSecret.name, or delete that Secret",
            ] {
                assert!(message.contains(part), "{message}");
            }
            assert!(story.gitlab.runners().is_empty());
            assert!(story.gitlab.changes_asked().is_empty());
            // Deleting the object leaves it alone too.
            story.delete(&runner("razorbill")).await;
            story.is_gone(&runner("razorbill")).await;
            assert_eq!(
                story.get::<Secret>("razorbill-runner-token").await,
                Some(before)
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_ends_when_the_name_or_the_secret_changes() {
    story("secrets-way-out")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story
                .apply(&secret("taken").holding("runner-token", "theirs"))
                .await;
            let manifest = runner("shearwater").with("tokenSecret.name", "taken");
            story.apply(&manifest).await;
            story.is_not_ready("shearwater", "SecretConflict").await;
            story
                .apply(&manifest.with("tokenSecret.name", "free"))
                .await;
            story.is_ready("shearwater").await;
            holds_the_token(story, "free").await;
            assert_eq!(story.token_in("taken").await, "theirs");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_moves_to_a_new_name_unchanged() {
    story("secrets-renamed")
        .tell(async |story| {
            let (_, token) = has_a_token(story).await;
            let manifest = runner("razorbill").in_group("platform");
            story
                .apply(&manifest.with("tokenSecret.name", "elsewhere"))
                .await;
            story.is_gone(&secret("razorbill-runner-token")).await;
            let ready = story.is_ready("razorbill").await;
            let named = ready.status.unwrap().token.unwrap().secret_name;
            assert_eq!(named, "elsewhere");
            assert_eq!(story.token_in("elsewhere").await, token);
            let asked = story.gitlab.changes_asked();
            assert!(asked.is_empty(), "{asked:#?}");
            assert!(story.gitlab.accepts(&token).await);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_carries_the_labels_and_annotations_that_were_asked_for() {
    story("secrets-labels")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let named = runner("turnstone").with("tokenSecret.name", "stones");
            let labels = json!({ "team": "build", "tier": "one" });
            let annotations = json!({ "example.com/reloads": "yes" });
            let manifest = named
                .clone()
                .with("tokenSecret.labels", labels)
                .with("tokenSecret.annotations", annotations);
            story.apply(&manifest).await;
            story.is_ready("turnstone").await;
            let carries = |secret: &Secret, team: &str| {
                let meta = secret.meta();
                let labels = meta.labels.as_ref().unwrap();
                let annotations = meta.annotations.as_ref().unwrap();
                labels["app.kubernetes.io/managed-by"] == "gitlab-runner-registrar"
                    && labels.get("team").is_some_and(|value| value == team)
                    && annotations["example.com/reloads"] == "yes"
            };
            let token = story.token_in("stones").await;
            story
                .secret_when("stones", "it is labelled", |s| carries(s, "build"))
                .await;
            // One that is changed by hand comes back; one that is changed in spec follows; others'
            // own are left alone.
            let edit = json!({ "metadata": { "labels": { "team": "mine", "others": "own" } } });
            story.edit::<Secret>("stones", edit).await;
            story
                .secret_when("stones", "it is labelled again", |s| carries(s, "build"))
                .await;
            story
                .apply(&manifest.with("tokenSecret.labels", json!({ "team": "deploy" })))
                .await;
            let secret = story
                .secret_when("stones", "it follows", |s| carries(s, "deploy"))
                .await;
            assert_eq!(secret.metadata.labels.unwrap()["others"], "own");
            assert_eq!(story.token_in("stones").await, token);
            assert_eq!(
                story.gitlab.changes_asked().len(),
                1,
                "the registration alone"
            );
        })
        .await;
}

/// A number in a Secret proves nothing: whoever may edit Secrets must not get hold of any runner's
/// token by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_written_into_the_secret_takes_over_no_other_runner() {
    story("secrets-forged")
        .tell(async |story| {
            let (id, _) = has_a_token(story).await;
            let theirs = json!({ "do": "add_runner", "type": "instance_type", "id": 777,
                "settings": { "description": "Not of this cluster" } });
            let before = story.gitlab.does(theirs);
            let forged = json!({
                "metadata": { "annotations": { "gitlab-registrar.dev/runner-id": "777" } },
                "data": { "runner-token": "" },
            });
            story.edit::<Secret>("razorbill-runner-token", forged).await;
            // Its own runner gets a new token, or a person is asked; the other one is left alone.
            until("the forgery was seen", async || {
                let asked = story.gitlab.asked_besides_sweeps();
                let seen = asked.iter().any(|line| line.starts_with("GET "))
                    || story.gitlab.changes_asked().contains(&resetting(id));
                seen.then_some(()).ok_or(format!("{asked:#?}"))
            })
            .await;
            story.delete(&runner("razorbill")).await;
            let (theirs, others) = (format!("/runners/{}", 777), story.gitlab.changes_asked());
            assert!(
                !others.iter().any(|(_, path, _)| path.starts_with(&theirs)),
                "{others:#?}"
            );
            assert_eq!(story.gitlab.runner(777).unwrap(), before);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_of_its_object_and_goes_with_it() {
    story("secrets-goes-along")
        .tell(async |story| {
            has_a_token(story).await;
            let object: GitLabRunner = story.get("razorbill").await.unwrap();
            let secret: Secret = story.get("razorbill-runner-token").await.unwrap();
            assert_eq!(secret.metadata.owner_references, None);
            assert_eq!(secret.annotations().get(OWNER), object.meta().uid.as_ref());
            story.delete(&runner("razorbill")).await;
            story.is_gone(&runner("razorbill")).await;
            story
                .is_gone(&crate::harness::secret("razorbill-runner-token"))
                .await;
        })
        .await;
}

/// What the API server will not take, be it for want of rights or by a policy of the cluster's, is
/// found out before GitLab makes a token that would be lost.
#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_made_that_could_not_be_kept() {
    story("secrets-unwritable")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.gitlab.clear_requests();
            story.may_no_longer("create", "secrets").await;
            story.apply(&runner("turaco")).await;
            let message = story.is_not_ready("turaco", "KubernetesError").await;
            assert!(
                message.contains("write the Secret of the token"),
                "{message}"
            );
            assert!(story.gitlab.changes_asked().is_empty());
            story.rights_are_granted().await;
            story.is_ready("turaco").await;
            holds_the_token(story, "turaco-runner-token").await;
            assert_eq!(
                story.gitlab.changes_asked().len(),
                1,
                "the registration alone"
            );
        })
        .await;
}
