//! Many projects by their paths: each is looked up once, however many passes and turns it takes to
//! assign them all.
use std::collections::BTreeMap;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use serde_json::json;

use super::{projects, quail};
use crate::harness::{Story, story};

/// More than a pass assigns.
const MANY: usize = 20;

/// Makes the projects, and tells their paths.
fn many(story: &Story<'_>) -> Vec<String> {
    let paths = (0..MANY).map(|number| format!("platform/service-{number}"));
    let paths: Vec<String> = paths.collect();
    for path in &paths {
        story
            .gitlab
            .does(json!({ "do": "add_project", "path": path }));
    }
    paths
}

/// How often each project was looked up, since the last clearing.
fn lookups(story: &Story<'_>) -> BTreeMap<String, usize> {
    let mut lookups = BTreeMap::new();
    for asked in story.gitlab.requests() {
        if asked.method == "GET" && asked.path.starts_with("/api/v4/projects/") {
            *lookups.entry(asked.path).or_default() += 1;
        }
    }
    lookups
}

#[tokio::test(flavor = "multi_thread")]
async fn assigning_many_looks_each_up_once() {
    story("projects-many")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let paths = many(story);
            story.apply(&quail()).await;
            story.is_ready("quail").await;
            story.gitlab.clear_requests();
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            story
                .apply(&quail().with("projects", by_path(&paths)))
                .await;
            story.is_ready("quail").await;
            let assigned = story.gitlab.changes_asked();
            assert_eq!(assigned.len(), MANY, "{assigned:#?}");
            let lookups = lookups(story);
            assert_eq!(lookups.len(), MANY, "{lookups:#?}");
            assert!(lookups.values().all(|times| *times == 1), "{lookups:#?}");
        })
        .await;
}

/// Under Report they stay unassigned, and no project of the runner's own shows their paths.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_reported_is_not_looked_up_at_every_touch() {
    story("projects-many-reported")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let paths = many(story);
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let manifest = quail().with("projects", by_path(&paths)).only_reported();
            story.apply(&manifest).await;
            story.is_ready_though("quail", "Drifted").await;
            story.gitlab.clear_requests();
            for paused in [true, false] {
                story.apply(&manifest.clone().with("paused", paused)).await;
                let seen =
                    |runner: &GitLabRunner| !runner.status.as_ref().unwrap().drift.is_empty();
                story.runner_says("quail", "it was looked at", seen).await;
            }
            let asked = story.gitlab.asked_besides_sweeps();
            assert!(asked.is_empty(), "{asked:#?}");

            // Only what is not there is asked for again.
            let mut more = paths.clone();
            more.push("platform/not-there");
            story
                .apply(&manifest.with("projects", by_path(&more)))
                .await;
            story.is_not_ready("quail", "ProjectNotFound").await;
            let lookups = lookups(story);
            let looked_up: Vec<_> = lookups.keys().collect();
            assert_eq!(looked_up, ["/api/v4/projects/platform%2Fnot-there"]);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_was_made_anew_is_looked_up_anew() {
    story("projects-made-anew")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let manifest = quail().also_in(["platform/docs"]);
            story.apply(&manifest.clone().only_reported()).await;
            story.is_ready_though("quail", "Drifted").await;
            let gone = json!({ "do": "delete_project", "project": "platform/docs" });
            story.gitlab.does(gone);
            let anew = json!({ "do": "add_project", "path": "platform/docs", "id": 4077 });
            story.gitlab.does(anew);
            story.apply(&manifest.with("driftPolicy", "Correct")).await;
            story.is_ready("quail").await;
            let expected = json!(["platform/docs", "platform/tools/build"]);
            assert_eq!(projects(story), expected);
        })
        .await;
}

fn by_path(paths: &[&str]) -> serde_json::Value {
    paths.iter().map(|path| json!({ "path": path })).collect()
}
