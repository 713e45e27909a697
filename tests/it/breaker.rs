//! Many runners vanish at once, or seem to: nothing is done about any of them, one condition says so, and all
//! goes on when they are back, or when somebody says that they are gone for good.
mod lists;

use futures::future::join_all;
use gitlab_runner_registrar::api::ACKNOWLEDGE_LOSS;
use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, GitLabRunner};
use gitlab_sim::Fault;
use kube::ResourceExt;
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, condition, number, runner, story, token, until};

/// More than ten, and few enough to be quick.
const FLEET: usize = 24;

/// As many as a connection of a larger company has.
const CROWD: usize = 500;

/// How many of them are made at once, so that each is ready in good time.
const AT_ONCE: usize = 50;

/// GitLab's largest page.
const PAGE: usize = 100;

fn name(number: usize) -> String {
    format!("flock-{number:02}")
}

fn member(number: usize) -> Manifest {
    runner(&name(number)).in_group("platform")
}

/// A fleet whose runners are all as declared; their objects as they are now.
async fn is_settled(story: &Story<'_>, credential: &str) -> Vec<GitLabRunner> {
    are_settled(story, credential, FLEET).await
}

async fn are_settled(story: &Story<'_>, credential: &str, count: usize) -> Vec<GitLabRunner> {
    story.connects("gitlab", credential).await;
    let plenty = json!({ "spec": { "requestsPerMinute": 100 * CROWD } });
    story.edit::<GitLabConnection>("gitlab", plenty).await;
    story.is_connected("gitlab").await;
    let mut settled = Vec::new();
    for batch in (0..count).collect::<Vec<_>>().chunks(AT_ONCE) {
        join_all(
            batch
                .iter()
                .map(async |number| story.apply(&member(*number)).await),
        )
        .await;
        for number in batch {
            settled.push(story.is_ready(&name(*number)).await);
        }
    }
    story.gitlab.clear_requests();
    settled
}

/// Waits until so many pages of runners were read.
async fn are_swept(story: &Story<'_>, pages: usize) {
    story.gitlab.clear_requests();
    until("they are swept", async || {
        let asked = story.gitlab.requests();
        let read = asked.iter().filter(|one| one.path == "/api/graphql");
        let read = read.count();
        (read >= pages).then_some(()).ok_or(format!("{read} pages"))
    })
    .await;
}

/// The connection's word on its runners.
async fn is_degraded(story: &Story<'_>, reason: &str) -> String {
    let connection = story
        .connection_says("gitlab", "Degraded", "True", reason)
        .await;
    condition(&connection, "Degraded").unwrap().message.clone()
}

async fn is_degraded_no_more(story: &Story<'_>) -> GitLabConnection {
    until("it is well again", async || {
        let connection: GitLabConnection = story.get("gitlab").await.unwrap();
        let well = condition(&connection, "Degraded").is_none();
        let shown = format!("{:?}", connection.status);
        well.then_some(connection).ok_or(shown)
    })
    .await
}

/// What was asked of GitLab that changes a runner.
fn changes(story: &Story<'_>) -> Vec<(String, String, Value)> {
    story.gitlab.changes_asked()
}

/// Nobody has written to the objects that were settled.
async fn are_untouched(story: &Story<'_>, settled: &[GitLabRunner]) {
    for before in settled {
        let now: GitLabRunner = story.get(&before.name_any()).await.unwrap();
        assert_eq!(now.resource_version(), before.resource_version());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gitlab_that_says_404_to_all_is_not_believed() {
    story("breaker-404")
        .resyncing_every("2s")
        .tell(async |story| {
            let settled = are_settled(story, token::ADMIN, CROWD).await;
            // Each looks once by itself at what it has made, before it leaves that to sweeps.
            are_swept(story, 4 * CROWD / PAGE).await;
            let no = || Fault::reply(404, json!({ "message": "404 Not found" }));
            for (method, path) in [
                ("GET", "/api/v4/runners/**"),
                ("GET", "/api/v4/groups/**"),
                ("POST", "/api/graphql"),
                ("POST", "/api/v4/**"),
                ("PUT", "/api/v4/**"),
                ("DELETE", "/api/v4/**"),
            ] {
                story.gitlab.answers(method, path, no());
            }
            let told = is_degraded(story, "RunnersLost").await;
            assert!(
                told.starts_with(&format!("{CROWD} of {CROWD} runners")),
                "{told}"
            );
            // A few are asked for, and not each.
            let reads = story.gitlab.requests();
            let reads = reads
                .iter()
                .filter(|read| read.path.starts_with("/api/v4/runners/"));
            assert!(reads.count() < CROWD / 10, "{:#?}", story.gitlab.asked());
            // What is new waits, and what somebody changes.
            story.apply(&runner("redpoll")).await;
            let told = story.is_not_ready("redpoll", "RunnersLost").await;
            assert!(told.contains("Degraded"), "{told}");
            are_untouched(story, &settled).await;
            assert_eq!(changes(story), []);

            story.gitlab.recovers();
            let connection = is_degraded_no_more(story).await;
            assert!(condition(&connection, "Ready").unwrap().status == "True");
            story.is_ready("redpoll").await;
            are_untouched(story, &settled).await;
            assert_eq!(changes(story).len(), 1, "{:#?}", changes(story));
            story.tells_once("gitlab", "RunnersLost").await;
            story.tells_once("gitlab", "RunnersBack").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_has_lost_its_role_loses_no_runner() {
    story("breaker-role")
        .resyncing_every("2s")
        .tell(async |story| {
            let settled = is_settled(story, token::MIA).await;
            let role = |role: &str| {
                json!({ "do": "set_member", "group": "platform", "user": "mia", "role": role })
            };
            story.gitlab.does(role("guest"));
            is_degraded(story, "RunnersLost").await;
            are_untouched(story, &settled).await;
            assert_eq!(changes(story), []);
            story.gitlab.does(role("owner"));
            is_degraded_no_more(story).await;
            are_untouched(story, &settled).await;
            assert_eq!(changes(story), []);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_is_acknowledged_by_its_number() {
    story("breaker-acknowledged")
        .resyncing_every("2s")
        .tell(async |story| {
            let settled = is_settled(story, token::ADMIN).await;
            let ids: Vec<i64> = settled.iter().map(|it| number(it).unwrap()).collect();
            let lost = 12;
            // What was said of an earlier loss says nothing of this one.
            let acknowledge = async |value: Value| {
                let annotations = json!({ ACKNOWLEDGE_LOSS: value });
                let patch = json!({ "metadata": { "annotations": annotations } });
                story.edit::<GitLabConnection>("gitlab", patch).await;
            };
            acknowledge(json!("12")).await;
            for id in &ids[..lost] {
                story.gitlab.forgets(*id);
            }
            let told = is_degraded(story, "RunnersLost").await;
            assert!(told.starts_with("12 of 24 runners"), "{told}");
            let before = r#"acknowledge-loss: "12", which has said so since before the loss: remove it and set it again"#;
            assert!(told.ends_with(before), "{told}");

            // Somebody's deletion of one that is there goes on, and one that is lost waits.
            let there = member(FLEET - 1);
            story.delete(&there).await;
            story.is_gone(&there).await;
            let gone = member(0);
            story.delete(&gone).await;
            story.is_not_ready(&name(0), "RunnersLost").await;
            let changed = changes(story);
            let path = format!("/runners/{}", ids[FLEET - 1]);
            assert_eq!(changed, [("DELETE".to_owned(), path, Value::Null)]);

            acknowledge(json!("11")).await;
            acknowledge(json!(null)).await;
            until("the annotation is as if it had never been", async || {
                let told = is_degraded(story, "RunnersLost").await;
                let asks = told.ends_with(r#"acknowledge-loss: "12""#);
                asks.then_some(()).ok_or(told)
            })
            .await;
            acknowledge(json!("12")).await;
            is_degraded_no_more(story).await;
            story.is_gone(&gone).await;
            for lost in 1..lost {
                let what = format!("{} has another runner", name(lost));
                story
                    .runner_says(&name(lost), &what, |runner| {
                        number(runner).is_some_and(|id| !ids.contains(&id))
                    })
                    .await;
            }
            assert_eq!(story.gitlab.runners().len(), FLEET - 2);
        })
        .await;
}

/// Waits until GitLab was asked three times for one of these runners, from now on.
async fn one_is_looked_at_again(story: &Story<'_>, ids: &[i64]) {
    story.gitlab.clear_requests();
    until("the lost are looked at again", async || {
        let asked = story.gitlab.requests();
        let often = ids.iter().any(|id| {
            let path = format!("/api/v4/runners/{id}");
            asked.iter().filter(|one| one.path == path).count() >= 3
        });
        let shown = || format!("{:#?}", story.gitlab.asked());
        often.then_some(()).ok_or_else(shown)
    })
    .await;
}

/// The credential may not list, so that each object finds out by itself; and nobody remembers anything
/// after a restart but what status says.
#[tokio::test(flavor = "multi_thread")]
async fn what_single_looks_tell_holds_over_second_looks_and_a_restart() {
    story("breaker-single")
        // The second look comes after a resync: on a slow machine the first at all others takes a while.
        .resyncing_every("3s")
        .tell(async |story| {
            story.connects("gitlab", token::NARROW).await;
            story.is_connected("gitlab").await;
            let scope = json!({ "group": { "id": 3001 } });
            let member = |number| runner(&name(number)).with("scope", scope.clone());
            join_all((0..FLEET).map(async |number| story.apply(&member(number)).await)).await;
            let mut ids = Vec::new();
            for number in 0..FLEET {
                ids.push(story.is_registered(&name(number)).await);
            }
            story.gitlab.clear_requests();
            let gone = Fault::reply(404, json!({ "message": "404 Runner Not Found" }));
            story.gitlab.answers("GET", "/api/v4/runners/**", gone);
            is_degraded(story, "RunnersLost").await;
            one_is_looked_at_again(story, &ids).await;
            assert_eq!(changes(story), []);
            story.the_operator_is_killed().await;
            story.the_operator_starts().await;
            one_is_looked_at_again(story, &ids).await;
            is_degraded(story, "RunnersLost").await;
            assert_eq!(changes(story), []);

            story.gitlab.recovers();
            is_degraded_no_more(story).await;
            for (number, id) in ids.iter().enumerate() {
                assert_eq!(story.is_registered(&name(number)).await, *id);
            }
            assert_eq!(changes(story), []);
        })
        .await;
}
