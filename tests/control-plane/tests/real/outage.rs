//! An API server that is away for a while.

use control_plane::{ControlPlane, Options};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test]
async fn it_freezes_dies_and_comes_back_with_its_data() {
    let _turn = crate::turn().await;
    let plane = ControlPlane::start(Options::default()).await.unwrap();
    plane.create_namespace("story").await.unwrap();
    let namespaces: Api<Namespace> = Api::all(plane.admin_client().await.unwrap());

    plane.stop_apiserver().await.unwrap();
    let frozen = timeout(Duration::from_millis(500), namespaces.get("story")).await;
    frozen.expect_err("a frozen server answers nothing");
    plane.resume_apiserver().await.unwrap();
    namespaces.get("story").await.unwrap();

    plane.kill_apiserver().await.unwrap();
    namespaces
        .get("story")
        .await
        .expect_err("a dead server takes no connection");
    plane.restart_apiserver().await.unwrap();
    namespaces.get("story").await.unwrap();
}
