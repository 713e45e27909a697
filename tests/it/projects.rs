//! The further projects of a project runner: exactly those that are declared.
mod lost;
mod many;
mod refused;
mod removal;

use gitlab_runner_registrar::api::v1alpha1::Drift;
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, condition, runner, story, token, until};

fn quail() -> Manifest {
    runner("quail").in_project("platform/tools/build")
}

/// The owner and a further project, ready, with nothing asked since; tells the runner's number.
async fn is_in_docs(story: &Story<'_>) -> i64 {
    story.is_connected_to_gitlab().await;
    story.apply(&quail().also_in(["platform/docs"])).await;
    let id = story.is_registered("quail").await;
    story.gitlab.clear_requests();
    id
}

fn projects(story: &Story<'_>) -> Value {
    let runner = story.gitlab.only_runner();
    let mut paths: Vec<String> = serde_json::from_value(runner["projects"].clone()).unwrap();
    paths.sort();
    json!(paths)
}

fn assigning(id: i64, project: u64) -> (String, String, Value) {
    let path = format!("/projects/{project}/runners");
    ("POST".to_owned(), path, json!({ "runner_id": id }))
}

fn unassigning(id: i64, project: u64) -> (String, String, Value) {
    let path = format!("/projects/{project}/runners/{id}");
    ("DELETE".to_owned(), path, Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_is_one_assignment_and_one_less_its_undoing() {
    story("projects-changed")
        .tell(async |story| {
            let id = is_in_docs(story).await;
            story
                .apply(&quail().also_in(["platform/docs", "platform/site"]))
                .await;
            let ready = story.is_ready("quail").await;
            assert_eq!(story.gitlab.changes_asked(), [assigning(id, 4003)]);
            let shown = ready.status.as_ref().unwrap().runner.as_ref().unwrap();
            let shown: Vec<_> = shown
                .projects
                .iter()
                .map(|p| (p.id, p.path.as_str()))
                .collect();
            let expected = [
                (4001, "platform/tools/build"),
                (4002, "platform/docs"),
                (4003, "platform/site"),
            ];
            assert_eq!(shown, expected);
            assert_eq!(
                condition(&ready, "ProjectsAssigned").unwrap().status,
                "True"
            );

            story.gitlab.clear_requests();
            story.apply(&quail().also_in(["platform/site"])).await;
            story.is_ready("quail").await;
            assert_eq!(story.gitlab.changes_asked(), [unassigning(id, 4002)]);
            let told = story.tells_once("quail", "ProjectUnassigned").await;
            assert_eq!(told, format!("unassigned runner {id} from project 4002"));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_never_unassigned_and_none_means_none() {
    story("projects-none")
        .tell(async |story| {
            let id = is_in_docs(story).await;
            story.apply(&quail().also_in([])).await;
            story.is_ready("quail").await;
            assert_eq!(story.gitlab.changes_asked(), [unassigning(id, 4002)]);
            assert_eq!(projects(story), json!(["platform/tools/build"]));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_order_or_the_number_for_the_path_is_silence() {
    story("projects-same")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story
                .apply(&quail().also_in(["platform/docs", "platform/site"]))
                .await;
            story.is_ready("quail").await;
            story.gitlab.clear_requests();
            let numbers = json!([{ "id": 4003 }, { "path": "platform/docs" }]);
            for manifest in [
                quail().also_in(["platform/site", "platform/docs"]),
                quail().with("projects", numbers),
                quail(),
            ] {
                story.apply(&manifest).await;
                story.is_ready("quail").await;
                let asked = story.gitlab.asked_besides_sweeps();
                assert!(asked.is_empty(), "{:#}: {asked:#?}", manifest.json());
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_assign_and_unassign_is_undone() {
    story("projects-corrected")
        .resyncing_every("1s")
        .tell(async |story| {
            let id = is_in_docs(story).await;
            let meddled = json!({ "projects": ["platform/tools/build", "platform/site"] });
            story.gitlab.changes(id, meddled);
            until("it is as declared again", async || {
                let now = projects(story);
                let declared = now == json!(["platform/docs", "platform/tools/build"]);
                declared.then_some(()).ok_or(format!("{now}"))
            })
            .await;
            // What is missing comes first.
            let expected = [assigning(id, 4002), unassigning(id, 4003)];
            assert_eq!(story.gitlab.changes_asked(), expected);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_assign_is_only_reported_where_that_is_asked_for() {
    story("projects-reported")
        .resyncing_every("1s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            // Registering and assigning for the first time is no correction of anything.
            story.apply(&quail().also_in(["platform/docs"])).await;
            let id = story.is_registered("quail").await;
            story
                .apply(&quail().also_in(["platform/docs"]).only_reported())
                .await;
            story.is_ready("quail").await;
            story.gitlab.clear_requests();
            let meddled = json!({ "projects": ["platform/tools/build", "platform/site"] });
            story.gitlab.changes(id, meddled);
            story.is_ready_though("quail", "Drifted").await;
            let row = Drift {
                field: "projects".to_owned(),
                desired: "[4001, 4002]".to_owned(),
                actual: "[4001, 4003]".to_owned(),
            };
            let reported = story
                .runner_says("quail", "projects are reported", |runner| {
                    runner.status.as_ref().unwrap().drift == [row.clone()]
                })
                .await;
            assert_eq!(
                condition(&reported, "ProjectsAssigned").unwrap().reason,
                "Drifted"
            );
            let asked = story.gitlab.changes_asked();
            assert!(asked.is_empty(), "{asked:#?}");
            story.tells_once("quail", "Drifted").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_project_is_named_and_nothing_is_undone_for_it() {
    story("projects-unknown")
        .resyncing_every("1s")
        .tell(async |story| {
            is_in_docs(story).await;
            story.apply(&quail().also_in(["platform/dcos"])).await;
            let message = story.is_not_ready("quail", "ProjectNotFound").await;
            assert!(message.contains("platform/dcos"), "{message}");
            assert_eq!(
                projects(story),
                json!(["platform/docs", "platform/tools/build"])
            );
            // As soon as it is there, all goes on.
            story
                .gitlab
                .does(json!({ "do": "add_project", "path": "platform/dcos" }));
            story.is_ready("quail").await;
            assert_eq!(
                projects(story),
                json!(["platform/dcos", "platform/tools/build"])
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_gitlab_refuses_is_told_in_its_words() {
    story("projects-refused")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            // Mia may see it, and no more.
            let project = json!({ "do": "add_project", "path": "root/private", "id": 4099,
                "members": { "mia": "reporter" } });
            story.gitlab.does(project);
            story.apply(&quail().also_in(["root/private"])).await;
            let message = story.is_not_ready("quail", "ProjectRefused").await;
            assert!(message.contains("403"), "{message}");
            assert_eq!(projects(story), json!(["platform/tools/build"]));
            // The runner itself works meanwhile.
            let token = story.token_in("quail-runner-token").await;
            assert!(story.gitlab.accepts(&token).await);
        })
        .await;
}
