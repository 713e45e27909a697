//! Projects that are renamed or deleted in GitLab under a runner that needs them.
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use super::{projects, quail};
use crate::harness::{condition, runner, secret, story, text_of, token};

#[tokio::test(flavor = "multi_thread")]
async fn with_its_owner_deleted_a_runner_is_kept_in_what_is_left() {
    story("projects-owner-kept")
        .resyncing_every("2s")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            story.apply(&quail().also_in(["platform/docs"])).await;
            story.is_registered("quail").await;
            let gone = json!({ "do": "delete_project", "project": "platform/tools/build" });
            story.gitlab.does(gone);
            let left = story
                .runner_says("quail", "it is in one project", |runner| {
                    let seen = runner.status.as_ref().and_then(|s| s.runner.as_ref());
                    seen.is_some_and(|seen| seen.projects.len() == 1)
                })
                .await;
            assert_eq!(
                condition(&left, "Ready").unwrap().status,
                "True",
                "{left:?}"
            );
            // The last one owns it now, and nobody tries to take it away.
            story.apply(&quail().with("projects", json!([]))).await;
            story.is_ready("quail").await;
            assert_eq!(projects(story), json!(["platform/docs"]));
            story.delete(&quail()).await;
            story.is_gone(&quail()).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
        })
        .await;
}

/// GitLab lets no one but an administrator delete a runner of several projects, and does not say from
/// which of them it may be taken.
#[tokio::test(flavor = "multi_thread")]
async fn with_its_owner_deleted_a_runner_of_several_projects_goes_by_its_token() {
    story("projects-owner-gone")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            let several = quail().also_in(["platform/docs", "platform/site"]);
            story.apply(&several).await;
            story.is_registered("quail").await;
            let gone = json!({ "do": "delete_project", "project": "platform/tools/build" });
            story.gitlab.does(gone);
            // Whatever was seen before, a new process looks again.
            story.the_operator_is_killed().await;
            story.the_operator_starts().await;
            story.delete(&several).await;
            story.is_gone(&several).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            let told = story.tells_once("quail", "RunnerRemoved").await;
            assert!(told.contains("by its own token"), "{told}");
        })
        .await;
}

/// GitLab answers with where it has gone to, which is read and never followed.
#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_project_is_served_by_its_number() {
    story("projects-renamed-away")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let to = json!({ "do": "move_project", "project": "platform/site",
                "to": "platform/web" });
            story.gitlab.does(to);
            story.apply(&quail().also_in(["platform/site"])).await;
            story.is_ready("quail").await;
            let expected = json!(["platform/tools/build", "platform/web"]);
            assert_eq!(projects(story), expected);
            let asked = story.gitlab.requests();
            assert!(
                asked
                    .iter()
                    .all(|asked| asked.path != "/api/v4/projects/4003")
            );
        })
        .await;
}

/// One that is not there keeps nothing else from being looked after.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_project_is_told_and_stops_nothing_else() {
    story("projects-unknown-alone")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&quail().also_in(["platform/old"])).await;
            let message = story.is_not_ready("quail", "ProjectNotFound").await;
            assert!(message.contains("platform/old"), "{message}");
            let name = "quail-runner-token";
            story.delete(&secret(name)).await;
            let healed = |secret: &Secret| !text_of(secret, "runner-token").is_empty();
            story.secret_when(name, "its token is healed", healed).await;
        })
        .await;
}

/// Under Report nothing is assigned later, so there is nothing to keep it open for.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_reported_is_locked_from_the_start() {
    story("projects-locked-report")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let manifest = runner("rail").in_project("platform/tools/build");
            let manifest = manifest.also_in(["platform/docs"]).with("locked", true);
            story.apply(&manifest.only_reported()).await;
            story.is_ready_though("rail", "Drifted").await;
            assert_eq!(story.gitlab.only_runner()["locked"], true);
        })
        .await;
}
