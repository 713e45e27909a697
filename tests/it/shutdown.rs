//! SIGTERM ends the operator within ten seconds, whatever it is at, and what is under way is
//! finished where that is in its power.
use std::time::Duration;

use gitlab_sim::{Fault, Rule};
use serde_json::json;

use crate::harness::{Story, runner, story, until};

const LIMIT: Duration = Duration::from_secs(10);

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
