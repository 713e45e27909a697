//! What was imported is taken over as it is, and let go as it was.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};

use super::plan::in_the_cluster;
use crate::harness::story;

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_applied_and_deleted_changes_nothing_in_gitlab() {
    story("fleet-adopt")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            for (place, settings) in [
                (json!({ "type": "instance" }), json!({ "description": "shared", "tag_list": ["a", "b"] })),
                (json!({ "type": "group", "group": "platform" }), json!({ "paused": true, "maintenance_note": "Ask Ann", "maximum_timeout": 3600 })),
                (json!({ "type": "project" }), json!({ "projects": ["platform/docs", "platform/site"], "locked": true, "run_untagged": false, "tag_list": ["x"] })),
            ] {
                let mut runner = place;
                runner["do"] = "add_runner".into();
                runner["settings"] = settings;
                story.gitlab.does(runner);
            }
            let before = story.gitlab.runners();
            let import = ["import", "--instance", "--connection=gitlab", "--allow-http"];
            let manifests = in_the_cluster(story, &import).await.ended(0);
            let apply = ["--namespace", &story.namespace, "apply", "--server-side", "-f", "-"];
            story.stage.kubectl().done(&apply, &manifests).await;
            let objects = story.api::<GitLabRunner>().list(&ListParams::default()).await.unwrap();
            assert_eq!(objects.items.len(), 3);
            for object in &objects {
                story.is_ready(&object.name_any()).await;
            }
            let told = in_the_cluster(story, &["plan", "--allow-http"]).await.ended(0);
            assert!(told.starts_with("3 compared: 0 differ"), "{told}");
            // What is there more is the mark, by which the operator knows its own.
            assert_eq!(without_marks(story.gitlab.runners()), without_marks(before.clone()));
            let secrets = story.kubectl(&["get", "secrets", "--output=name"]).await;
            assert_eq!(secrets.trim(), "secret/gitlab-credential");
            story.kubectl(&["delete", "gitlabrunners", "--all"]).await;
            assert_eq!(untimed(story.gitlab.runners()), untimed(before));
        })
        .await;
}

/// The runners without the time of the last change, which the mark changes too. GitLab tells no empty note from
/// none.
fn untimed(runners: Vec<Value>) -> Vec<Value> {
    let mut runners = runners;
    for runner in &mut runners {
        runner["updated_at"].take();
        if runner["maintenance_note"].is_null() {
            runner["maintenance_note"] = "".into();
        }
    }
    runners
}

fn without_marks(runners: Vec<Value>) -> Vec<Value> {
    let mut runners = untimed(runners);
    for runner in &mut runners {
        let note = runner["maintenance_note"].as_str().unwrap_or_default();
        let note = note
            .split("[gitlab-registrar.dev/")
            .next()
            .unwrap_or_default();
        runner["maintenance_note"] = note.trim_end().into();
    }
    runners
}
