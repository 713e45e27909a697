//! A number is not an identity: whose runner it is, is told by its mark.
use gitlab_runner_registrar::api::RECONCILE_AT;
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, number, runner, story, until};

fn dunlin() -> Manifest {
    runner("dunlin").in_group("platform")
}

async fn is_there(story: &Story<'_>) -> i64 {
    story.is_connected_to_gitlab().await;
    story.apply(&dunlin()).await;
    story.is_registered("dunlin").await
}

/// Another runner of that number, as after a restore of GitLab.
fn somebody_elses(story: &Story<'_>, id: i64, note: &str) -> Value {
    story.gitlab.forgets(id);
    let settings = json!({ "description": "by hand", "maintenance_note": note });
    let theirs = json!({ "do": "add_runner", "type": "group", "group": "platform", "id": id,
        "settings": settings });
    story.gitlab.does(theirs)
}

/// It is told, and nothing of it is touched, not even when the object goes.
async fn is_left_alone(story: &Story<'_>, theirs: &Value) {
    story.gitlab.clear_requests();
    story.apply(&dunlin().with("paused", true)).await;
    let message = story.is_not_ready("dunlin", "RunnerForeign").await;
    assert!(message.contains("left alone"), "{message}");
    assert!(message.contains("mark"), "{message}");
    story.delete(&dunlin()).await;
    story.is_not_ready("dunlin", "RunnerForeign").await;
    assert_eq!(story.gitlab.changes_asked(), []);
    assert_eq!(story.gitlab.only_runner(), *theirs);
    // A person says what to do.
    let policy = json!({ "spec": { "deletionPolicy": "Orphan" } });
    story.edit::<GitLabRunner>("dunlin", policy).await;
    story.is_gone(&dunlin()).await;
    assert_eq!(story.gitlab.only_runner(), *theirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_gitlab_gives_the_number_to_somebody_else() {
    story("identity-restored")
        .resyncing_every("2s")
        .tell(async |story| {
            let id = is_there(story).await;
            let theirs = somebody_elses(story, id, "by hand");
            is_left_alone(story, &theirs).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_of_another_object_is_respected() {
    story("identity-foreign")
        .resyncing_every("2s")
        .tell(async |story| {
            let id = is_there(story).await;
            let mark = "[gitlab-registrar.dev/staging/00000000-0000-0000-0000-000000000000/1]";
            let theirs = somebody_elses(story, id, mark);
            is_left_alone(story, &theirs).await;
        })
        .await;
}

/// It still has the token that we keep, so it is the same runner, and the mark is drift like any other
/// although the note is not managed.
#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_somebody_has_cleared_is_put_back() {
    story("identity-cleared")
        .resyncing_every("2s")
        .tell(async |story| {
            let id = is_there(story).await;
            let before = story.gitlab.only_runner();
            story
                .gitlab
                .changes(id, json!({ "maintenance_note": "Ask Mia" }));
            until("the mark is back, and the text with it", async || {
                let note = story.gitlab.only_runner()["maintenance_note"].clone();
                let mark = before["maintenance_note"].as_str().unwrap();
                (note == format!("Ask Mia\n{mark}"))
                    .then_some(())
                    .ok_or(format!("{note}"))
            })
            .await;
            let told = story.tells_once("dunlin", "DriftCorrected").await;
            assert!(told.contains("maintenanceNote"), "{told}");
            assert_eq!(story.is_registered("dunlin").await, id);
        })
        .await;
}

/// One stray answer is no reason to make a second runner.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_missed_once_is_not_registered_anew() {
    story("identity-missed")
        .resyncing_every("2s")
        .tell(async |story| {
            let id = is_there(story).await;
            let gone = Fault::Reply {
                status: 404,
                headers: [].into(),
                body: json!({ "message": "404 Runner Not Found" }),
            };
            let rule = Rule::new("GET", format!("/api/v4/runners/{id}").as_str(), gone);
            story.gitlab.misbehaves(rule.times(1));
            let asks = json!({ "metadata": { "annotations": { RECONCILE_AT: "now" } } });
            story.edit::<GitLabRunner>("dunlin", asks).await;
            story.is_not_ready("dunlin", "RunnerMissing").await;
            assert_eq!(story.is_registered("dunlin").await, id);
            assert_eq!(story.gitlab.only_runner()["id"], id);
            let runner = story
                .is_ready("dunlin")
                .await
                .status
                .unwrap()
                .runner
                .unwrap();
            assert_eq!(runner.missing_since, None);
        })
        .await;
}

/// Status is older than GitLab, and the runner that was made since then is in use.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_cluster_finds_the_runner_that_was_made_later() {
    story("identity-older-status")
        .resyncing_every("2s")
        .tell(async |story| {
            let id = is_there(story).await;
            story.gitlab.does(json!({ "do": "contact", "runner": id }));
            story.the_operator_is_killed().await;
            story
                .status_says("dunlin", json!({ "runner": { "id": 999 }, "token": null }))
                .await;
            story.the_operator_starts().await;
            until("it is found", async || {
                let object = story.get::<GitLabRunner>("dunlin").await.unwrap();
                (number(&object) == Some(id))
                    .then_some(())
                    .ok_or(format!("{:?}", object.status))
            })
            .await;
            assert_eq!(story.gitlab.only_runner()["id"], id);
        })
        .await;
}

/// The cluster is lost with all that is in it, and backups bring back the object, under another uid, and
/// the Secret of the former one; `status` too where the tool is told so.
async fn the_cluster_is_restored(story: &mut Story<'_>, with_status: bool) {
    story.the_operator_is_killed().await;
    let before: GitLabRunner = story.get("dunlin").await.unwrap();
    story.delete(&dunlin()).await;
    let finalizers = json!({ "metadata": { "finalizers": null } });
    story.edit::<GitLabRunner>("dunlin", finalizers).await;
    story.is_gone(&dunlin()).await;
    story.apply(&dunlin()).await;
    if with_status {
        let status = serde_json::to_value(before.status).unwrap();
        story.status_says("dunlin", status).await;
    }
    story.gitlab.clear_requests();
    story.the_operator_starts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_an_earlier_object_says_which_runner_it_was_made_for() {
    story("identity-restored-object")
        .tell(async |story| {
            let id = is_there(story).await;
            the_cluster_is_restored(story, false).await;
            let message = story.is_not_ready("dunlin", "SecretConflict").await;
            let expected = format!("runner {id} at {}", story.gitlab.url());
            assert!(message.contains(&expected), "{message}");
            assert_eq!(story.gitlab.changes_asked(), []);
            assert_eq!(story.gitlab.only_runner()["id"], id, "no second runner");
        })
        .await;
}

/// The number is in status again, and the mark names the object that is no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_status_is_not_believed_against_the_mark() {
    story("identity-restored-status")
        .tell(async |story| {
            let id = is_there(story).await;
            let token = story.token_in("dunlin-runner-token").await;
            the_cluster_is_restored(story, true).await;
            story.is_not_ready("dunlin", "RunnerForeign").await;
            assert_eq!(story.gitlab.changes_asked(), []);
            assert_eq!(story.gitlab.only_runner()["id"], id, "no second runner");
            assert_eq!(story.token_in("dunlin-runner-token").await, token);
            assert!(story.gitlab.accepts(&token).await);
        })
        .await;
}
