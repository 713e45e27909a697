//! Killed at the worst moments of a registration, the operator ends up with exactly one runner, and
//! with its token in the Secret.
use std::time::Duration;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Recorded, Rule};
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use crate::harness::{Story, condition, runner, shown, story, token, until, within};

const POST: &str = "/api/v4/user/runners";
/// The grace time for an attempt of unknown outcome is a minute, and the rest of a story comes on top.
const GRACE_AND_MORE: Duration = Duration::from_mins(3);

/// There is one runner, the operator knows it, and the Secret opens it.
async fn all_is_well(story: &Story<'_>, name: &str) {
    within(GRACE_AND_MORE, "the runner is ready", async || {
        let object = story.get::<GitLabRunner>(name).await;
        let ready = object.as_ref().is_some_and(is_ready);
        if ready { Ok(()) } else { Err(shown(&object)) }
    })
    .await;
    let known = story
        .is_ready(name)
        .await
        .status
        .unwrap()
        .runner
        .unwrap()
        .id;
    assert_eq!(story.gitlab.only_runner()["id"], known);
    let token = story.token_in(&format!("{name}-runner-token")).await;
    assert!(
        story.gitlab.accepts(&token).await,
        "the Secret holds another token"
    );
}

fn is_ready(runner: &GitLabRunner) -> bool {
    condition(runner, "Ready").is_some_and(|ready| ready.status == "True")
}

/// What makes one more runner in the group, as an earlier attempt would have.
fn with_an_earlier_mark(runner: &Value) -> Value {
    let mark = runner["maintenance_note"].as_str().unwrap();
    let (ours, _attempt) = mark.rsplit_once('/').unwrap();
    let settings = json!({
        "description": runner["description"],
        "maintenance_note": format!("{ours}/0]"),
    });
    json!({ "do": "add_runner", "type": "group", "group": "platform", "settings": settings })
}

fn posts(story: &Story<'_>) -> usize {
    let posts = story.gitlab.requests();
    posts
        .iter()
        .filter(|asked| asked.method == "POST" && asked.path == POST)
        .count()
}

/// An earlier attempt that GitLab carried out too late has left a runner behind, with our mark.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_with_its_mark_the_one_of_the_last_attempt_is_kept() {
    story("crash-twins")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let gate = story
                .gitlab
                .misbehaves(Rule::new("POST", POST, Fault::Gate).after_doing());
            story.apply(&runner("twin").in_group("platform")).await;
            story.gitlab.holds_one(gate).await;
            story.the_operator_is_killed().await;
            story.gitlab.recovers();
            let wanted = story.gitlab.only_runner();
            story.gitlab.does(with_an_earlier_mark(&wanted));
            assert_eq!(story.gitlab.runners().len(), 2);
            story.the_operator_starts().await;
            all_is_well(story, "twin").await;
            assert_eq!(story.gitlab.only_runner()["id"], wanted["id"]);
            assert_eq!(posts(story), 1);
            let told = story.tells_once("twin", "RunnerRemoved").await;
            assert!(told.contains("a lost answer had left it behind"), "{told}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_when_gitlab_has_made_the_runner() {
    story("crash-after-post")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let gate = story
                .gitlab
                .misbehaves(Rule::new("POST", POST, Fault::Gate).after_doing());
            story.apply(&runner("orphan").in_group("platform")).await;
            story.gitlab.holds_one(gate).await;
            story.the_operator_is_killed().await;
            story.gitlab.recovers();
            assert!(story.get::<Secret>("orphan-runner-token").await.is_none());
            story.the_operator_starts().await;
            all_is_well(story, "orphan").await;
            assert_eq!(
                posts(story),
                1,
                "it is found by its mark and not made again"
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_when_the_answer_has_come_but_no_secret_can_be_written() {
    story("crash-after-answer")
        .on_a_stage_of_its_own()
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let gate = story
                .gitlab
                .misbehaves(Rule::new("POST", POST, Fault::Gate).after_doing());
            story
                .apply(&runner("widow").in_project("platform/docs"))
                .await;
            story.gitlab.holds_one(gate).await;
            story.stage.plane.stop_apiserver().await.unwrap();
            story.gitlab.recovers();
            let answered = |asked: &Recorded| asked.path == POST && asked.status == Some(201);
            story
                .gitlab
                .is_asked("the POST is answered", answered)
                .await;
            story.the_operator_is_killed().await;
            story.stage.plane.resume_apiserver().await.unwrap();
            story.the_operator_starts().await;
            all_is_well(story, "widow").await;
            assert_eq!(posts(story), 1);
        })
        .await;
}

/// A credential that may not search finds the runner by the number that came with the lost token.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_could_not_be_kept_costs_no_runner() {
    story("crash-no-secret")
        .tell(async |story| {
            story.connects("gitlab", token::NARROW).await;
            let gate = story
                .gitlab
                .misbehaves(Rule::new("POST", POST, Fault::Gate).after_doing());
            story.apply(&runner("foundling")).await;
            story.gitlab.holds_one(gate).await;
            story.may_no_longer("create", "secrets").await;
            story.gitlab.recovers();
            let noted = |runner: &GitLabRunner| {
                let status = runner.status.as_ref();
                let last = status.and_then(|status| status.registration.as_ref());
                last.is_some_and(|last| last.runner_id.is_some())
            };
            story
                .runner_says("foundling", "its number is kept", noted)
                .await;
            story.rights_are_granted().await;
            all_is_well(story, "foundling").await;
            assert_eq!(posts(story), 1);
        })
        .await;
}

/// Nor does one whose object has changed meanwhile, so that its status is out of date.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_could_not_be_kept_leaves_nothing_behind_an_object_that_goes() {
    story("crash-no-secret-gone")
        .tell(async |story| {
            story.connects("gitlab", token::NARROW).await;
            let gate = story
                .gitlab
                .misbehaves(Rule::new("POST", POST, Fault::Gate).after_doing());
            story.apply(&runner("changeling")).await;
            story.gitlab.holds_one(gate).await;
            story.may_no_longer("create", "secrets").await;
            story.delete(&runner("changeling")).await;
            story.gitlab.recovers();
            story.is_gone(&runner("changeling")).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            assert_eq!(posts(story), 1);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_when_the_secret_is_written_and_the_status_is_not() {
    story("crash-after-secret")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let gate = story
                .gitlab
                .misbehaves(Rule::new("POST", POST, Fault::Gate).after_doing());
            story.apply(&runner("amnesiac")).await;
            story.gitlab.holds_one(gate).await;
            // The first thing after the Secret is the status.
            story.may_no_longer("update", "gitlabrunners/status").await;
            story.gitlab.recovers();
            until("the Secret is written", async || {
                let secret = story.get::<Secret>("amnesiac-runner-token").await;
                secret.map(drop).ok_or("there is none yet".to_owned())
            })
            .await;
            let token = story.token_in("amnesiac-runner-token").await;
            story.the_operator_is_killed().await;
            story.rights_are_granted().await;
            story.the_operator_starts().await;
            all_is_well(story, "amnesiac").await;
            assert_eq!(posts(story), 1);
            assert_eq!(
                story.token_in("amnesiac-runner-token").await,
                token,
                "and no reset"
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_intent_and_the_registration() {
    story("crash-after-intent")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            // GitLab never gets to see the request.
            story.gitlab.answers("POST", POST, Fault::Hang);
            story.apply(&runner("unborn").in_group("platform")).await;
            story
                .gitlab
                .is_asked("the POST", |asked| asked.path == POST)
                .await;
            story.the_operator_is_killed().await;
            story.gitlab.recovers();
            assert_eq!(story.gitlab.runners().len(), 0);
            story.the_operator_starts().await;
            story.is_not_ready("unborn", "RegistrationUnclear").await;
            assert_eq!(
                posts(story),
                1,
                "not registered again while the first may still count"
            );
            all_is_well(story, "unborn").await;
            assert_eq!(posts(story), 2);

            // The first comes to life after all, long after anybody waited for it.
            let there = story.gitlab.only_runner();
            let twin = with_an_earlier_mark(&there);
            story.gitlab.does(twin);
            until("the late one is removed", async || {
                let there = story.gitlab.runners();
                (there.len() == 1)
                    .then_some(())
                    .ok_or(format!("{there:#?}"))
            })
            .await;
            assert_eq!(story.gitlab.only_runner()["id"], there["id"]);
            let told = story.tells_once("unborn", "RunnerRemoved").await;
            assert!(told.contains("a lost answer had left it behind"), "{told}");

            // An hour later nothing is looked for any more, and that is said.
            let hour_ago = story.gitlab.now() - jiff::SignedDuration::from_hours(1);
            story
                .status_says(
                    "unborn",
                    json!({ "registration": { "givenUp": { "attemptedAt": hour_ago } } }),
                )
                .await;
            story.tells_once("unborn", "AttemptAbandoned").await;
            story.operator().has_warned("AttemptAbandoned").await;
        })
        .await;
}
