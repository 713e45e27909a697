//! Those who wait for what they have applied: helm and kubectl, as they are.
pub(crate) mod judges;
pub(crate) mod table;

use std::fs;
use std::path::PathBuf;

use futures::future::join_all;
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use kube::ResourceExt;
use serde_json::{Value, json};

use crate::harness::{
    Manifest, Story, cluster_connection, connection, runner, says, secret, shown, story, token,
};
use judges::kubectl;

/// How long helm waits for what does not come.
const IN_VAIN: &str = "6s";

/// A chart of somebody who uses our kinds.
struct Umbrella<'story> {
    story: &'story Story<'story>,
    folder: PathBuf,
}

impl<'story> Umbrella<'story> {
    fn of(story: &'story Story<'story>, manifests: &[Manifest]) -> Self {
        let beside = story.cast.kubeconfig.parent().unwrap();
        let folder = beside.join(format!("chart-{}", story.namespace));
        fs::create_dir_all(folder.join("templates")).unwrap();
        let chart = json!({ "apiVersion": "v2", "name": "umbrella", "version": "1.0.0" });
        fs::write(folder.join("Chart.yaml"), chart.to_string()).unwrap();
        let umbrella = Self { story, folder };
        umbrella.holds(manifests);
        umbrella
    }

    fn holds(&self, manifests: &[Manifest]) {
        let texts: Vec<String> = manifests.iter().map(|it| it.json().to_string()).collect();
        let file = self.folder.join("templates/all.yaml");
        fs::write(file, texts.join("\n---\n")).unwrap();
    }

    /// `helm upgrade --install --wait`
    async fn is_released(&self, timeout: &str) -> Result<String, String> {
        let mut helm = self.story.stage.kubectl();
        helm.program = self.story.stage.plane.helm();
        let chart = self.folder.to_str().unwrap();
        let args = ["upgrade", "--install", "umbrella", chart];
        let more = [
            "--namespace",
            &self.story.namespace,
            "--wait",
            "--timeout",
            timeout,
        ];
        helm.run(&[args.as_slice(), &more].concat(), "").await
    }
}

fn credential() -> Manifest {
    secret("gitlab-credential").holding("pat", token::ADMIN)
}

async fn is_ready_now(story: &Story<'_>, name: &str) {
    let runner: Option<GitLabRunner> = story.get(name).await;
    assert!(
        says(&runner, "Ready", "True", "Succeeded"),
        "{}",
        shown(&runner)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_waits_for_an_operator_that_is_stopped() {
    story("waiters-stopped")
        .without_an_operator()
        .tell(async |story| {
            let gitlab = connection("gitlab", story.gitlab.url());
            let chough = runner("chough").tagged(["first"]);
            let all = |chough: &Manifest| [credential(), gitlab.clone(), chough.clone()];
            let umbrella = Umbrella::of(story, &all(&chough));
            let complaint = umbrella.is_released(IN_VAIN).await.unwrap_err();
            for name in ["gitlab", "chough"] {
                assert!(complaint.contains(name), "{complaint}");
            }
            let folder = umbrella.folder.clone();

            story.the_operator_starts().await;
            let umbrella = Umbrella { story, folder };
            umbrella.is_released("1m").await.unwrap();
            is_ready_now(story, "chough").await;

            // What the last operator has said of another generation is nothing to go by.
            story.the_operator_is_killed().await;
            umbrella.holds(&all(&chough.tagged(["second"])));
            umbrella.is_released(IN_VAIN).await.unwrap_err();
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_waits_for_a_secret_that_comes_later() {
    story("waiters-late")
        .tell(async |story| {
            let story: &Story<'_> = story;
            let gitlab = connection("gitlab", story.gitlab.url());
            let umbrella = Umbrella::of(story, &[gitlab, runner("dunnock")]);
            let comes = async {
                story
                    .connection_says("gitlab", "Reconciling", "True", "SecretNotFound")
                    .await;
                story.is_not_ready("dunnock", "ConnectionNotReady").await;
                story.apply(&credential()).await;
            };
            let (released, ()) = tokio::join!(umbrella.is_released("1m"), comes);
            released.unwrap();
            is_ready_now(story, "dunnock").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_waits_neither_for_the_suspended_nor_for_drift_that_is_reported() {
    story("waiters-calm")
        .tell(async |story| {
            let story: &Story<'_> = story;
            story.is_connected_to_gitlab().await;
            let reported = runner("firecrest").tagged(["ours"]).only_reported();
            let suspended = runner("goldcrest").with("suspend", true);
            let umbrella = Umbrella::of(story, &[suspended.clone(), reported.clone()]);
            umbrella.is_released("1m").await.unwrap();
            let id = story.is_registered("firecrest").await;
            story.gitlab.changes(id, json!({ "tag_list": ["theirs"] }));
            umbrella.holds(&[suspended, reported.with("paused", true)]);
            umbrella.is_released("1m").await.unwrap();
            story.is_ready_though("firecrest", "Drifted").await;
            let waits = [
                "wait",
                "--for=condition=Ready",
                "--timeout=0",
                "gitlabrunner",
                "--all",
            ];
            story.kubectl(&waits).await;
        })
        .await;
}

/// Numbers in a status that are of a generation, as they are where the generation is 1.
fn first_generation(status: &Value) -> Value {
    let mut status = status.clone();
    status["observedGeneration"] = 1.into();
    for condition in status["conditions"].as_array_mut().unwrap() {
        condition["observedGeneration"] = 1.into();
    }
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_waits_as_the_table_says() {
    story("waiters-kubectl")
        .without_an_operator()
        .tell(async |story| {
            let story: &Story<'_> = story;
            let rows = table::rows();
            let rows = rows.iter().filter(|row| row.kind == "GitLabRunner");
            let cases = rows.enumerate().map(async |(number, row)| {
                let name = format!("hoopoe-{number}");
                story.apply(&runner(&name)).await;
                let status = &row.object["status"];
                if status["conditions"].is_array() {
                    story.status_says(&name, first_generation(status)).await;
                    if status["observedGeneration"] != row.object["metadata"]["generation"] {
                        story.apply(&runner(&name).with("paused", true)).await;
                    }
                }
                let what = format!("gitlabrunner/{name}");
                let namespace = ["--namespace", &story.namespace];
                let waits = ["wait", "--for=condition=Ready", "--timeout=0", &what];
                let tool = story.stage.kubectl();
                let met = tool.run(&[&namespace[..], &waits].concat(), "").await;
                (met.is_ok() != kubectl(&row.object)).then(|| format!("{met:?} {:#}", row.object))
            });
            let wrong: Vec<String> = join_all(cases).await.into_iter().flatten().collect();
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_object_says_that_it_is_waited_for() {
    story("waiters-newborn")
        .without_an_operator()
        .tell(async |story| {
            let url = story.gitlab.url();
            let shared = cluster_connection("waiters-newborn", url);
            for manifest in [runner("jacana"), connection("kagu", url), shared] {
                // As a backup has it; and as somebody writes who has nothing to say.
                let of_a_backup = json!({ "observedGeneration": 1, "conditions": [] });
                for status in [of_a_backup, Value::Null] {
                    let mut whole = manifest.json().clone();
                    whole["status"] = status;
                    let tool = story.stage.kubectl();
                    let namespace = ["--namespace", &story.namespace];
                    let create = [&namespace[..], &["create", "-f", "-"]].concat();
                    tool.done(&create, &whole.to_string()).await;
                    let get = ["get", manifest.kind(), manifest.name(), "--output=json"];
                    let stored: Value = serde_json::from_str(&story.kubectl(&get).await).unwrap();
                    assert_eq!(stored["status"], json!({ "observedGeneration": -1 }));
                    story.delete(&manifest).await;
                }
            }
        })
        .await;
}

/// `kubectl replace` takes the finalizer off, and leaves the status.
#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_object_keeps_its_runner() {
    story("waiters-replaced")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let before = runner("lorikeet").tagged(["one"]);
            story.apply(&before).await;
            let id = story.is_registered("lorikeet").await;
            story.gitlab.clear_requests();
            let after = before.tagged(["two"]).json().to_string();
            let args = ["--namespace", &story.namespace, "replace", "-f", "-"];
            story.stage.kubectl().done(&args, &after).await;
            assert_eq!(story.is_registered("lorikeet").await, id);
            let asked = story.gitlab.changes_asked();
            let put = (
                "PUT".to_owned(),
                format!("/runners/{id}"),
                json!({ "tag_list": ["two"] }),
            );
            assert_eq!(asked, [put]);
            let held = |runner: &GitLabRunner| !runner.finalizers().is_empty();
            story
                .runner_says("lorikeet", "it is held again", held)
                .await;
        })
        .await;
}
