//! One GitLab that does not answer keeps nobody waiting but its own.
use futures::future::join_all;
use gitlab_sim::{End, Fault, Recorded, Rule};

use crate::harness::{GitLab, PATIENCE, connection, runner, secret, story, token, until};

/// As many passes as there may be through one connection.
const SHARE: usize = 32;
/// More than all passes that run at once.
const MANY: usize = 80;

#[tokio::test(flavor = "multi_thread")]
async fn a_gitlab_that_hangs_holds_no_more_than_its_share() {
    story("isolation-hangs")
        .tell(async |story| {
            let stuck = GitLab::start().await;
            let credential = secret("stuck-credential").holding("pat", token::ADMIN);
            story.apply(&credential).await;
            // Longer than this story waits for anything.
            let patient = connection("stuck", stuck.url()).with("timeout", "1m");
            story.apply(&patient).await;
            story.is_connected("stuck").await;
            story.is_connected_to_gitlab().await;
            let left_behind = runner("dabchick").through("stuck").orphaned();
            story.apply(&left_behind).await;
            story.is_ready("dabchick").await;
            stuck.clear_requests();
            let hangs = Rule::new("POST", "/api/v4/user/runners", Fault::Gate);
            let gate = stuck.misbehaves(hangs);
            let waiting = (0..MANY).map(|number| format!("waits-{number:02}"));
            let waiting: Vec<String> = waiting.collect();
            join_all(waiting.iter().map(async |name| {
                story.apply(&runner(name).through("stuck")).await;
            }))
            .await;
            assert!(stuck.until_held(gate, SHARE, PATIENCE).await);
            story.apply(&runner("wheatear")).await;
            story.is_ready("wheatear").await;
            // Whoever leaves the runner behind asks its GitLab nothing.
            story.delete(&left_behind).await;
            story.is_gone(&left_behind).await;
            let writes = stuck.writes();
            let waits = writes.iter().all(|write| write.end == End::Open);
            assert!(waits, "it did not wait for any of them: {writes:#?}");
            stuck.recovers();
            for name in &waiting {
                story.is_ready(name).await;
            }
            assert_eq!(stuck.runners().len(), MANY + 1);
        })
        .await;
}

/// Objects that are as declared are looked at again, and fill only half of the places.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_at_again_leaves_places_for_what_is_new() {
    story("isolation-lanes")
        .resyncing_every("1s")
        .tell(async |story| {
            let patient = connection("gitlab", story.gitlab.url()).with("timeout", "1m");
            // One that may not list looks at each runner alone.
            story.connects("gitlab", token::NARROW).await;
            story.is_connected("gitlab").await;
            story.apply(&patient).await;
            let settled: Vec<String> = (0..MANY)
                .map(|number| format!("idle-{number:02}"))
                .collect();
            join_all(settled.iter().map(async |name| {
                story.apply(&runner(name)).await;
            }))
            .await;
            for name in &settled {
                story.is_ready(name).await;
            }
            story.gitlab.clear_requests();
            let numbers = story.gitlab.runners();
            let numbers = numbers.iter().filter_map(|runner| runner["id"].as_i64());
            for id in numbers {
                let path = format!("/api/v4/runners/{id}");
                story.gitlab.answers("GET", &path, Fault::Gate);
            }
            let held = async || {
                let requests = story.gitlab.requests();
                let open = |asked: &&Recorded| asked.fault.is_some() && asked.end == End::Open;
                requests.iter().filter(open).count()
            };
            until("half of the places are taken", async || {
                let held = held().await;
                (held >= SHARE / 2).then_some(()).ok_or(format!("{held}"))
            })
            .await;
            story.apply(&runner("wryneck")).await;
            story.is_ready("wryneck").await;
            assert_eq!(held().await, SHARE / 2, "they wait all the while");
            story.gitlab.recovers();
        })
        .await;
}
