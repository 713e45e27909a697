//! Projects that are selected by their group and their topics.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, manifests, runner, says, shown, story, token, until};

const PAGE: &str = include_str!("../../docs/assign-by-topic.md");

/// More than two pages.
const MANY: usize = 250;

pub(crate) fn quail(topics: &[&str]) -> Manifest {
    let selector = json!({ "group": { "path": "platform" }, "topics": topics });
    runner("quail")
        .in_project("platform/tools/build")
        .with("projectSelector", selector)
}

pub(crate) fn adds(story: &Story<'_>, path: &str, topics: &[&str]) {
    story
        .gitlab
        .does(json!({ "do": "add_project", "path": path, "settings": { "topics": topics } }));
}

pub(crate) fn sets(story: &Story<'_>, path: &str, settings: &Value) {
    story
        .gitlab
        .does(json!({ "do": "set_project", "project": path, "settings": settings }));
}

/// The projects besides the owner.
pub(crate) async fn serves(story: &Story<'_>, expected: &[&str]) {
    until(&format!("it serves {expected:?}"), async || {
        let runner = story.gitlab.only_runner();
        let mut paths: Vec<String> = serde_json::from_value(runner["projects"].clone()).unwrap();
        paths.retain(|path| path != "platform/tools/build");
        paths.sort();
        (paths == expected)
            .then_some(())
            .ok_or(format!("{paths:?}"))
    })
    .await;
}

fn asked(story: &Story<'_>, method: &str, part: &str) -> usize {
    let asked = story.gitlab.requests();
    let fits = |path: &str| path.contains(part);
    let those = asked
        .iter()
        .filter(|asked| asked.method == method && fits(&asked.path));
    those.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_are_followed_as_they_come_change_and_go() {
    story("selector-follows")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            adds(story, "platform/one", &["gpu"]);
            adds(story, "platform/tools/two", &["gpu", "arm"]);
            adds(story, "platform/three", &["arm"]);
            story.apply(&quail(&["gpu"])).await;
            story.is_ready("quail").await;
            serves(story, &["platform/one", "platform/tools/two"]).await;
            // One more is one assignment.
            story.gitlab.clear_requests();
            adds(story, "platform/four", &["gpu"]);
            serves(
                story,
                &["platform/four", "platform/one", "platform/tools/two"],
            )
            .await;
            let writes = story.gitlab.changes_asked();
            assert_eq!(writes.len(), 1, "{writes:#?}");
            sets(story, "platform/one", &json!({ "topics": [] }));
            serves(story, &["platform/four", "platform/tools/two"]).await;
            sets(story, "platform/four", &json!({ "archived": true }));
            serves(story, &["platform/tools/two"]).await;
            let leaves = json!({ "do": "schedule_deletion", "project": "platform/tools/two" });
            story.gitlab.does(leaves);
            serves(story, &[]).await;
            let ready = story.is_ready("quail").await;
            assert!(
                says(&ready, "ProjectsAssigned", "True", "Succeeded"),
                "{}",
                shown(&ready)
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_projects_take_a_request_each_and_little_more() {
    story("selector-many")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            for number in 0..MANY {
                adds(story, &format!("platform/service-{number}"), &["gpu"]);
            }
            story.gitlab.clear_requests();
            story.apply(&quail(&["gpu"])).await;
            until("all are assigned", async || {
                let runner = story.gitlab.runners();
                let projects = runner
                    .first()
                    .map(|it| it["projects"].as_array().unwrap().len());
                (projects == Some(MANY + 1))
                    .then_some(())
                    .ok_or(format!("{projects:?}"))
            })
            .await;
            story.is_ready("quail").await;
            assert_eq!(asked(story, "POST", "/runners"), MANY + 1);
            let pages = asked(story, "GET", "/groups/platform/projects");
            assert!(pages <= 6, "{pages} pages");
            let all = story.gitlab.asked_besides_sweeps();
            assert!(all.len() <= MANY + 60, "{} requests", all.len());
        })
        .await;
}

/// A page that lacks what is there says nothing of it, and neither does a list that ends too early.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_incomplete_list_leaves_out_stays_assigned() {
    story("selector-incomplete")
        .resyncing_every("1s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            adds(story, "platform/one", &["gpu"]);
            adds(story, "platform/two", &["gpu"]);
            story.apply(&quail(&["gpu"])).await;
            story.is_ready("quail").await;
            serves(story, &["platform/one", "platform/two"]).await;
            let empty = Rule::new(
                "GET",
                "/api/v4/groups/platform/projects",
                Fault::reply(200, json!([])),
            );
            story.gitlab.misbehaves(empty);
            story.gitlab.clear_requests();
            until("it was listed some times", async || {
                let lists = asked(story, "GET", "/groups/platform/projects");
                (lists >= 3).then_some(()).ok_or(format!("{lists} lists"))
            })
            .await;
            assert_eq!(story.gitlab.changes_asked(), []);
            serves(story, &["platform/one", "platform/two"]).await;
            let object: GitLabRunner = story.get("quail").await.unwrap();
            assert!(
                says(&object, "Ready", "True", "Succeeded"),
                "{}",
                shown(&object)
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_not_there_is_told_of_and_nothing_is_unassigned() {
    story("selector-unlisted")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            adds(story, "platform/one", &["gpu"]);
            story.apply(&quail(&["gpu"])).await;
            story.is_ready("quail").await;
            serves(story, &["platform/one"]).await;
            story.gitlab.clear_requests();
            let lost = quail(&["gpu"]).with("projectSelector.group.path", "platfrom");
            story.apply(&lost).await;
            let told = story.is_not_ready("quail", "ProjectsUnlisted").await;
            assert!(
                told.contains("group platfrom in spec.projectSelector"),
                "{told}"
            );
            assert!(told.contains("404 Group Not Found"), "{told}");
            assert_eq!(story.gitlab.changes_asked(), []);
            story.apply(&quail(&["gpu"])).await;
            story.is_ready("quail").await;
        })
        .await;
}

/// By number, with some that are named besides, and a credential that administers nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_is_assigned_besides() {
    story("selector-named")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            adds(story, "platform/one", &["gpu"]);
            adds(story, "platform/tools/two", &["gpu"]);
            let selector = json!({ "group": { "id": 3001 }, "includeSubgroups": false,
                "topics": ["gpu"] });
            let manifest = runner("quail")
                .in_project("platform/tools/build")
                .also_in(["platform/docs"])
                .with("projectSelector", selector)
                .with("locked", true);
            story.apply(&manifest).await;
            story.is_ready("quail").await;
            serves(story, &["platform/docs", "platform/one"]).await;
            assert_eq!(story.gitlab.only_runner()["locked"], true);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_page_about_topics_work() {
    story("selector-page")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            adds(story, "platform/one", &["gpu"]);
            let shown: Vec<Manifest> = manifests(PAGE);
            assert_eq!(shown.len(), 1);
            for manifest in shown {
                let manifest = manifest
                    .in_project("platform/tools/build")
                    .with("projectSelector.group.path", "platform");
                story.apply(&manifest).await;
                story.is_ready("gpu").await;
            }
            serves(story, &["platform/one"]).await;
        })
        .await;
}
