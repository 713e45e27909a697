//! One GitLab that does not answer keeps nobody waiting but its own.
use futures::future::join_all;
use gitlab_sim::{End, Fault, Rule};

use crate::harness::{GitLab, connection, runner, secret, story, token};

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
            let hangs = Rule::new("POST", "/api/v4/user/runners", Fault::Gate);
            let gate = stuck.misbehaves(hangs);
            let waiting = (0..MANY).map(|number| format!("waits-{number:02}"));
            let waiting: Vec<String> = waiting.collect();
            join_all(waiting.iter().map(async |name| {
                story.apply(&runner(name).through("stuck")).await;
            }))
            .await;
            stuck.holds_one(gate).await;
            story.apply(&runner("wheatear")).await;
            story.is_ready("wheatear").await;
            let writes = stuck.writes();
            let waits = writes.iter().all(|write| write.end == End::Open);
            assert!(waits, "it did not wait for any of them: {writes:#?}");
            stuck.recovers();
            for name in &waiting {
                story.is_ready(name).await;
            }
            assert_eq!(stuck.runners().len(), MANY);
        })
        .await;
}
