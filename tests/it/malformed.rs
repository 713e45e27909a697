//! Objects that do not have the shape of their kind, as after a CRD that somebody has loosened: they
//! do not go on saying that all is well.
use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, GitLabRunner};
use kube::Resource;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use crate::harness::{Story, condition, runner, says, shown, story, token, until};

/// Lets objects of a kind be anything.
async fn anything_goes(story: &Story<'_>, plural: &str) {
    let anything = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    // A field that is selectable must be in the schema.
    let selectable = "/spec/versions/0/selectableFields";
    let schema = "/spec/versions/0/schema/openAPIV3Schema";
    let change = json!([
        { "op": "add", "path": selectable, "value": [] },
        { "op": "replace", "path": schema, "value": anything },
    ])
    .to_string();
    let crd = format!("{plural}.gitlab-registrar.dev");
    let args = ["patch", "crd", &crd, "--type=json", "--patch", &change];
    story.kubectl(&args).await;
}

fn raw<K: Resource<DynamicType = ()>>(story: &Story<'_>) -> Api<DynamicObject> {
    let kind = ApiResource::erase::<K>(&());
    Api::namespaced_with(story.kube.clone(), &story.namespace, &kind)
}

async fn becomes(api: &Api<DynamicObject>, name: &str, patch: Value) {
    until("the API server takes it", async || {
        let patched = api
            .patch(name, &PatchParams::default(), &Patch::Merge(&patch))
            .await;
        patched.map(drop).map_err(|error| error.to_string())
    })
    .await;
}

async fn says_so(api: &Api<DynamicObject>, name: &str, reason: &str, told: &str) {
    until(&format!("{name}: {reason}"), async || {
        let object = api.get(name).await.unwrap();
        let stalled = says(&object, "Stalled", "True", reason);
        let message = condition(&object, "Ready").unwrap().message;
        let so = says(&object, "Ready", "False", reason) && stalled && message.contains(told);
        let seen = object.data["status"]["observedGeneration"] == json!(object.metadata.generation);
        if so && seen {
            Ok(())
        } else {
            Err(shown(&object))
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_without_the_shape_of_its_kind_is_ready_no_more() {
    story("malformed")
        .on_a_stage_of_its_own()
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("avocet")).await;
            story.is_ready("avocet").await;
            story.connects("other", token::ADMIN).await;
            story.is_connected("other").await;
            for plural in ["gitlabrunners", "gitlabconnections"] {
                anything_goes(story, plural).await;
            }
            let (runners, connections) =
                (raw::<GitLabRunner>(story), raw::<GitLabConnection>(story));
            becomes(&connections, "other", json!({ "spec": { "url": 7 } })).await;
            let shape = "does not have the shape of its kind";
            says_so(&connections, "other", "InvalidConnection", shape).await;
            becomes(&runners, "avocet", json!({ "spec": { "tags": "all" } })).await;
            says_so(&runners, "avocet", "InvalidSpec", shape).await;
            let number =
                runners.get("avocet").await.unwrap().data["status"]["runner"]["id"].clone();
            assert!(number.is_i64(), "what is known of the runner stays known");

            let url = json!({ "spec": { "url": story.gitlab.url() } });
            becomes(&connections, "other", url).await;
            story.is_connected("other").await;
            becomes(&runners, "avocet", json!({ "spec": { "tags": ["all"] } })).await;
            story.is_ready("avocet").await;
        })
        .await;
}
