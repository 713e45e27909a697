//! The name of the cluster.
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, ResourceExt};

use crate::chain::chain;
use crate::cli::RunArgs;

/// What names this cluster in marks. It is for people only, so not being allowed to read it is no
/// reason to stop.
#[expect(
    clippy::cognitive_complexity,
    reason = "the macros that log count as branches"
)]
pub(super) async fn cluster_id(args: &RunArgs, kube: &Client, namespace: &str) -> String {
    if let Some(id) = &args.cluster_id {
        return id.clone();
    }
    loop {
        match Api::<Namespace>::all(kube.clone()).get(namespace).await {
            Ok(namespace) => return namespace.uid().unwrap_or_else(|| "unnamed".to_owned()),
            Err(kube::Error::Api(status)) if status.code < 500 && status.code != 429 => {
                let why = status.message;
                tracing::warn!(
                    namespace,
                    why,
                    "cannot read the operator's namespace: set --cluster-id"
                );
                return "unnamed".to_owned();
            }
            Err(error) => {
                let why = chain(&error);
                tracing::warn!(why, "the API server does not answer yet");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
}
