//! SIGTERM ends the operator in time, whatever it is at, and what is under way is finished where that
//! is in its power.
use std::time::Duration;

use gitlab_sim::{Fault, Rule};
use serde_json::json;

use crate::harness::{Story, runner, story, until};

const POST: &str = "/api/v4/user/runners";
/// Stories give passes less time than this.
const LIMIT: Duration = Duration::from_secs(20);

/// Tells it to stop, and expects it to end well and in time.
async fn stops_well(story: &Story<'_>) {
    let (code, took) = story.the_operator_is_told_to_stop().await;
    let lines = story.operator().lines();
    assert_eq!(code, 0, "{lines}");
    assert!(took < LIMIT, "{took:?}:\n{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_operator_stops_and_comes_back_to_what_it_left() {
    story("shutdown-idle")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("dozing")).await;
            let before = story.is_ready("dozing").await;
            stops_well(story).await;
            story.gitlab.clear_requests();
            story.the_operator_starts().await;
            story.apply(&runner("dozing").tagged(["awake"])).await;
            let after = story.is_ready("dozing").await;
            let id = |runner: &gitlab_runner_registrar::api::v1alpha1::GitLabRunner| {
                runner.status.as_ref().unwrap().runner.as_ref().unwrap().id
            };
            assert_eq!(id(&before), id(&after));
            assert_eq!(
                story.gitlab.changes_asked().len(),
                1,
                "one PUT and nothing else"
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_under_way_is_finished_first() {
    story("shutdown-in-a-pass")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("busy")).await;
            story.is_ready("busy").await;
            let late = Rule::new("PUT", "/api/v4/runners/*", Fault::Delay { ms: 1500 });
            story.gitlab.misbehaves(late.after_doing());
            story.apply(&runner("busy").tagged(["last-wish"])).await;
            until("GitLab has done it and is about to say so", async || {
                let there = story.gitlab.only_runner();
                let done = there["tag_list"] == json!(["last-wish"]);
                if done {
                    Ok(())
                } else {
                    Err(format!("{there:#}"))
                }
            })
            .await;
            stops_well(story).await;
            let tags = story
                .is_ready("busy")
                .await
                .status
                .unwrap()
                .runner
                .unwrap()
                .tags;
            assert_eq!(tags, ["last-wish"], "the pass had time to write its status");
        })
        .await;
}

fn posts(story: &Story<'_>) -> usize {
    let asked = story.gitlab.changes_asked();
    let posts = asked
        .iter()
        .filter(|(how, what, _)| (how.as_str(), what.as_str()) == ("POST", "/user/runners"));
    posts.count()
}

/// A registration that GitLab has carried out must not be cut off by an ordinary upgrade.
#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_takes_twelve_seconds_is_finished_first() {
    story("shutdown-in-a-registration")
        .finishing_within("25s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let late = Rule::new("POST", POST, Fault::Delay { ms: 12_000 });
            story.gitlab.misbehaves(late.after_doing());
            story.apply(&runner("tortoise")).await;
            story
                .gitlab
                .is_asked("the POST", |asked| asked.path == POST)
                .await;
            let (code, _) = story.the_operator_is_told_to_stop().await;
            assert_eq!(code, 0, "{}", story.operator().lines());
            let token = story.token_in("tortoise-runner-token").await;
            assert!(story.gitlab.accepts(&token).await);
            story.gitlab.recovers();
            story.the_operator_starts().await;
            story.is_ready("tortoise").await;
            assert_eq!(posts(story), 1);
            assert_eq!(story.token_in("tortoise-runner-token").await, token);
        })
        .await;
}

/// What cannot be repeated is not begun when there may be no time left for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_has_not_posted_yet_leaves_that_to_the_next_process() {
    story("shutdown-before-a-post")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let groups = Rule::new("GET", "/api/v4/groups/*", Fault::Gate);
            let gate = story.gitlab.misbehaves(groups);
            story.apply(&runner("hare").in_group("platform")).await;
            story.gitlab.holds_one(gate).await;
            let goes_on = async {
                until("it has heard of the stop", async || {
                    let lines = story.operator().lines();
                    let heard = lines.contains("stopping: finishing what is under way");
                    heard.then_some(()).ok_or(lines)
                })
                .await;
                story.gitlab.recovers();
            };
            tokio::join!(stops_well(story), goes_on);
            assert_eq!(posts(story), 0, "{:#?}", story.gitlab.asked());
            story.the_operator_starts().await;
            story.is_ready("hare").await;
            assert_eq!(posts(story), 1);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_list_has_come_in() {
    story("shutdown-forbidden")
        .without_rights()
        .tell(async |story| {
            until("the watches are refused", async || {
                let log = story.operator().lines();
                let refused = log.contains("watch interrupted");
                if refused { Ok(()) } else { Err(log) }
            })
            .await;
            assert!(!story.operator().says_ready().await);
            stops_well(story).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_api_server_hangs() {
    story("shutdown-no-api-server")
        .on_a_stage_of_its_own()
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("stranded")).await;
            story.is_ready("stranded").await;
            story.stage.plane.stop_apiserver().await.unwrap();
            stops_well(story).await;
            story.stage.plane.resume_apiserver().await.unwrap();
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_gitlab_hangs() {
    story("shutdown-gitlab-hangs")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("patient")).await;
            story.is_ready("patient").await;
            story
                .gitlab
                .answers("PUT", "/api/v4/runners/*", Fault::Hang);
            story.apply(&runner("patient").tagged(["never-told"])).await;
            story
                .gitlab
                .is_asked("the PUT hangs", |asked| asked.method == "PUT")
                .await;
            stops_well(story).await;
        })
        .await;
}
