//! Somebody asks for a look: GitLab is read now and not when it is time, once for each value.
use gitlab_runner_registrar::api::RECONCILE_AT;
use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, GitLabRunner};
use serde_json::{Value, json};

use crate::harness::{Story, runner, shown, story, token, until};

/// Longer than any test.
const NEVER_BY_ITSELF: &str = "1h";

fn asks(value: &str) -> Value {
    json!({ "metadata": { "annotations": { RECONCILE_AT: value } } })
}

/// Waits until status answers with that value.
async fn runner_answers(story: &Story<'_>, name: &str, value: &str) -> GitLabRunner {
    story
        .runner_says(name, &format!("{value} is answered"), |runner| {
            let status = runner.status.as_ref().unwrap();
            status.last_handled_reconcile_at.as_deref() == Some(value)
        })
        .await
}

async fn connection_answers(story: &Story<'_>, name: &str, value: &str) -> GitLabConnection {
    until(&format!("{value} is answered"), async || {
        let connection: GitLabConnection = story.get(name).await.unwrap();
        let handled = connection.status.as_ref();
        let handled = handled.and_then(|status| status.last_handled_reconcile_at.as_deref());
        if handled == Some(value) {
            Ok(connection)
        } else {
            Err(shown(&connection))
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_is_looked_at_now_and_once_for_each_value() {
    story("on-request-runner")
        .resyncing_every(NEVER_BY_ITSELF)
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("plover").with("paused", false)).await;
            let id = story.is_registered("plover").await;
            story.gitlab.changes(id, json!({ "paused": true }));
            for value in ["2026-11-30T02:00:00Z", "again"] {
                story.edit::<GitLabRunner>("plover", asks(value)).await;
                runner_answers(story, "plover", value).await;
            }
            let corrected = story.gitlab.runner(id).unwrap();
            assert_eq!(corrected["paused"], false, "{corrected}");
            story.gitlab.clear_requests();
            // Another annotation has the object touched, and nothing else.
            let poke = json!({ "metadata": { "annotations": { "example.com/poked": "yes" } } });
            story.edit::<GitLabRunner>("plover", poke).await;
            story
                .edit::<GitLabRunner>("plover", json!({ "spec": { "deletionPolicy": "Orphan" } }))
                .await;
            story.is_ready("plover").await;
            assert!(
                story.gitlab.asked_besides_sweeps().is_empty(),
                "{:?}",
                story.gitlab.asked_besides_sweeps()
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_asked_about_now_but_a_revoked_token_is_not_sent_again() {
    story("on-request-connection")
        .resyncing_every(NEVER_BY_ITSELF)
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            // GitLab does not know this one, and is not asked again before it is time.
            story.connects("strange", token::UNKNOWN).await;
            story
                .connection_says("strange", "Ready", "False", "CredentialInvalid")
                .await;
            for name in ["gitlab", "strange"] {
                story.gitlab.clear_requests();
                story.edit::<GitLabConnection>(name, asks("1")).await;
                connection_answers(story, name, "1").await;
                let asked = story.gitlab.asked_besides_sweeps();
                let own = |line: &&String| line.contains("/personal_access_tokens/self");
                assert_eq!(asked.iter().filter(own).count(), 1, "{name}: {asked:?}");
            }
            story
                .gitlab
                .does(json!({ "do": "revoke_token", "token": "spare" }));
            story.connects("revoked", token::SPARE).await;
            story
                .connection_says("revoked", "Ready", "False", "CredentialRevoked")
                .await;
            story.gitlab.clear_requests();
            story.edit::<GitLabConnection>("revoked", asks("3")).await;
            let told = connection_answers(story, "revoked", "3").await;
            assert!(
                story.gitlab.asked_besides_sweeps().is_empty(),
                "{}",
                shown(&told)
            );
        })
        .await;
}
