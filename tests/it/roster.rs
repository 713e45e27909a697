//! Runners are looked at together: what a sweep shows and what it does not, and when it fails.
mod lost;
mod shared;

use std::time::Duration;

use gitlab_sim::{Fault, Recorded, Rule};
use serde_json::{Value, json};

use crate::harness::{Story, runner, says, story, until, within};

const QUERY: &str = "/api/graphql";
const REGISTER: &str = "/api/v4/user/runners";

/// How often a sweep has asked for a page of runners, since the last clearing.
fn pages(story: &Story<'_>) -> usize {
    count(story, |asked| asked.path == QUERY)
}

/// How often somebody has asked for this runner alone, since the last clearing.
fn looks(story: &Story<'_>, id: i64) -> usize {
    let path = format!("/api/v4/runners/{id}");
    count(story, |asked| asked.method == "GET" && asked.path == path)
}

fn count(story: &Story<'_>, fits: impl Fn(&Recorded) -> bool) -> usize {
    story
        .gitlab
        .requests()
        .iter()
        .filter(|asked| fits(asked))
        .count()
}

async fn comes_to(what: &str, least: usize, now: impl Fn() -> usize) {
    until(&format!("{what} at least {least} times"), async || {
        let now = now();
        (now >= least).then_some(()).ok_or(now.to_string())
    })
    .await;
}

/// A runner that a sweep looks after, by its number.
async fn is_swept(story: &Story<'_>, name: &str) -> i64 {
    story.apply(&runner(name).tagged(["ours"])).await;
    let id = story.is_registered(name).await;
    story.is_ready(name).await;
    story.gitlab.clear_requests();
    // The first shows it, and the object looks once more before it leaves the looking to them.
    comes_to("a sweep", 4, || pages(story)).await;
    story.gitlab.clear_requests();
    id
}

async fn is_corrected(story: &Story<'_>, id: i64) {
    within(
        Duration::from_secs(40),
        "the tags are changed back",
        async || {
            let tags = story.gitlab.runner(id).unwrap()["tag_list"].clone();
            (tags == json!(["ours"]))
                .then_some(())
                .ok_or(tags.to_string())
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sweep_shows_is_corrected_without_another_look() {
    story("roster-drift")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = is_swept(story, "plover").await;
            comes_to("a sweep", 3, || pages(story)).await;
            assert_eq!(looks(story, id), 0, "nobody looks at what has not changed");
            story.gitlab.changes(id, json!({ "tag_list": ["theirs"] }));
            is_corrected(story, id).await;
            let asked = story.gitlab.requests();
            let asked: Vec<_> = asked
                .iter()
                .filter(|asked| asked.path.starts_with("/api/v4/runners/"))
                .collect();
            assert_eq!(
                asked[0].method, "PUT",
                "it is changed by what the sweep saw: {asked:#?}"
            );
        })
        .await;
}

/// What a list leaves out in silence may be there.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_the_list_leaves_out_is_asked_for_by_number() {
    story("roster-left-out")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = is_swept(story, "dunlin").await;
            let nothing = json!({ "data": {
                "metadata": { "version": "18.5.0" },
                "runners": {
                    "count": 0,
                    "nodes": [],
                    "pageInfo": { "hasNextPage": false, "endCursor": null },
                },
            } });
            let empty = story
                .gitlab
                .answers("POST", QUERY, Fault::reply(200, nothing));
            // It is looked at alone, once in a resync, as long as no sweep looks after it.
            comes_to("a look at it", 3, || looks(story, id)).await;
            assert!(pages(story) >= 2, "the list is read all the same");
            story.gitlab.changes(id, json!({ "tag_list": ["theirs"] }));
            is_corrected(story, id).await;
            let ready = story.is_ready("dunlin").await;
            let seen = ready.status.unwrap().runner.unwrap();
            assert_eq!((seen.id, seen.missing_since), (id, None));
            assert_eq!(count(story, |asked| asked.path == REGISTER), 0);

            assert!(story.gitlab.remove_fault(empty));
            story.gitlab.clear_requests();
            comes_to("a sweep", 4, || pages(story)).await;
            story.gitlab.clear_requests();
            comes_to("a sweep", 3, || pages(story)).await;
            assert_eq!(looks(story, id), 0, "a sweep looks after it again");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_last_sweep_saw_stays_in_force_for_a_while() {
    story("roster-failing")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let id = is_swept(story, "knot").await;
            story
                .gitlab
                .answers("POST", QUERY, Fault::Proxy { status: 502 });
            comes_to("a sweep that fails", 3, || pages(story)).await;
            assert_eq!(
                looks(story, id),
                0,
                "one sweep that fails is no reason to look"
            );
            story.gitlab.changes(id, json!({ "tag_list": ["theirs"] }));
            // When it counts no more, the object looks for itself.
            is_corrected(story, id).await;
            assert!(looks(story, id) > 0);
            story.is_ready("knot").await;

            story.gitlab.recovers();
            story.gitlab.clear_requests();
            comes_to("a sweep", 4, || pages(story)).await;
            story.gitlab.clear_requests();
            comes_to("a sweep", 3, || pages(story)).await;
            assert_eq!(looks(story, id), 0, "a sweep looks after it again");
        })
        .await;
}

/// Lists of REST show no tags: those are read by number, in turn.
#[tokio::test(flavor = "multi_thread")]
async fn without_graphql_lists_tell_who_is_there_and_the_rest_is_read_in_turn() {
    story("roster-rest")
        .resyncing_every("2s")
        .tell(async |story| {
            let refused: Value = json!({ "errors": [{ "message": "no such query" }] });
            let rule = Rule::new("POST", QUERY, Fault::reply(200, refused));
            story.gitlab.misbehaves(rule);
            story.is_connected_to_gitlab().await;
            story.apply(&runner("sanderling").tagged(["ours"])).await;
            let id = story.is_registered("sanderling").await;
            story.is_ready("sanderling").await;
            let lists = || count(story, |asked| asked.path == "/api/v4/runners/all");
            comes_to("the list", 4, lists).await;
            // GraphQL was tried once, and is not asked again at each sweep.
            assert_eq!(pages(story), 1);
            story.gitlab.changes(id, json!({ "tag_list": ["theirs"] }));
            is_corrected(story, id).await;
            story
                .gitlab
                .changes(id, json!({ "paused": true, "description": "Theirs" }));
            story
                .runner_says("sanderling", "what the list shows", |runner| {
                    let seen = runner.status.as_ref().unwrap().runner.as_ref().unwrap();
                    seen.paused
                        && seen.description == "Theirs"
                        && says(runner, "Ready", "True", "Succeeded")
                })
                .await;
        })
        .await;
}
