//! Somebody answers in GitLab's place, or a GitLab that writes nothing at the moment: neither is a
//! judgement on a runner, and nothing is made twice.
use std::time::Duration;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use super::{POST, attempts, count, stays};
use crate::harness::{Story, condition, runner, says, story, until};

/// What a gateway answers that knows no such route.
fn no_route() -> Fault {
    Fault::reply(
        404,
        json!({ "message": "no Route matched with those values" }),
    )
}

async fn is_asked_for(story: &Story<'_>, method: &str, path: &str, times: usize) {
    until("GitLab is asked", async || {
        let asked = count(story, method, path);
        if asked >= times {
            Ok(())
        } else {
            Err(format!("{asked}"))
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateways_404_makes_no_second_runner_and_ends_no_deletion() {
    story("foreign-gateway")
        .resyncing_every("1s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("sora")).await;
            let id = story.is_registered("sora").await;
            let path = format!("/api/v4/runners/{id}");
            for (method, path) in [
                ("GET", &*path),
                ("DELETE", &path),
                ("POST", "/api/graphql"),
                ("GET", "/api/v4/groups/*/runners"),
            ] {
                story.gitlab.answers(method, path, no_route());
            }
            story.gitlab.clear_requests();
            is_asked_for(story, "GET", &path, 3).await;
            assert_eq!(attempts(story, "sora").len(), 0);
            story.delete(&runner("sora")).await;
            let told = story.is_not_ready("sora", "GitLabUnavailable").await;
            assert!(told.contains("no Route matched"), "{told}");
            stays("it is still there", Duration::from_secs(8), || {
                let there = story.gitlab.runners().len();
                (there == 1).then_some(()).ok_or(format!("{there}"))
            })
            .await;
            let there: Option<GitLabRunner> = story.get("sora").await;
            assert!(condition(&there, "Stalled").is_none(), "{there:?}");
            let removed = story.events("sora", "RunnerRemoved").await;
            assert_eq!(removed, Vec::<String>::new());
            story.gitlab.recovers();
            story.is_gone(&runner("sora")).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
        })
        .await;
}

/// Each is the answer of somebody in between, after GitLab has done what it was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_somebody_else_refuses_makes_one_runner() {
    story("foreign-registration")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let redirect = Fault::Reply {
                status: 301,
                headers: [("location".to_owned(), "https://sso.example.com/".to_owned())].into(),
                body: Value::Null,
            };
            let rows = [
                ("knot", Fault::Proxy { status: 403 }),
                ("ruff", no_route()),
                ("stint", Fault::reply(403, Value::Null)),
                ("dunlin", redirect),
            ];
            for (name, fault) in rows.clone() {
                let own = format!("{}/{name}", story.namespace);
                let rule = Rule::new("POST", POST, fault).after_doing().times(1);
                story.gitlab.misbehaves(rule.body_contains(&own));
                story.apply(&runner(name)).await;
            }
            for (name, _) in rows.clone() {
                story.is_ready(name).await;
                assert_eq!(attempts(story, name).len(), 1, "{name}");
            }
            assert_eq!(story.gitlab.runners().len(), rows.len());
        })
        .await;
}

/// Waiting for a GitLab that is to write again is being at work, and no attempt is left open.
async fn is_waited_for(story: &Story<'_>, name: &str, told: &str) {
    let seen = story
        .runner_says(name, "it waits", |runner| {
            says(runner, "Ready", "Unknown", "GitLabUnavailable")
                && says(runner, "Reconciling", "True", "GitLabUnavailable")
        })
        .await;
    assert!(condition(&seen, "Stalled").is_none(), "{seen:?}");
    let message = condition(&seen, "Ready").unwrap().message;
    assert!(message.contains(told), "{message}");
    assert!(!message.contains("URL"), "{message}");
    assert_eq!(seen.status.unwrap().registration, None);
}

fn set(story: &Story<'_>, name: &str, value: bool) {
    story
        .gitlab
        .does(json!({ "do": "settings", "set": { (name): value } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gitlab_that_does_not_write_is_waited_for() {
    story("foreign-read-only")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            set(story, "database_read_only", true);
            story.apply(&runner("avocet")).await;
            is_waited_for(story, "avocet", "You cannot perform write operations").await;
            set(story, "database_read_only", false);
            story.is_ready("avocet").await;
            assert_eq!(
                story.gitlab.only_runner()["description"],
                "foreign-read-only/avocet"
            );
        })
        .await;
}

/// GitLab says when to come back, and is asked no sooner.
#[tokio::test(flavor = "multi_thread")]
async fn maintenance_is_over_when_gitlab_says() {
    story("foreign-maintenance")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let text = "GitLab Maintenance: system is in maintenance mode";
            let maintenance = Fault::Reply {
                status: 503,
                headers: [("retry-after".to_owned(), "6".to_owned())].into(),
                body: json!({ "message": text }),
            };
            let rule = Rule::new("POST", POST, maintenance.clone()).times(1);
            story.gitlab.misbehaves(rule);
            story.apply(&runner("crake")).await;
            is_waited_for(story, "crake", text).await;
            story.is_ready("crake").await;
            let attempts = attempts(story, "crake");
            assert_eq!(attempts.len(), 2, "{attempts:#?}");
            let waited = attempts[1].at.duration_since(attempts[0].at);
            assert!(waited.as_secs() >= 6, "{waited}");

            // A change waits as well, and a runner that was ready is not called stuck.
            let id = story.gitlab.only_runner()["id"].as_i64().unwrap();
            let path = format!("/api/v4/runners/{id}");
            story
                .gitlab
                .misbehaves(Rule::new("PUT", &path, maintenance).times(1));
            story.apply(&runner("crake").tagged(["later"])).await;
            story.is_ready("crake").await;
            assert_eq!(story.gitlab.only_runner()["tag_list"], json!(["later"]));
            assert_eq!(count(story, "PUT", &path), 2);
        })
        .await;
}
