//! Projects that are selected, and jobs that are waited for, in releases that show both in other words.
use serde_json::Value;

use crate::goodbye::{drains, ends};
use crate::harness::{Story, story};
use crate::registration::{by_token, holds_the_token, token_of, tokens_are_allowed};
use crate::selector::{adds, quail, serves, sets};

const HOME: &str = "platform/tools/build";

async fn follows(story: &Story<'_>, version: &str, registers_by_token: bool) {
    tokens_are_allowed(story, version);
    story.is_connected_to_gitlab().await;
    holds_the_token(story, &token_of(story, HOME)).await;
    adds(story, "platform/one", &["gpu"]);
    adds(story, "platform/tools/two", &["arm", "gpu"]);
    adds(story, "platform/three", &["arm"]);
    let quail = quail(&["gpu"]).with("drain.timeout", "2h");
    let quail = if registers_by_token {
        by_token(quail)
    } else {
        quail
    };
    story.apply(&quail).await;
    let id = story.is_registered("quail").await;
    projects_come_and_go(story).await;
    let jobs = [(); 2].map(|()| story.gitlab.takes_a_job(id, HOME));
    story.delete(&quail).await;
    jobs_are_waited_for(story, &jobs).await;
    story.is_gone(&quail).await;
    assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
}

async fn projects_come_and_go(story: &Story<'_>) {
    serves(story, &["platform/one", "platform/tools/two"]).await;
    sets(story, "platform/one", &serde_json::json!({ "topics": [] }));
    sets(
        story,
        "platform/three",
        &serde_json::json!({ "topics": ["gpu"] }),
    );
    serves(story, &["platform/three", "platform/tools/two"]).await;
    sets(
        story,
        "platform/three",
        &serde_json::json!({ "archived": true }),
    );
    serves(story, &["platform/tools/two"]).await;
}

/// One after the other comes to its end.
async fn jobs_are_waited_for(story: &Story<'_>, jobs: &[Value; 2]) {
    drains(story, "quail", Some(2)).await;
    ends(story, &jobs[0]);
    drains(story, "quail", Some(1)).await;
    assert_eq!(story.gitlab.runners().len(), 1);
    ends(story, &jobs[1]);
}

macro_rules! eras {
    ($($test:ident: $version:literal, $by_token:literal;)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            told($version, $by_token).await;
        }
    )+};
}

eras! {
    projects_and_jobs_are_followed_in_13_12: "13.12", true;
    projects_and_jobs_are_followed_in_15_2: "15.2", true;
    projects_and_jobs_are_followed_in_15_11: "15.11", false;
    projects_and_jobs_are_followed_in_16_10: "16.10", false;
    projects_and_jobs_are_followed_in_17: "17", false;
}

async fn told(version: &'static str, registers_by_token: bool) {
    let name = format!("followed-{}", version.replace('.', "-"));
    story(Box::leak(name.into_boxed_str()))
        .resyncing_every("2s")
        .tell(async |story| follows(story, version, registers_by_token).await)
        .await;
}
