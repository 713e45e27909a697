//! What the API server writes down.

use control_plane::{ControlPlane, Options};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{ListParams, ObjectMeta, PostParams};

#[tokio::test]
async fn the_audit_log_tells_who_wrote_what() {
    let _turn = crate::turn().await;
    let plane = ControlPlane::start(Options::default()).await.unwrap();
    plane.create_namespace("story").await.unwrap();
    let mark = plane.audit_mark().unwrap();

    let maps: Api<ConfigMap> = Api::namespaced(plane.admin_client().await.unwrap(), "story");
    let metadata = ObjectMeta {
        name: Some("one".to_owned()),
        ..ObjectMeta::default()
    };
    let map = ConfigMap {
        metadata,
        ..ConfigMap::default()
    };
    maps.create(&PostParams::default(), &map).await.unwrap();

    let kubeconfig = plane
        .service_account_kubeconfig("story", "default")
        .await
        .unwrap();
    let nobody = control_plane::client(&kubeconfig).await.unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(nobody, "story");
    maps.list(&ListParams::default())
        .await
        .expect_err("it has no rights");

    plane.audit_settled().await.unwrap();
    let (events, _) = plane.audit_since(mark).unwrap();
    let admin: Vec<_> = events
        .iter()
        .filter(|event| event.user == "admin" && event.is_write() && event.is_complete())
        .map(|event| {
            (
                event.verb.as_str(),
                event.resource.as_str(),
                event.subresource.as_str(),
            )
        })
        .collect();
    assert_eq!(
        admin,
        [
            ("create", "configmaps", ""),
            ("create", "serviceaccounts", "token")
        ]
    );
    let account: Vec<_> = events
        .iter()
        .filter(|event| event.service_account() == Some(("story", "default")))
        .map(|event| (event.verb.as_str(), event.resource.as_str(), event.code))
        .collect();
    assert_eq!(account, [("list", "configmaps", 403)]);

    plane.stop().await.unwrap();
}
