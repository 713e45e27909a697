//! Somebody has enabled the runner in a further project, from which the credential cannot take it.
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, runner, story, token};

/// Of the project whose number this is, since a narrow credential looks up no path.
fn plover() -> Manifest {
    runner("plover").with("scope", json!({ "project": { "id": 4002 } }))
}

/// Registered, and then enabled elsewhere behind the operator's back; a new process sees it.
async fn is_enabled_in(story: &mut Story<'_>, project: &str) -> i64 {
    story.apply(&plover()).await;
    let id = story.is_registered("plover").await;
    let projects = json!({ "projects": ["platform/docs", project] });
    story.gitlab.changes(id, projects);
    story.the_operator_is_killed().await;
    story.the_operator_starts().await;
    story.gitlab.clear_requests();
    id
}

/// Waits until object and runner are gone, and tells what was asked for that.
async fn goes(story: &Story<'_>) -> Vec<String> {
    story.delete(&plover()).await;
    story.is_gone(&plover()).await;
    assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
    let told = story.tells_once("plover", "RunnerRemoved").await;
    assert!(told.contains("by its own token"), "{told}");
    let refused = story.events("plover", "GitLabRefused").await;
    assert_eq!(refused, Vec::<String>::new());
    let asked = story.gitlab.changes_asked().into_iter();
    asked
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_cannot_unassign_does_not_try() {
    story("projects-narrow")
        .tell(async |story| {
            let narrow = "glpat-canary-mianarrow-2Pb7";
            story
                .gitlab
                .does(json!({ "do": "add_token", "user": "mia", "name": "narrow",
                "token": narrow, "scopes": ["create_runner", "manage_runner"] }));
            story.connects("gitlab", narrow).await;
            is_enabled_in(story, "platform/site").await;
            assert_eq!(goes(story).await, ["DELETE /runners"]);
        })
        .await;
}

/// GitLab shows just the projects that the credential's owner is in.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_not_shown_is_found_out_by_trying() {
    story("projects-unseen")
        .tell(async |story| {
            let project = json!({ "do": "add_project", "path": "root/private", "id": 4098 });
            story.gitlab.does(project);
            story.connects("gitlab", token::MIA).await;
            let id = is_enabled_in(story, "root/private").await;
            let expected = [
                format!("DELETE /runners/{id}"),
                "DELETE /runners".to_owned(),
            ];
            assert_eq!(goes(story).await, expected);
        })
        .await;
}
