//! Lists that leave out runners which are there.
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use super::{FLEET, are_untouched, changes, is_degraded, is_degraded_no_more, is_settled};
use crate::harness::{number, story, token, until};

const GRAPHQL: &str = "/api/graphql";

/// A list of the group's runners that says that it is all of it.
fn list(nodes: &[Value]) -> Value {
    json!({ "data": {
        "queryComplexity": { "score": 60, "limit": 250 },
        "metadata": { "version": "19.5.2-ee" },
        "place": { "id": "gid://gitlab/Group/3001", "runners": {
            "count": nodes.len(), "nodes": nodes,
            "pageInfo": { "hasNextPage": false, "endCursor": null },
        } },
    } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_empty_is_not_gone_by() {
    story("breaker-empty")
        .resyncing_every("2s")
        .tell(async |story| {
            let settled = is_settled(story, token::ADMIN).await;
            let empty = Fault::reply(200, list(&[]));
            story.gitlab.answers("POST", GRAPHQL, empty);
            let told = is_degraded(story, "ListIncomplete").await;
            assert!(told.contains(&format!("{FLEET} of {FLEET}")), "{told}");
            let reads = story.gitlab.requests();
            let reads = reads
                .iter()
                .filter(|read| read.path.starts_with("/api/v4/runners/"));
            assert!(reads.count() < FLEET, "{:#?}", story.gitlab.asked());
            // Nothing is held up.
            story
                .gitlab
                .changes(number(&settled[0]).unwrap(), json!({ "paused": true }));
            story.gitlab.recovers();
            is_degraded_no_more(story).await;
            are_untouched(story, &settled[1..]).await;
            assert!(changes(story).len() <= 1, "{:#?}", changes(story));
        })
        .await;
}

/// Contract §5.1: null with errors is no empty list; and REST's `null` is none either.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_null_is_no_list() {
    story("breaker-null")
        .resyncing_every("2s")
        .tell(async |story| {
            let settled = is_settled(story, token::ADMIN).await;
            let null = json!({ "data": { "place": null }, "errors": [{ "message": "no" }] });
            story
                .gitlab
                .answers("POST", GRAPHQL, Fault::reply(200, null));
            let list = "/api/v4/groups/3001/runners";
            story
                .gitlab
                .answers("GET", list, Fault::reply(200, Value::Null));
            until("it was tried again and again", async || {
                let tried = story.gitlab.requests();
                let tried = tried.iter().filter(|asked| asked.path == list).count();
                (tried >= 3).then_some(()).ok_or(format!("{tried}"))
            })
            .await;
            are_untouched(story, &settled).await;
            assert_eq!(changes(story), []);
        })
        .await;
}

/// A page that is missing is told by the count, and the list before it stays in force.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_cut_short_changes_nothing() {
    story("breaker-cut")
        .resyncing_every("2s")
        .tell(async |story| {
            story.gitlab.does(json!({
                "do": "settings", "set": { "graphql_max_complexity": 33 },
            }));
            let settled = is_settled(story, token::ADMIN).await;
            let mut cut = list(&[]);
            cut["data"]["place"]["runners"]["count"] = json!(FLEET);
            let rule = Rule::new("POST", GRAPHQL, Fault::reply(200, cut)).body_contains("after:");
            story.gitlab.misbehaves(rule);
            until("it was tried again and again", async || {
                let tried = story.gitlab.requests();
                let tried = tried.iter().filter(|asked| asked.fault.is_some()).count();
                (tried >= 3).then_some(()).ok_or(format!("{tried}"))
            })
            .await;
            are_untouched(story, &settled).await;
            assert_eq!(changes(story), []);
        })
        .await;
}
