//! What GitLab is not asked for, and what that hides for no longer than a resync and destroys never.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, condition, number, runner, story, until};

const POST: &str = "/api/v4/user/runners";

fn snipe() -> Manifest {
    runner("snipe").in_group("platform").tagged(["wanted"])
}

/// Method and status of what was asked about single runners, since the last clearing.
fn asked_of_runners(story: &Story<'_>) -> Vec<(String, Option<u16>)> {
    let requests = story.gitlab.requests().into_iter();
    let requests = requests.filter(|asked| asked.path.starts_with("/api/v4/runners/"));
    requests.map(|asked| (asked.method, asked.status)).collect()
}

/// Registers it, and has GitLab hold other tags than those that were sent.
async fn is_registered_with_other_tags(story: &Story<'_>, manifest: &Manifest) {
    story.is_connected_to_gitlab().await;
    let post = Rule::new("POST", POST, Fault::Gate).after_doing();
    let gate = story.gitlab.misbehaves(post);
    story.apply(manifest).await;
    story.gitlab.holds_one(gate).await;
    let id = story.gitlab.only_runner()["id"].as_i64().unwrap();
    story.gitlab.changes(id, json!({ "tag_list": ["other"] }));
    story.gitlab.clear_requests();
    story.gitlab.recovers();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_runner_is_ready_at_once_and_what_gitlab_took_otherwise_is_put_right() {
    story("unasked-otherwise")
        .resyncing_every("3s")
        .tell(async |story| {
            is_registered_with_other_tags(story, &snipe()).await;
            let ready = story.is_ready("snipe").await;
            let status = ready.status.unwrap().runner.unwrap();
            assert_eq!(status.tags, ["wanted"]);
            assert_eq!(status.status, "never_contacted");
            let page = format!(
                "{}/groups/platform/-/runners/{}",
                story.gitlab.url(),
                status.id
            );
            assert_eq!(status.web_url, Some(page));
            until("the tags are put right", async || {
                let tags = story.gitlab.only_runner()["tag_list"].clone();
                let right = tags == json!(["wanted"]);
                right.then_some(()).ok_or(tags.to_string())
            })
            .await;
            let asked = asked_of_runners(story);
            let methods: Vec<_> = asked.iter().map(|(method, _)| &**method).collect();
            // What a sweep has just shown need not be looked at alone.
            assert!(
                methods.starts_with(&["PUT"]) || methods.starts_with(&["GET", "PUT"]),
                "{asked:?}"
            );
            story.tells_once("snipe", "DriftCorrected").await;
        })
        .await;
}

/// A difference is what GitLab shows, and no guess.
#[tokio::test(flavor = "multi_thread")]
async fn what_differs_from_a_guess_is_looked_at_before_it_is_reported() {
    story("unasked-reported")
        .tell(async |story| {
            let reported = snipe().with("driftPolicy", "Report");
            is_registered_with_other_tags(story, &reported).await;
            story.is_ready("snipe").await;
            assert_eq!(asked_of_runners(story), []);
            story.apply(&reported.tagged(["later"])).await;
            story
                .runner_says("snipe", "the difference is told", |runner| {
                    let synced = condition(&Some(runner.clone()), "Synced");
                    synced.is_some_and(|synced| synced.reason == "Drifted")
                })
                .await;
            let object: GitLabRunner = story.get("snipe").await.unwrap();
            assert_eq!(object.status.unwrap().drift[0].actual, "[other]");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_goes_with_one_request() {
    story("unasked-removal")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&snipe()).await;
            story.is_ready("snipe").await;
            story.gitlab.clear_requests();
            story.delete(&snipe()).await;
            story.is_gone(&snipe()).await;
            let asked = asked_of_runners(story);
            assert_eq!(asked, [("DELETE".to_owned(), Some(204))]);
        })
        .await;
}

/// As after a restore of GitLab that nobody has noticed yet.
#[tokio::test(flavor = "multi_thread")]
async fn another_runner_that_has_its_number_now_is_not_removed_unseen() {
    story("unasked-restored")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&snipe()).await;
            let object = story.is_ready("snipe").await;
            let id = number(&object).unwrap();
            // GitLab's times are compared by the second.
            until("it was made some time ago", async || {
                let created = object.metadata.creation_timestamp.as_ref().unwrap().0;
                let age = story.gitlab.now().duration_since(created);
                (age.as_secs() >= 3).then_some(()).ok_or(age.to_string())
            })
            .await;
            story.gitlab.forgets(id);
            let theirs = json!({ "do": "add_runner", "type": "group", "group": "platform", "id": id,
                "settings": { "description": "by hand" } });
            let theirs: Value = story.gitlab.does(theirs);
            story.gitlab.clear_requests();
            story.delete(&snipe()).await;
            story.is_not_ready("snipe", "RunnerForeign").await;
            assert_eq!(story.gitlab.only_runner(), theirs);
            let asked = asked_of_runners(story);
            assert_eq!(asked[0], ("DELETE".to_owned(), Some(412)), "{asked:?}");
            let policy = json!({ "spec": { "deletionPolicy": "Orphan" } });
            story.edit::<GitLabRunner>("snipe", policy).await;
            story.is_gone(&snipe()).await;
        })
        .await;
}
