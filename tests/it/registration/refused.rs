//! Registration tokens that are missing, wrong or switched off.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use serde_json::{Value, json};

use super::{BY_TOKEN, by_token, group_runner, holds_the_token, token_of, tokens_are_allowed};
use crate::harness::{condition, runner, secret, story, token};
use crate::refusals::count;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_there_yet_is_waited_for() {
    story("registration-missing")
        .resyncing_every("2s")
        .tell(async |story| {
            tokens_are_allowed(story, "19");
            story.is_connected_to_gitlab().await;
            story.apply(&group_runner("gannet")).await;
            let told = story
                .is_not_ready("gannet", "RegistrationTokenMissing")
                .await;
            assert!(told.contains("there is no Secret registration"), "{told}");
            let object: GitLabRunner = story.get("gannet").await.unwrap();
            assert!(condition(&object, "Stalled").is_none(), "it may come yet");
            for (secret, why) in [
                (
                    secret("registration").holding("other", "x"),
                    "has no key token",
                ),
                (
                    secret("registration").holding("token", " \n"),
                    "key token is empty",
                ),
                (
                    secret("registration").holding("token", token::ADMIN),
                    "is an access token, by its first letters",
                ),
            ] {
                story.apply(&secret).await;
                let is_told = async || {
                    let told = story
                        .is_not_ready("gannet", "RegistrationTokenMissing")
                        .await;
                    told.contains(why).then_some(()).ok_or(told)
                };
                crate::harness::until(why, is_told).await;
            }
            assert_eq!(count(story, "POST", BY_TOKEN), 0);
            holds_the_token(story, &token_of(story, "platform")).await;
            story.is_registered("gannet").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_token_and_tokens_that_are_switched_off_are_told_apart() {
    story("registration-refused")
        .resyncing_every("2s")
        .tell(async |story| {
            tokens_are_allowed(story, "19");
            story.is_connected_to_gitlab().await;
            holds_the_token(story, "GR1348941-nobodys").await;
            story.apply(&group_runner("fulmar")).await;
            let told = story
                .is_not_ready("fulmar", "RegistrationTokenInvalid")
                .await;
            assert!(told.contains("Secret registration, key token"), "{told}");
            assert!(!told.contains("nobodys"), "{told}");
            // Another one is tried at once.
            let off =
                json!({ "do": "settings", "set": { "allow_runner_registration_token": false } });
            story.gitlab.does(off);
            holds_the_token(story, &token_of(story, "platform")).await;
            let told = story.is_not_ready("fulmar", "RegistrationDisallowed").await;
            assert!(told.contains("spec.registration.method to User"), "{told}");
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            // The way out that the message names.
            story.apply(&runner("fulmar").in_group("platform")).await;
            story.is_registered("fulmar").await;
            assert_eq!(
                story.gitlab.only_runner()["registration_type"],
                "authenticated_user"
            );
        })
        .await;
}

/// What the model has against it is GitLab's own refusal, in another shape than by a user.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_model_is_certain() {
    story("registration-model")
        .tell(async |story| {
            tokens_are_allowed(story, "19");
            let set = json!({ "ci_registered_group_runners": 1 });
            story.gitlab.does(json!({ "do": "settings", "set": set }));
            story.is_connected_to_gitlab().await;
            holds_the_token(story, &token_of(story, "platform")).await;
            story.apply(&group_runner("shag")).await;
            story.is_registered("shag").await;
            story.apply(&group_runner("puffin")).await;
            let told = story.is_not_ready("puffin", "GitLabRefused").await;
            assert!(
                told.contains("Maximum number of ci registered group runners"),
                "{told}"
            );
            let object: GitLabRunner = story.get("puffin").await.unwrap();
            assert!(object.status.unwrap().registration.is_none(), "it is void");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_with_its_method() {
    story("registration-validation")
        .without_an_operator()
        .tell(async |story| {
            let words = "tokenSecretRef goes with method RegistrationToken, and with no other";
            let place = json!({ "name": "registration", "key": "token" });
            for (keeps, breaks) in [
                (json!({}), json!({ "tokenSecretRef": place })),
                (
                    json!({ "method": "User" }),
                    json!({ "method": "RegistrationToken" }),
                ),
                (
                    json!({ "method": "RegistrationToken", "tokenSecretRef": place }),
                    json!({ "method": "User", "tokenSecretRef": place }),
                ),
            ] {
                let with = |value: Value| runner("dunlin").with("registration", value);
                story.would_apply(&with(keeps)).await.unwrap();
                let refusal = story.would_apply(&with(breaks)).await.unwrap_err();
                assert!(refusal.contains(words), "{refusal}");
            }
            let by_unknown = by_token(runner("dunlin")).with("registration.method", "Magic");
            let refusal = story.would_apply(&by_unknown).await.unwrap_err();
            assert!(refusal.contains("Unsupported value"), "{refusal}");
        })
        .await;
}
