//! Runners that are paused by the clock.
use std::time::Duration;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::clock;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{Manifest, PATIENCE, Story, manifests, runner, story, within};

const PAGE: &str = include_str!("../../docs/pause.md");

/// Windows that are open, and that open in half a year.
fn open() -> Value {
    json!([{ "schedule": "* * * * *", "duration": "1h" }])
}

fn closed() -> Value {
    let month = (clock::now() + SignedDuration::from_hours(24 * 180)).to_string();
    let month = month[5..7].trim_start_matches('0').to_owned();
    json!([{ "schedule": format!("0 0 1 {month} *"), "duration": "1h", "timeZone": "Asia/Tokyo" }])
}

/// A window that is open now and ends within the next minute or the one after it, and when that is.
fn about_to_end() -> (Value, Timestamp) {
    let now = clock::now();
    let begun = Timestamp::from_second(now.as_second() / 60 * 60).unwrap();
    // It takes some seconds to be registered.
    let minutes = if now.duration_since(begun).as_secs() < 25 {
        1
    } else {
        2
    };
    let clock = begun.to_string();
    let (hour, minute) = (&clock[11..13], &clock[14..16]);
    let schedule = format!("{minute} {hour} * * *");
    let window = json!([{ "schedule": schedule, "duration": format!("{minutes}m") }]);
    (window, begun + SignedDuration::from_mins(minutes))
}

async fn is_paused(story: &Story<'_>, paused: bool) {
    within(Duration::from_mins(3), "paused or not", async || {
        let there = story.gitlab.only_runner();
        let so = there["paused"] == paused;
        so.then_some(())
            .ok_or(format!("paused: {}", there["paused"]))
    })
    .await;
}

async fn pausing(story: &Story<'_>, name: &str) -> Value {
    let object: GitLabRunner = story.get(name).await.unwrap();
    json!(object.status.unwrap().pausing)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_pauses_whatever_paused_says() {
    story("pausing-precedence")
        .resyncing_every("1s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let manifest = runner("nightjar").with("paused", false);
            story
                .apply(&manifest.clone().with("pauseWindows", open()))
                .await;
            story.is_ready("nightjar").await;
            is_paused(story, true).await;
            assert_eq!(
                pausing(story, "nightjar").await,
                json!({ "windowOpen": true })
            );
            let manifest = manifest.with("pauseWindows", closed());
            story.apply(&manifest).await;
            is_paused(story, false).await;
            story.is_ready("nightjar").await;
            let told = pausing(story, "nightjar").await;
            assert_eq!(told["windowOpen"], false);
            let next: Timestamp = told["nextChange"].as_str().unwrap().parse().unwrap();
            assert!(next > clock::now());
            // Nobody else decides meanwhile, though `paused` is left out.
            story.apply(&manifest.without("paused")).await;
            let id = story.is_registered("nightjar").await;
            story.gitlab.changes(id, json!({ "paused": true }));
            is_paused(story, false).await;
        })
        .await;
}

/// Nothing else wakes an object that is settled for up to an hour.
#[tokio::test(flavor = "multi_thread")]
async fn a_settled_runner_is_woken_when_its_window_ends() {
    story("pausing-woken")
        .resyncing_every("1h")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let (windows, end) = about_to_end();
            story
                .apply(&runner("owl").with("pauseWindows", windows))
                .await;
            story.is_ready("owl").await;
            assert_eq!(story.gitlab.only_runner()["paused"], true);
            let told = pausing(story, "owl").await;
            assert_eq!(
                told,
                json!({ "windowOpen": true, "nextChange": end.to_string() })
            );
            is_paused(story, false).await;
            let late = clock::now().duration_since(end);
            assert!(!late.is_negative() && late.as_secs() < 60, "{late}");
            let told = story.tells_once("owl", "Updated").await;
            assert_eq!(told, "changed paused from \"true\" to \"false\"");
            assert!(story.events("owl", "DriftCorrected").await.is_empty());
            within(PATIENCE, "status says so", async || {
                let told = pausing(story, "owl").await;
                let so = told["windowOpen"] == false;
                so.then_some(()).ok_or(told.to_string())
            })
            .await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_drift_is_reported_no_window_pauses() {
    story("pausing-reported")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let manifest = runner("frogmouth").with("pauseWindows", closed());
            story.apply(&manifest.clone().only_reported()).await;
            story.is_ready("frogmouth").await;
            story.gitlab.clear_requests();
            let manifest = manifest.with("pauseWindows", open());
            story.apply(&manifest.only_reported()).await;
            story.is_ready_though("frogmouth", "Drifted").await;
            assert_eq!(story.gitlab.changes_asked(), []);
            assert_eq!(story.gitlab.only_runner()["paused"], false);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_cannot_be_leaves_the_runner_as_it_is() {
    story("pausing-invalid")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let manifest = runner("oilbird").with("pauseWindows", open());
            story.apply(&manifest).await;
            story.is_ready("oilbird").await;
            for (schedule, zone, words) in [
                ("0 0 30 2 *", "UTC", "\"0 0 30 2 *\" never comes"),
                ("0 25 * * *", "UTC", "\"0 25 * * *\" is no schedule of cron"),
                ("0 0 * * *", "Europe/Berlln", "\"Europe/Berlln\" is no zone"),
            ] {
                let window = json!([{ "schedule": schedule, "duration": "1h", "timeZone": zone }]);
                let wrong = manifest.clone().with("pauseWindows", window);
                story.apply(&wrong).await;
                let told = within(PATIENCE, words, async || {
                    let told = story.is_not_ready("oilbird", "InvalidSpec").await;
                    let so = told.contains(words);
                    so.then_some(told.clone()).ok_or(told)
                });
                assert!(told.await.starts_with("pauseWindows: "));
            }
            assert_eq!(story.gitlab.only_runner()["paused"], true);
            story.apply(&manifest).await;
            story.is_ready("oilbird").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_page_about_pausing_work() {
    story("pausing-page")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let shown: Vec<Manifest> = manifests(PAGE);
            assert_eq!(shown.len(), 2);
            for manifest in shown {
                story.apply(&manifest.in_group("platform")).await;
                story.is_ready("linux").await;
            }
            let told = pausing(story, "linux").await;
            assert!(told["nextChange"].is_string(), "{told}");
        })
        .await;
}
