//! What kustomize makes of deploy/ in another namespace, and of a kustomization that renames our kinds.
use control_plane::PodView;
use gitlab_runner_registrar::api::v1alpha1::{ConnectionKind, GitLabRunner};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, ResourceExt};
use serde_json::Value;

use super::release::node;
use crate::harness::{Story, story};

/// As the kustomizations in the folder beside this file have it.
const HOME: &str = "chart-kustomize";

#[tokio::test(flavor = "multi_thread")]
async fn a_kustomization_moves_the_operator_and_renames_what_it_serves() {
    story("chart-kustomize")
        .without_an_operator()
        .tell(async |story| {
            let operator = kustomized(story, "operator").await;
            applied(story, &operator).await;
            let node = node(story, HOME).await;
            node.pod_when(|pod: &PodView| pod.ready).await.unwrap();

            let url = story.gitlab.url();
            let manifests = kustomized(story, "runners").await;
            applied(story, &manifests.replace("https://gitlab.example.com", url)).await;
            let linux: GitLabRunner = story.is_ready("dev-linux-a").await;
            assert_eq!(linux.spec.connection_ref.name, "dev-gitlab-a");

            // It could read its own Namespace, and can read no other.
            let namespaces: Api<Namespace> = Api::all(story.kube.clone());
            let uid = namespaces.get(HOME).await.unwrap().uid().unwrap();
            let mark = story.gitlab.only_runner()["maintenance_note"].clone();
            assert!(mark.as_str().unwrap().contains(&uid), "{mark} has no {uid}");
            let account = format!("--as=system:serviceaccount:{HOME}:gitlab-runner-registrar");
            for (name, may) in [(HOME, true), ("default", false)] {
                let get = ["get", "namespace", name, &account];
                let answer = story.stage.kubectl().run(&get, "").await;
                assert_eq!(answer.is_ok(), may, "{name}: {answer:?}");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reference_of_our_kinds_follows_a_new_name() {
    story("chart-kustomize-names")
        .without_an_operator()
        .tell(async |story| {
            let documents = documents(&kustomized(story, "runners").await);
            let object_of = |kind: &str, name: &str| {
                let fits = |object: &&Value| {
                    object["kind"] == kind
                        && object["metadata"]["name"]
                            .as_str()
                            .unwrap()
                            .starts_with(name)
                };
                documents.iter().find(fits).unwrap().clone()
            };
            let spec_of = |kind: &str, name: &str| object_of(kind, name)["spec"].clone();
            let name_of =
                |kind: &str, begin: &str| object_of(kind, begin)["metadata"]["name"].clone();
            let credentials = name_of("Secret", "dev-credentials-a-");
            let authority = name_of("Secret", "dev-authority-a-");
            let by_secret = spec_of("GitLabConnection", "dev-by-secret-a");
            assert_eq!(by_secret["credentialsSecretRef"]["name"], credentials);
            assert_eq!(by_secret["caBundleSecretRef"]["name"], authority);
            for field in ["clientCertificateSecretRef", "proxyCredentialsSecretRef"] {
                assert_eq!(by_secret[field]["name"], authority, "{field}");
            }
            let shared = spec_of("ClusterGitLabConnection", "dev-shared-a");
            assert_eq!(shared["credentialsSecretRef"]["name"], credentials);
            let authority = name_of("ConfigMap", "dev-authority-a-");
            assert_eq!(shared["caBundleConfigMapRef"]["name"], authority);
            let guest = spec_of("GitLabRunner", "dev-guest-a");
            assert_eq!(guest["connectionRef"]["name"], "dev-shared-a");
            let kind = serde_json::to_value(ConnectionKind::ClusterGitLabConnection).unwrap();
            assert_eq!(guest["connectionRef"]["kind"], kind);
        })
        .await;
}

fn documents(text: &str) -> Vec<Value> {
    let documents = text.split("\n---\n");
    documents
        .map(|document| serde_saphyr::from_str(document).unwrap())
        .collect()
}

/// What `kubectl kustomize` prints of a folder beside this file.
async fn kustomized(story: &Story<'_>, folder: &str) -> String {
    let folder = format!(
        "{}/tests/it/chart/kustomize/{folder}",
        env!("CARGO_MANIFEST_DIR")
    );
    story
        .stage
        .kubectl()
        .done(&["kustomize", &folder], "")
        .await
}

async fn applied(story: &Story<'_>, manifests: &str) {
    let args = ["apply", "--validate=strict", "-f", "-"];
    story.stage.kubectl().done(&args, manifests).await;
}
