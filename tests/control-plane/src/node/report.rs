//! Telling the API server about a Pod.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::Place;

/// An API server that is stopped never answers.
pub(super) const ANSWER: Duration = Duration::from_secs(10);

/// Between two attempts, when the API server does not want or cannot.
const AGAIN: Duration = Duration::from_secs(1);

/// Which Pod.
pub(super) struct Target {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
}

impl Target {
    fn api(&self, place: &Place) -> Api<Pod> {
        Api::namespaced(place.client.clone(), &self.namespace)
    }
}

/// Writes the Pod's status whenever it is another one. It runs beside the Pod, because probes have
/// to go on while the API server does not answer.
pub(super) async fn forever(place: Arc<Place>, target: Target) {
    let mut board = place.board.subscribe();
    let mut written = None;
    loop {
        let status = board
            .borrow_and_update()
            .get(&target.uid)
            .filter(|view| !view.gone)
            .map(super::status::PodView::status);
        if status != written {
            // The uid keeps a status from landing on a successor of the same name.
            let patch = json!({"metadata": {"uid": target.uid}, "status": status});
            let api = target.api(&place);
            let (params, patch) = (PatchParams::default(), Patch::Merge(&patch));
            match timeout(ANSWER, api.patch_status(&target.name, &params, &patch)).await {
                Ok(Ok(_)) => written = status,
                Ok(Err(kube::Error::Api(refusal))) if refusal.is_not_found() => return,
                _ => {
                    sleep(AGAIN).await;
                    continue;
                }
            }
        }
        if board.changed().await.is_err() {
            return;
        }
    }
}

/// Tells that nothing of a deleted Pod is left, upon which the API server forgets it.
pub(super) async fn confirm(place: &Place, target: &Target) {
    let preconditions = Preconditions {
        uid: Some(target.uid.clone()),
        ..Preconditions::default()
    };
    let params = DeleteParams {
        grace_period_seconds: Some(0),
        preconditions: Some(preconditions),
        ..DeleteParams::default()
    };
    loop {
        match timeout(ANSWER, target.api(place).delete(&target.name, &params)).await {
            Ok(Ok(_)) => return,
            // It is gone, or there is another one of that name already.
            Ok(Err(kube::Error::Api(refusal)))
                if refusal.is_not_found() || refusal.is_conflict() =>
            {
                return;
            }
            _ => sleep(AGAIN).await,
        }
    }
}
