//! Nobody knows what has become of the token: it is not sent, GitLab is not asked again, a person is told.
use gitlab_sim::Fault;
use jiff::SignedDuration;
use serde_json::json;

use super::{
    DIGEST, FIRST, HELD, ROTATE, credential, edits_record, has_old_token, has_settled,
    is_announced, is_held, is_replaced_once, is_unstored, rotating, rotations, shows_first,
};
use crate::connections::looks;
use crate::harness::{Story, condition, connection, runner, secret, story, token, until};

/// The connection tells a person, and nobody sends the token, whatever asks for it.
async fn is_unclear(story: &Story<'_>) {
    let connection = story
        .connection_says("gitlab", "Ready", "False", "RotationUnclear")
        .await;
    let told = condition(&connection, "Ready").unwrap().message;
    assert!(
        told.contains("Make a new token in GitLab") && told.contains("key pat"),
        "{told}"
    );
    let status = connection.status.unwrap();
    let record = status.credential_rotation.unwrap();
    assert!(
        record.digest == DIGEST && record.asked_at.is_some(),
        "{record:?}"
    );
    let asked = rotations(story);
    assert_eq!(asked.len(), 1, "{asked:#?}");
    let before = looks(story).await;
    until("it is looked at three times more", async || {
        let now = looks(story).await;
        if now >= before + 3.0 {
            Ok(())
        } else {
            Err(now.to_string())
        }
    })
    .await;
    let sent: Vec<_> = story
        .gitlab
        .requests()
        .into_iter()
        .filter(|it| it.seq > asked[0].seq)
        .collect();
    assert!(!sent.iter().any(shows_first), "{sent:#?}");
}

/// Somebody does what was said; then a tool puts the old token back.
async fn is_mended(story: &Story<'_>) {
    let place = || secret("gitlab-credential");
    story.apply(&place().holding("pat", token::SPARE)).await;
    has_settled(story, "gitlab").await;
    story.gitlab.clear_requests();
    story.apply(&place().holding("pat", FIRST)).await;
    story
        .connection_says("gitlab", "Ready", "False", "CredentialReplaced")
        .await;
    let sent = story.gitlab.requests();
    assert!(!sent.iter().any(shows_first), "{sent:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_answer_and_the_secret() {
    story("credential-killed")
        .resyncing_every("1s")
        .tell(async |story| {
            // Another connection with the same Secret knows nothing of it but by the status of the first.
            let same = json!({ "name": "gitlab-credential", "key": "pat" });
            let second = connection("also", story.gitlab.url()).with("timeout", HELD);
            story
                .apply(&second.with("credentialsSecretRef", same))
                .await;
            is_held(story).await;
            story.the_operator_is_killed().await;
            // Whoever comes next waits until nobody can be at it any more.
            let earlier = story.gitlab.now() - SignedDuration::from_mins(10);
            edits_record(story, json!({ "askedAt": earlier.to_string() })).await;
            story.gitlab.recovers();
            story.the_operator_starts().await;
            is_unclear(story).await;
            story
                .connection_says("also", "Ready", "False", "RotationUnclear")
                .await;
            is_mended(story).await;
        })
        .await;
}

/// The API server has stored that GitLab is about to be asked, and its answer was lost: GitLab was not asked, so
/// that it is now, and once.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_and_not_begun_is_begun() {
    story("credential-unbegun")
        .resyncing_every("1s")
        .tell(async |story| {
            has_old_token(story);
            story.apply(&credential()).await;
            // Announced for long enough to write something into the record meanwhile.
            story.apply(&rotating(story, "gitlab")).await;
            is_announced(story).await;
            let asked = json!({ "askedAt": story.gitlab.now().to_string() });
            edits_record(story, asked).await;
            assert_eq!(rotations(story).len(), 0);
            is_replaced_once(story).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_not_asked_for_again() {
    story("credential-lost")
        .resyncing_every("1s")
        .tell(async |story| {
            has_old_token(story);
            story.apply(&credential()).await;
            story.apply(&runner("ouzel")).await;
            story.gitlab.answers("POST", ROTATE, Fault::Hang);
            story.apply(&rotating(story, "gitlab")).await;
            is_unclear(story).await;
            story.tells_once("gitlab", "RotationUnclear").await;
            is_mended(story).await;
        })
        .await;
}

/// The new token is kept in memory for as long as it cannot be stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_that_cannot_be_stored_is_held_until_it_can() {
    story("credential-unstored")
        .resyncing_every("1s")
        .tell(async |story| {
            let told = is_unstored(story).await;
            assert!(told.contains("do not restart it"), "{told}");
            story.rights_are_granted().await;
            is_replaced_once(story).await;
        })
        .await;
}
