//! deploy/, for those who install without helm.
use control_plane::PodView;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;

use super::release::node;
use crate::harness::{Story, namespace, story, until};

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
            let leases: Api<Lease> = Api::namespaced(story.kube.clone(), HOME);
            until("the one that works is ready", async || {
                let lease = leases.get_opt("gitlab-runner-registrar").await.unwrap();
                let leader = lease.and_then(|lease| lease.spec?.holder_identity);
                let pods = node.pods();
                let works = |pod: &PodView| pod.ready && leader.as_ref() == Some(&pod.name);
                let works = pods.iter().any(works).then_some(());
                works.ok_or_else(|| format!("{leader:?} {pods:#?}"))
            })
            .await;
        })
        .await;
}

async fn applied(story: &Story<'_>, how: &[&str], folder: &str) -> String {
    let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
    let args = ["apply", "--validate=strict", "-k", &folder];
    story.stage.kubectl().done(&[&args, how].concat(), "").await
}
