//! How long the first token of a runner lives, where spec says so.
use gitlab_runner_registrar::api::v1alpha1::{GitLabRunner, TokenStatus};
use gitlab_sim::Recorded;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, number, runner, story, until};
use crate::refusals::count;

const POST: &str = "/api/v4/user/runners";

fn curlew() -> Manifest {
    runner("curlew")
        .in_group("platform")
        .with("registration.expiresIn", "72h")
        .with("registration.rotationDeadline", "24h")
}

fn is_release(story: &Story<'_>, set: &Value) {
    story.gitlab.does(json!({ "do": "settings", "set": set }));
}

fn moment(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// The one registration that GitLab was asked for.
fn asked(story: &Story<'_>) -> Recorded {
    let mut asked = story.gitlab.requests();
    asked.retain(|it| it.path == POST);
    assert_eq!(asked.len(), 1, "{asked:#?}");
    asked.remove(0)
}

fn is_about(found: SignedDuration, hours: i64) {
    let off = found - SignedDuration::from_hours(hours);
    assert!(off.abs() < SignedDuration::from_mins(2), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_token_ends_as_spec_says_and_is_replaced_before_its_deadline() {
    story("life-first")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&curlew()).await;
            let made = story.is_ready("curlew").await;
            let asked = asked(story);
            is_about(
                moment(&asked.body["token_expires_at"]).duration_since(asked.at),
                72,
            );
            let deadline = moment(&asked.body["token_rotation_deadline"]);
            is_about(deadline.duration_since(asked.at), 24);
            let token = made.status.as_ref().unwrap().token.clone().unwrap();
            let issued = token.issued_at.unwrap().0;
            is_about(token.expires_at.unwrap().0.duration_since(issued), 72);
            is_about(token.rotate_at.unwrap().0.duration_since(issued), 16);

            // What was asked for counts, and not what spec asks for since.
            let later = curlew()
                .with("registration.expiresIn", "96h")
                .with("registration.rotationDeadline", "48h");
            story.apply(&later).await;
            let token = story.is_ready("curlew").await.status.unwrap().token;
            let due = token.unwrap().rotate_at.unwrap().0;
            is_about(due.duration_since(issued), 16);

            // Whoever replaces it ends the deadline.
            let rotate = curlew().annotated("gitlab-registrar.dev/rotate-at", "now");
            story.apply(&rotate).await;
            let what = "another token, without an end";
            let later = |runner: &GitLabRunner| {
                let status = runner.status.clone().unwrap_or_default();
                let endless =
                    |token: &TokenStatus| token.expires_at.is_none() && token.rotate_at.is_none();
                status.last_handled_rotate_at.as_deref() == Some("now")
                    && status.token.as_ref().is_some_and(endless)
            };
            story.runner_says("curlew", what, later).await;
            let there = story.gitlab.only_runner();
            assert_eq!(there["token_rotation_deadline"], Value::Null);
        })
        .await;
}

/// The operator was away for too long.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_has_passed_is_told() {
    story("life-late")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&curlew()).await;
            let id = number(&story.is_ready("curlew").await).unwrap();
            let past = story.gitlab.now() - SignedDuration::from_hours(1);
            let past = json!({ "token_rotation_deadline": past.to_string() });
            story.gitlab.changes(id, past);
            let rotate = curlew().annotated("gitlab-registrar.dev/rotate-at", "now");
            story.apply(&rotate).await;
            let told = story.is_not_ready("curlew", "GitLabRefused").await;
            for part in [
                "Token rotation deadline has passed",
                "tokenRotation.overlap to Twin",
            ] {
                assert!(told.contains(part), "{told}");
            }
            let reset = format!("/api/v4/runners/{id}/reset_authentication_token");
            assert_eq!(count(story, "POST", &reset), 1);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_gitlab_does_not_allow_is_told_with_its_field() {
    story("life-too-long")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let too_long = curlew().with("registration.expiresIn", "720h");
            story.apply(&too_long).await;
            let told = story.is_not_ready("curlew", "GitLabRefused").await;
            for part in [
                "token_expires_at is too far in the future (maximum is ",
                "spec.registration.expiresIn",
            ] {
                assert!(told.contains(part), "{told}");
            }
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            story.apply(&curlew()).await;
            story.is_ready("curlew").await;
        })
        .await;
}

/// Another GitLab ignores what it is asked for, so that it is not asked.
#[tokio::test(flavor = "multi_thread")]
async fn it_takes_18_10_and_the_enterprise_edition() {
    story("life-lacking")
        .resyncing_every("1s")
        .tell(async |story| {
            is_release(story, &json!({ "version": "17" }));
            story.is_connected_to_gitlab().await;
            story.apply(&curlew()).await;
            let told = story.is_not_ready("curlew", "Unsupported").await;
            for part in ["GitLab 17.", "registration.expiresIn", "18.10"] {
                assert!(told.contains(part), "{told}");
            }
            is_release(story, &json!({ "version": "19", "enterprise": false }));
            until("the edition is named", async || {
                let told = story.is_not_ready("curlew", "Unsupported").await;
                let named = told.contains("GitLab 19.") && told.contains("Enterprise Edition");
                named.then_some(()).ok_or(told)
            })
            .await;
            assert_eq!(count(story, "POST", POST), 0);
            is_release(story, &json!({ "enterprise": true }));
            story.is_ready("curlew").await;
        })
        .await;
}

/// Nor does a credential always know which GitLab it is.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_gitlab_has_ignored_is_told() {
    story("life-ignored")
        .tell(async |story| {
            is_release(story, &json!({ "version": "17" }));
            story
                .connects("gitlab", crate::harness::token::NARROW)
                .await;
            let scope = json!({ "group": { "id": 3001 } });
            story.apply(&curlew().with("scope", scope)).await;
            story.is_registered("curlew").await;
            let told = story.tells_once("curlew", "TokenLifeIgnored").await;
            assert!(
                told.contains("ends never") && told.contains("18.10"),
                "{told}"
            );
        })
        .await;
}
