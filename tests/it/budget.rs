//! How much is asked of GitLab in a minute, and who goes first.
use std::time::Duration;

use futures::future::join_all;
use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, GitLabRunner};
use gitlab_sim::{Fault, Recorded, Rule};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, ListParams};

use crate::harness::{Manifest, Story, condition, connection, runner, story, token, until, within};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The most that was asked in any 60 seconds.
fn most(asked: &[Recorded]) -> usize {
    let within = |first: usize| {
        let end = asked[first].at + MINUTE;
        asked[first..].iter().take_while(|it| it.at < end).count()
    };
    (0..asked.len()).map(within).max().unwrap_or_default()
}

fn names(some: usize) -> Vec<String> {
    (0..some)
        .map(|number| format!("crowd-{number:02}"))
        .collect()
}

async fn apply_all(story: &Story<'_>, some: impl Iterator<Item = Manifest>) {
    join_all(some.map(async |manifest| story.apply(&manifest).await)).await;
}

/// Waits until one of them says that it waits, and tells what it says.
async fn one_waits(story: &Story<'_>, names: &[String]) -> String {
    until("one says that it waits for its turn", async || {
        for name in names {
            let object: Option<GitLabRunner> = story.get(name).await;
            let message = condition(&object, "Reconciling").map(|it| it.message);
            if let Some(message) = message.filter(|it| it.starts_with("waiting for its turn")) {
                let ready = condition(&object, "Ready").unwrap();
                assert_eq!(
                    (ready.status.as_str(), ready.reason.as_str()),
                    ("Unknown", "Pending")
                );
                return Ok(message);
            }
        }
        Err("nobody".to_owned())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_minute_has_more_than_the_connection_says() {
    story("budget-ceiling")
        .tell(async |story| {
            story.connects("gitlab", token::ADMIN).await;
            let small = connection("gitlab", story.gitlab.url()).with("requestsPerMinute", 20);
            story.apply(&small).await;
            story.is_connected("gitlab").await;
            let names = names(30);
            apply_all(story, names.iter().map(|name| runner(name))).await;
            let message = one_waits(story, &names).await;
            let words = "the 20 requests a minute that GitLabConnection gitlab may send";
            assert!(message.contains(words), "{message}");
            assert!(message.contains("spec.requestsPerMinute"), "{message}");
            let line = r#"request_budget_waiting{kind="GitLabConnection",namespace="budget-ceiling",name="gitlab",lane="change"} "#;
            let (_, text) = story.operator().scraped("text/plain").await;
            let waiting = text.split_once(line).unwrap().1;
            assert!(!waiting.starts_with("0\n"), "{text}");
            // The next minute begins a minute after the first request.
            let soon = Duration::from_secs(150);
            within(soon, "more is asked when there is room again", async || {
                let asked = story.gitlab.requests();
                (asked.len() > 20).then_some(()).ok_or(format!("{}", asked.len()))
            })
            .await;
            let asked = story.gitlab.requests();
            assert!(most(&asked) <= 20, "{:#?}", story.gitlab.asked());
        })
        .await;
}

/// Also when one of them is made again.
#[tokio::test(flavor = "multi_thread")]
async fn two_connections_with_one_credential_share_a_budget() {
    story("budget-shared")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.connects("second", token::ADMIN).await;
            let small = connection("second", story.gitlab.url()).with("requestsPerMinute", 20);
            story.apply(&small).await;
            story.is_connected("second").await;
            let names = names(20);
            apply_all(story, names.iter().map(|name| runner(name))).await;
            let message = one_waits(story, &names).await;
            assert!(message.contains("the 20 requests a minute"), "{message}");
            story.delete(&small).await;
            story.is_gone(&small).await;
            story.apply(&small).await;
            // That there is no room for a look at it is no fault of its own.
            until("it says that it waits as well", async || {
                let again: Option<GitLabConnection> = story.get("second").await;
                let message = condition(&again, "Ready").map(|it| it.message);
                let message = message.unwrap_or_default();
                message
                    .starts_with("waiting for its turn")
                    .then_some(())
                    .ok_or(message)
            })
            .await;
            assert!(most(&story.gitlab.requests()) <= 20);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_goes_before_what_is_due() {
    story("budget-lanes")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let names = names(30);
            apply_all(story, names.iter().map(|name| runner(name))).await;
            for name in &names {
                story.is_ready(name).await;
            }
            // Another credential has a budget of its own, of which nothing is used yet.
            story.connects("gitlab", token::SPARE).await;
            let small = connection("gitlab", story.gitlab.url()).with("requestsPerMinute", 30);
            story.apply(&small).await;
            until("the other credential is in use", async || {
                let connection: Option<GitLabConnection> = story.get("gitlab").await;
                let credential = connection.and_then(|it| it.status?.credential);
                let name = credential.map(|it| it.name).unwrap_or_default();
                (name == "spare").then_some(()).ok_or(name)
            })
            .await;
            story.is_connected("gitlab").await;
            story.gitlab.clear_requests();
            let secret = |name: &String| format!("{name}-runner-token");
            let lose = names.iter().map(async |name| {
                let api = story.api::<Secret>();
                api.delete(&secret(name), &DeleteParams::default())
                    .await
                    .unwrap();
            });
            join_all(lose).await;
            until("those that have lost their Secrets wait", async || {
                let (_, text) = story.operator().scraped("text/plain").await;
                let line = text.lines().find(|line| {
                    line.contains(r#"lane="due"} "#) && line.contains("budget_waiting")
                });
                let line = line.unwrap_or_default();
                (!line.is_empty() && !line.ends_with(" 0"))
                    .then_some(())
                    .ok_or(line.to_owned())
            })
            .await;
            story.apply(&runner("crowd-07").tagged(["urgent"])).await;
            let edits = |asked: &Recorded| {
                asked.method == "PUT" && asked.body.to_string().contains("urgent")
            };
            story.gitlab.is_asked("the edit", edits).await;
            let there = story
                .api::<Secret>()
                .list(&ListParams::default())
                .await
                .unwrap();
            let there = there
                .items
                .iter()
                .filter_map(|it| it.metadata.name.as_deref());
            let there: Vec<&str> = there
                .filter(|name| name.ends_with("-runner-token"))
                .collect();
            assert!(there.len() < names.len(), "nobody had to wait: {there:?}");
            assert!(most(&story.gitlab.requests()) <= 30);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_asks_once_for_each_time_that_gitlab_says_no() {
    story("budget-refused")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.gitlab.clear_requests();
            story.gitlab.misbehaves(Rule::always(Fault::throttle(3)));
            let names = names(20);
            apply_all(story, names.iter().map(|name| runner(name))).await;
            let some = 4;
            let gaps = until("it is asked again and again", async || {
                let asked = story.gitlab.requests();
                let gaps = asked
                    .windows(2)
                    .map(|two| two[1].at.duration_since(two[0].at));
                let long: Vec<_> = gaps
                    .filter(|gap| *gap >= SignedDuration::from_secs(3))
                    .collect();
                if long.len() >= some {
                    Ok(long)
                } else {
                    Err(format!("{:#?}", story.gitlab.asked()))
                }
            })
            .await;
            // Those that were on their way when the first was refused, and one for each silence.
            let asked = story.gitlab.requests();
            let after = asked
                .iter()
                .filter(|it| it.at.duration_since(asked[0].at) >= SignedDuration::from_secs(3));
            assert!(after.count() <= gaps.len(), "{:#?}", story.gitlab.asked());
            story.gitlab.recovers();
            for name in &names {
                story.is_ready(name).await;
            }
        })
        .await;
}
