//! A new version of the Pod takes over from the old one.
use control_plane::{PodView, State};
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use serde_json::json;

use super::release::{FULL_NAME, Release};
use crate::harness::{Story, runner, secret, story};

/// A variable that the new Pod cannot start without, from a Secret that is not there yet.
const HELD_BACK: &str =
    r#"extraEnv=[{"name":"WORD","valueFrom":{"secretKeyRef":{"name":"late","key":"word"}}}]"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_loses_nothing_and_forgets_nothing() {
    story("chart-upgrade")
        .without_an_operator()
        .tell(async |story| {
            let home = &story.namespace;
            let values = ["crds.install=false", "replicas=1"];
            let release = Release::install(story, home, &values).await;
            story.is_connected_to_gitlab().await;
            let penguin = runner("penguin").tagged(["before"]);
            let puffin = runner("puffin").in_group("platform");
            story.apply(&penguin).await;
            story.apply(&puffin).await;
            let before = [known(story, "penguin").await, known(story, "puffin").await];
            let old = release.pod();
            story.gitlab.clear_requests();

            let meanwhile = async {
                let held = |pod: &PodView| pod.uid != old.uid && is_held_back(pod);
                release.node.pod_when(held).await.unwrap();
                // The old one works for as long as no other could take over.
                let penguin = penguin.clone().tagged(["after"]);
                story.apply(&penguin).await;
                story.is_ready("penguin").await;
                assert!(!release.node.pod(home, &old.name).unwrap().gone);
                story.apply(&secret("late").holding("word", "go")).await;
                let ended = |pod: &PodView| pod.uid == old.uid && pod.gone;
                release.has_ended(&release.node.pod_when(ended).await.unwrap(), &old);
                story
                    .apply(&runner("pelican").in_project("platform/docs"))
                    .await;
                story.delete(&puffin).await;
            };
            tokio::join!(release.is_upgraded(HELD_BACK), meanwhile);

            let deployment = format!("deployment/{FULL_NAME}");
            story
                .kubectl(&[
                    "wait",
                    "--for=condition=Available",
                    "--timeout=0",
                    &deployment,
                ])
                .await;
            let [(penguin_id, penguin_token), (puffin_id, _)] = before;
            assert_eq!(known(story, "penguin").await, (penguin_id, penguin_token));
            let there = story.gitlab.runner(penguin_id).unwrap();
            assert_eq!(there["tag_list"], json!(["after"]));
            let (pelican_id, _) = known(story, "pelican").await;
            story.is_gone(&puffin).await;
            assert_eq!(story.gitlab.runner(puffin_id), None);

            let expected = [
                format!("DELETE /runners/{puffin_id}"),
                "POST /user/runners".to_owned(),
                format!("PUT /runners/{penguin_id}"),
            ];
            assert_eq!(written(story), expected);
            assert_eq!(story.gitlab.runners().len(), 2);
            assert!(story.gitlab.runner(pelican_id).is_some());
            let warned = ["events", "--types=Warning", "--for=gitlabrunner/penguin"];
            assert_eq!(story.kubectl(&warned).await, "", "something was wrong");
            release.says_no_token();
        })
        .await;
}

fn is_held_back(pod: &PodView) -> bool {
    matches!(&pod.state, State::Waiting { reason, .. } if reason == "CreateContainerConfigError")
}

/// What was written to GitLab since the upgrade began, in no particular order.
fn written(story: &Story<'_>) -> Vec<String> {
    let asked = story.gitlab.changes_asked().into_iter();
    let mut written: Vec<String> = asked
        .map(|(how, what, _)| format!("{how} {what}"))
        .collect();
    written.sort();
    written
}

/// The number and the token of a runner that is as declared.
async fn known(story: &Story<'_>, name: &str) -> (i64, String) {
    let runner: GitLabRunner = story.is_ready(name).await;
    let token = story.token_in(&format!("{name}-runner-token")).await;
    (runner.status.unwrap().runner.unwrap().id, token)
}
