//! Making the Node object.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::json;

/// Makes it, and says that it is ready.
pub(super) async fn register(
    client: &kube::Client,
    name: &str,
    labels: &BTreeMap<String, String>,
) -> Result<()> {
    let nodes: Api<Node> = Api::all(client.clone());
    let node = serde_json::from_value(json!({"metadata": {"name": name, "labels": labels}}))?;
    nodes
        .create(&PostParams::default(), &node)
        .await
        .with_context(|| format!("cannot make the node {name}"))?;
    let ready = json!({
        "status": {
            "conditions": [{
                "type": "Ready",
                "status": "True",
                "reason": "ProcessesRun",
                "message": "containers are processes here",
            }],
            "nodeInfo": {
                "architecture": "", "bootID": "", "containerRuntimeVersion": "process://1",
                "kernelVersion": "", "kubeProxyVersion": "", "kubeletVersion": "v1.36.3",
                "machineID": "", "operatingSystem": "linux", "osImage": "", "systemUUID": "",
            },
        }
    });
    nodes
        .patch_status(name, &PatchParams::default(), &Patch::Strategic(&ready))
        .await
        .with_context(|| format!("cannot report the node {name}"))?;
    Ok(())
}
