//! Pods that run.

use control_plane::{ControlPlane, Node, NodeOptions, Options, PodView, State};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::Api;
use kube::ResourceExt;
use kube::api::{DeleteParams, PostParams};
use kube::runtime::wait::await_condition;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

const NAMESPACE: &str = "story";

struct World {
    plane: ControlPlane,
    node: Node,
    client: kube::Client,
}

impl World {
    async fn start() -> Self {
        let plane = ControlPlane::start(Options::default()).await.unwrap();
        let options = NodeOptions {
            name: "somewhere".to_owned(),
            program: env!("CARGO_BIN_EXE_pod-sample").into(),
            namespaces: vec![NAMESPACE.to_owned()],
        };
        let node = Node::start(&plane, options).await.unwrap();
        plane.create_namespace(NAMESPACE).await.unwrap();
        let client = plane.admin_client().await.unwrap();
        let world = Self {
            plane,
            node,
            client,
        };
        world
            .create::<ServiceAccount>(json!({"metadata": {"name": "sample"}}))
            .await;
        world
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }

    async fn create<K>(&self, object: Value) -> K
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + Serialize
            + DeserializeOwned,
    {
        let object = serde_json::from_value(object).unwrap();
        self.api()
            .create(&PostParams::default(), &object)
            .await
            .unwrap()
    }

    /// Waits until the API server says so.
    async fn wait(&self, name: &str, so: impl Fn(&Pod) -> bool) -> Pod {
        let so = move |pod: Option<&Pod>| pod.is_some_and(&so);
        let seen = await_condition(self.api::<Pod>(), name, so);
        timeout(Duration::from_mins(1), seen)
            .await
            .unwrap()
            .unwrap()
            .unwrap()
    }

    async fn is_gone(&self, name: &str) {
        let gone = await_condition(self.api::<Pod>(), name, |pod: Option<&Pod>| pod.is_none());
        timeout(Duration::from_mins(1), gone)
            .await
            .unwrap()
            .unwrap();
    }

    async fn end(self) {
        let pids: Vec<u32> = self.node.pods().iter().filter_map(PodView::pid).collect();
        self.node.stop().await.unwrap();
        for pid in pids {
            assert!(
                !std::path::Path::new(&format!("/proc/{pid}")).exists(),
                "{pid} is left"
            );
        }
        self.plane.stop().await.unwrap();
    }
}

fn pod_spec(container: &Value) -> Value {
    let mut whole = json!({
        "name": "sample",
        "image": "example.com/sample:1",
        "args": ["run", "--listen=0.0.0.0:8080", "--me=$(POD_NAME)"],
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
        "startupProbe": {"httpGet": {"path": "/livez", "port": "http"}, "periodSeconds": 1},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 1},
        "livenessProbe": {
            "httpGet": {"path": "/livez", "port": "http"},
            "periodSeconds": 1,
            "failureThreshold": 1,
        },
    });
    for (key, value) in container.as_object().unwrap() {
        whole[key] = value.clone();
    }
    json!({
        "serviceAccountName": "sample",
        "terminationGracePeriodSeconds": 5,
        "containers": [whole],
    })
}

fn pod(name: &str, container: &Value) -> Value {
    json!({"metadata": {"name": name}, "spec": pod_spec(container)})
}

fn is_ready(pod: &Pod) -> bool {
    pod.status
        .as_ref()
        .and_then(|status| status.conditions.as_ref())
        .is_some_and(|conditions| {
            conditions
                .iter()
                .any(|one| one.type_ == "Ready" && one.status == "True")
        })
}

fn waits_for(reason: &str) -> impl Fn(&Pod) -> bool {
    let reason = reason.to_owned();
    move |pod: &Pod| waiting(pod).is_some_and(|(why, _)| why == reason)
}

fn waiting(pod: &Pod) -> Option<(String, String)> {
    let container = pod.status.as_ref()?.container_statuses.as_ref()?.first()?;
    let waiting = container.state.as_ref()?.waiting.clone()?;
    Some((waiting.reason?, waiting.message?))
}

async fn get(view: &PodView, path: &str) -> reqwest::Result<reqwest::Response> {
    let url = format!("http://{}{path}", view.ports["http"]);
    reqwest::Client::builder()
        .no_proxy()
        .build()?
        .get(url)
        .send()
        .await
}

#[tokio::test]
async fn a_deployment_runs_is_replaced_and_ends() {
    let _turn = crate::turn().await;
    let world = World::start().await;
    let labels = json!({"app": "sample"});
    world
        .create::<Deployment>(json!({
            "metadata": {"name": "sample"},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod_spec(&json!({}))},
            },
        }))
        .await;
    let first = world.node.pod_when(|pod| pod.ready).await.unwrap();
    world.wait(&first.name, is_ready).await;

    // Its own identity, in an environment that has nothing of ours.
    let said = world.node.logs(NAMESPACE, &first.name).unwrap();
    let port = first.ports["8080"].port();
    assert_ne!(port, 8080);
    let args = format!("args run --listen=127.0.0.1:{port} --me={}\n", first.name);
    assert!(said.contains(&args), "{said}");
    assert!(!said.contains("env CARGO"), "{said}");
    let kubeconfig = said
        .lines()
        .find_map(|line| line.strip_prefix("env KUBECONFIG="))
        .unwrap();
    let mark = world.plane.audit_mark().unwrap();
    let theirs = control_plane::client(Path::new(kubeconfig)).await.unwrap();
    theirs.apiserver_version().await.unwrap();
    world.plane.audit_settled().await.unwrap();
    let (events, _) = world.plane.audit_since(mark).unwrap();
    let account = Some((NAMESPACE, "sample"));
    assert!(
        events
            .iter()
            .any(|event| event.service_account() == account),
        "{events:?}"
    );

    world
        .api::<Pod>()
        .delete(&first.name, &DeleteParams::default())
        .await
        .unwrap();
    let second = world
        .node
        .pod_when(|pod| pod.ready && pod.uid != first.uid)
        .await
        .unwrap();
    world.is_gone(&first.name).await;
    assert!(world.node.pod(NAMESPACE, &first.name).unwrap().gone);
    assert_eq!(
        world.node.logs(NAMESPACE, &first.name).unwrap(),
        said,
        "logs outlive their Pod"
    );
    assert_ne!(second.ports["http"].port(), port);
    world.end().await;
}

#[tokio::test]
async fn a_container_that_dies_or_is_sick_is_started_again() {
    let _turn = crate::turn().await;
    let world = World::start().await;
    world.create::<Pod>(pod("sample", &json!({}))).await;
    let first = world.node.pod_when(|pod| pod.ready).await.unwrap();

    world.node.kill(NAMESPACE, "sample").unwrap();
    let second = world
        .node
        .pod_when(|pod| pod.ready && pod.restarts == 1)
        .await
        .unwrap();
    assert_eq!(second.last.as_ref().map(|last| last.code), Some(137));
    assert_ne!(first.pid(), second.pid());

    get(&second, "/crash").await.unwrap_err();
    let third = world
        .node
        .pod_when(|pod| pod.ready && pod.restarts == 2)
        .await
        .unwrap();
    assert_eq!(third.last.as_ref().map(|last| last.code), Some(3));

    get(&third, "/sick").await.unwrap();
    let fourth = world
        .node
        .pod_when(|pod| pod.ready && pod.restarts == 3)
        .await
        .unwrap();
    let why = fourth.last.as_ref().map(|last| last.message.as_str());
    assert_eq!(why, Some("the liveness probe failed"));
    let status = world.wait("sample", is_ready).await.status.unwrap();
    assert_eq!(status.container_statuses.unwrap()[0].restart_count, 3);
    world.end().await;
}

#[tokio::test]
async fn what_a_node_would_refuse_is_refused() {
    let _turn = crate::turn().await;
    let world = World::start().await;
    let secret = json!({"secretKeyRef": {"name": "late", "key": "word"}});
    let container = json!({"env": [{"name": "WORD", "valueFrom": secret}]});
    world.create::<Pod>(pod("needy", &container)).await;
    let needy = world
        .wait("needy", waits_for("CreateContainerConfigError"))
        .await;
    assert_eq!(waiting(&needy).unwrap().1, "secret \"late\" not found");

    world
        .create::<Pod>(pod("strange", &json!({"workingDir": "/srv"})))
        .await;
    let strange = world.wait("strange", waits_for("CannotHonour")).await;
    assert_eq!(
        waiting(&strange).unwrap().1,
        "cannot honour spec.containers[0].workingDir"
    );
    assert_eq!(strange.status.unwrap().phase.as_deref(), Some("Pending"));
    world
        .api::<Pod>()
        .delete("strange", &DeleteParams::default())
        .await
        .unwrap();
    world.is_gone("strange").await;

    world
        .create::<Pod>(pod("other", &json!({"command": ["/bin/sh", "-c", "true"]})))
        .await;
    let other = world
        .wait("other", waits_for("CreateContainerConfigError"))
        .await;
    assert_eq!(
        waiting(&other).unwrap().1,
        "this node has no program /bin/sh"
    );

    let late = json!({"metadata": {"name": "late"}, "stringData": {"word": "at last"}});
    let secret: Secret = world.create(late).await;
    world.wait("needy", is_ready).await;
    assert!(
        world
            .node
            .logs(NAMESPACE, "needy")
            .unwrap()
            .contains("env WORD=at last")
    );
    assert_eq!(secret.name_any(), "late");

    assert!(matches!(
        world.node.pod(NAMESPACE, "other").unwrap().state,
        State::Waiting { .. }
    ));
    world.end().await;
}

#[tokio::test]
async fn probes_go_on_while_the_apiserver_is_away() {
    let _turn = crate::turn().await;
    let world = World::start().await;
    world.create::<Pod>(pod("sample", &json!({}))).await;
    let first = world.node.pod_when(|pod| pod.ready).await.unwrap();
    world.wait("sample", is_ready).await;

    world.plane.stop_apiserver().await.unwrap();
    get(&first, "/sick").await.unwrap();
    world.node.pod_when(|pod| pod.last.is_some()).await.unwrap();
    world.plane.resume_apiserver().await.unwrap();
    world.wait("sample", ready_after_restarts(1)).await;

    let second = world.node.pod_when(|pod| pod.ready).await.unwrap();
    world.plane.kill_apiserver().await.unwrap();
    get(&second, "/sick").await.unwrap();
    world.node.pod_when(|pod| pod.restarts == 2).await.unwrap();
    world.plane.restart_apiserver().await.unwrap();
    world.wait("sample", ready_after_restarts(2)).await;
    world.end().await;
}

fn ready_after_restarts(count: i32) -> impl Fn(&Pod) -> bool {
    move |pod: &Pod| {
        let containers = pod
            .status
            .as_ref()
            .and_then(|status| status.container_statuses.as_ref());
        is_ready(pod) && containers.is_some_and(|all| all[0].restart_count == count)
    }
}
