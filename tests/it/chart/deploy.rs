//! deploy/, for those who install without helm.
use control_plane::PodView;

use super::release::node;
use crate::harness::{Story, namespace, story};

/// The namespace that deploy/ installs into.
const HOME: &str = "gitlab-runner-registrar";

#[tokio::test(flavor = "multi_thread")]
async fn deploy_installs_an_operator_that_gets_ready() {
    story("chart-deploy")
        .without_an_operator()
        .tell(async |story| {
            story.apply(&namespace(HOME)).await;
            for folder in ["deploy", "deploy/overlays/cluster"] {
                let said = applied(story, &["--server-side", "--dry-run=server"], folder).await;
                let kinds = [
                    "serviceaccount/",
                    "role.rbac",
                    "rolebinding.rbac",
                    "deployment.apps",
                ];
                for kind in kinds {
                    assert!(said.contains(kind), "{folder} has no {kind}: {said}");
                }
            }
            // As the README says.
            applied(story, &[], "deploy").await;
            let node = node(story, HOME).await;
            node.pod_when(|pod: &PodView| pod.ready).await.unwrap();
        })
        .await;
}

async fn applied(story: &Story<'_>, how: &[&str], folder: &str) -> String {
    let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
    let args = ["apply", "--validate=strict", "-k", &folder];
    story.stage.kubectl().done(&[&args, how].concat(), "").await
}
