//! A second runner takes the place of one whose token is due, which goes when its jobs are over.
use gitlab_runner_registrar::api::v1alpha1::{GitLabRunner, PredecessorStatus};
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use super::{KEPT, answers, asks, knot, resets};
use crate::harness::{Manifest, Story, condition, connection, story, until};

fn overlapping() -> Manifest {
    knot().with("tokenRotation.overlap", "Twin")
}

fn calls(story: &Story<'_>, id: i64, system_id: &str) {
    let manager = json!({ "system_id": system_id, "version": "18.1.0", "platform": "linux" });
    story
        .gitlab
        .does(json!({ "do": "contact", "runner": id, "manager": manager }));
}

/// Registers it, has a process come with its token, and waits until that is known.
async fn is_used(story: &Story<'_>, manifest: &Manifest) -> i64 {
    story.is_connected_to_gitlab().await;
    story.apply(manifest).await;
    let id = story.is_registered("knot").await;
    calls(story, id, "s_a");
    story
        .runner_says("knot", "a process has come", |runner| {
            let status = runner.status.as_ref().unwrap();
            status.runner.as_ref().and_then(|it| it.online) == Some(true)
        })
        .await;
    id
}

/// Waits until another runner has its place, which is Ready; tells its number.
async fn has_a_successor(story: &Story<'_>, id: i64) -> i64 {
    let object = story
        .runner_says("knot", "another has its place", |object| {
            let status = object.status.as_ref().unwrap();
            let ready = condition(object, "Ready").is_some_and(|it| it.status == "True");
            let runner = status.runner.as_ref().map(|runner| runner.id);
            ready && runner.is_some_and(|runner| runner != id)
        })
        .await;
    object.status.unwrap().runner.unwrap().id
}

async fn predecessor(
    story: &Story<'_>,
    what: &str,
    fits: impl Fn(&Option<PredecessorStatus>) -> bool,
) -> Option<PredecessorStatus> {
    let object = story
        .runner_says("knot", what, |object| {
            fits(&object.status.as_ref().unwrap().predecessor)
        })
        .await;
    object.status.unwrap().predecessor
}

fn takes_a_job(story: &Story<'_>, id: i64) -> Value {
    story
        .gitlab
        .does(json!({ "do": "queue_job", "project": "platform/docs" }));
    let taken = story.gitlab.does(json!({ "do": "take_job", "runner": id }));
    assert!(!taken["job"].is_null(), "{taken}");
    taken["job"].clone()
}

fn numbers(story: &Story<'_>) -> Vec<i64> {
    let there = story.gitlab.runners();
    let mut numbers: Vec<i64> = there.iter().map(|it| it["id"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_token_works_until_the_new_one_is_in_use_and_its_jobs_are_over() {
    story("rotation-twin")
        .resyncing_every("2s")
        .tell(async |story| {
            let manifest = overlapping().with("tags", json!(["linux"]));
            let old = is_used(story, &manifest).await;
            let job = takes_a_job(story, old);
            let by_hand = json!({ "run_untagged": false, "maximum_timeout": 7200 });
            let by_hand = json!({ "do": "edit_runner", "runner": old, "set": by_hand });
            story.gitlab.does(by_hand);
            let first = story.token_in(KEPT).await;
            story.edit::<GitLabRunner>("knot", asks("now")).await;
            let new = has_a_successor(story, old).await;
            answers(story, "now").await;
            let second = story.token_in(KEPT).await;
            assert!(first != second && story.gitlab.accepts(&second).await);
            let told = story.events("knot", "Registered").await;
            let expected = format!("registered runner {new} in the place of runner {old}");
            assert!(told.contains(&expected), "{told:?}");
            assert_eq!(story.events("knot", "Orphaned").await, Vec::<String>::new());
            // What spec does not name is as it was.
            let there = story.gitlab.runner(new).unwrap();
            assert_eq!(there["run_untagged"], false);
            assert_eq!(there["maximum_timeout"], 7200);
            // Nobody has come with the new token, and the old one gets jobs.
            let waits = predecessor(story, "it is on record", Option::is_some).await;
            assert_eq!(waits.unwrap().id, old);
            assert!(story.gitlab.accepts(&first).await);
            assert_eq!(story.gitlab.runner(old).unwrap()["paused"], false);

            calls(story, new, "s_b");
            let drains = |it: &Option<PredecessorStatus>| {
                it.as_ref().is_some_and(|it| it.running_jobs == Some(1))
            };
            predecessor(story, "its job is counted", drains).await;
            assert_eq!(story.gitlab.runner(old).unwrap()["paused"], true);
            assert_eq!(numbers(story), [old, new]);
            story.gitlab.does(json!({ "do": "finish_job", "job": job }));
            predecessor(story, "it is gone", Option::is_none).await;
            assert_eq!(numbers(story), [new]);
            let told = story.tells_once("knot", "RunnerRemoved").await;
            let expected =
                format!("removed runner {old} from GitLab, whose place another has taken");
            assert_eq!(told, expected);
            assert_eq!((story.token_in(KEPT).await, resets(story)), (second, 0));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_go_with_the_object() {
    story("rotation-twin-deleted")
        .resyncing_every("2s")
        .tell(async |story| {
            let old = is_used(story, &overlapping()).await;
            story.edit::<GitLabRunner>("knot", asks("now")).await;
            let new = has_a_successor(story, old).await;
            assert_eq!(numbers(story), [old, new]);
            story.delete(&overlapping()).await;
            story.is_gone(&overlapping()).await;
            assert_eq!(numbers(story), Vec::<i64>::new());
        })
        .await;
}

/// Its answer is lost with the token; the runner is found by its mark, and gets a token that is kept.
#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_registration_it_finds_the_successor() {
    story("rotation-twin-killed")
        .resyncing_every("2s")
        .tell(async |story| {
            let impatient = connection("gitlab", story.gitlab.url()).with("timeout", "5s");
            let old = is_used(story, &overlapping()).await;
            story.apply(&impatient).await;
            let first = story.token_in(KEPT).await;
            let post = Rule::new("POST", "/api/v4/user/runners", Fault::Gate).after_doing();
            let gate = story.gitlab.misbehaves(post);
            story.edit::<GitLabRunner>("knot", asks("now")).await;
            story.gitlab.holds_one(gate).await;
            story.the_operator_is_killed().await;
            story.gitlab.recovers();
            assert_eq!(numbers(story).len(), 2);
            assert!(story.gitlab.accepts(&first).await);
            story.the_operator_starts().await;
            let new = has_a_successor(story, old).await;
            assert_eq!(numbers(story), [old, new]);
            let second = story.token_in(KEPT).await;
            assert!(first != second && story.gitlab.accepts(&second).await);
            calls(story, new, "s_b");
            predecessor(story, "it is gone", Option::is_none).await;
            assert_eq!(numbers(story), [new]);
        })
        .await;
}

/// Of a runner that nobody uses there is nothing to overlap with, and its number stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_nobody_uses_keeps_its_number() {
    story("rotation-twin-idle")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&overlapping()).await;
            let id = story.is_registered("knot").await;
            let first = story.token_in(KEPT).await;
            story.edit::<GitLabRunner>("knot", asks("now")).await;
            super::has_another(story, &first).await;
            answers(story, "now").await;
            assert_eq!((numbers(story), resets(story)), (vec![id], 1));
        })
        .await;
}

/// Where no second runner may be registered the first one stays, and its token works.
#[tokio::test(flavor = "multi_thread")]
async fn a_successor_that_is_refused_leaves_the_runner_as_it_is() {
    story("rotation-twin-refused")
        .resyncing_every("2s")
        .tell(async |story| {
            let id = is_used(story, &overlapping()).await;
            let first = story.token_in(KEPT).await;
            let refusal = Fault::Reply {
                status: 403,
                headers: [].into(),
                body: json!({ "message": "403 Forbidden - Insufficient permissions" }),
            };
            story
                .gitlab
                .answers("POST", "/api/v4/user/runners", refusal);
            story.edit::<GitLabRunner>("knot", asks("now")).await;
            story.is_not_ready("knot", "GitLabRefused").await;
            assert_eq!(numbers(story), [id]);
            assert!(story.gitlab.accepts(&first).await);
            story.gitlab.recovers();
            let again = json!({ "metadata": { "annotations": {
                gitlab_runner_registrar::api::RECONCILE_AT: "now" } } });
            story.edit::<GitLabRunner>("knot", again).await;
            let new = has_a_successor(story, id).await;
            until("both are there", async || {
                let there = numbers(story);
                (there == [id, new])
                    .then_some(())
                    .ok_or(format!("{there:?}"))
            })
            .await;
        })
        .await;
}
