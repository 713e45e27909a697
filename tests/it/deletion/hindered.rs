//! Deletions that somebody stands in the way of: GitLab, a policy, or the garbage collector.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::Fault;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{all_is_gone, is_there};
use crate::harness::{Story, condition, config_map, number, runner, secret, story, until};

#[tokio::test(flavor = "multi_thread")]
async fn while_gitlab_is_away_the_object_waits() {
    story("deletion-outage")
        .tell(async |story| {
            let id = is_there(story, &runner("wryneck")).await;
            let path = format!("/api/v4/runners/{id}");
            story
                .gitlab
                .answers("DELETE", &path, Fault::Proxy { status: 502 });
            story.delete(&runner("wryneck")).await;
            story
                .gitlab
                .is_asked("the operator tries", |asked| asked.status == Some(502))
                .await;
            assert!(story.get::<GitLabRunner>("wryneck").await.is_some());
            assert!(story.get::<Secret>("wryneck-runner-token").await.is_some());
            story.gitlab.recovers();
            all_is_gone(story, &runner("wryneck")).await;
        })
        .await;
}

/// A policy of the cluster's for objects of this namespace: whoever has our finalizer keeps it.
async fn finalizers_stay(story: &Story<'_>) -> (Value, Value) {
    let named = |kind: &str, spec: Value| {
        json!({ "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
            "metadata": { "name": "finalizers-stay" }, "spec": spec })
    };
    let policy = named(
        "ValidatingAdmissionPolicy",
        json!({
            "failurePolicy": "Fail",
            "matchConstraints": { "resourceRules": [{
                "apiGroups": ["gitlab-registrar.dev"], "apiVersions": ["*"],
                "operations": ["UPDATE"], "resources": ["gitlabrunners"],
            }] },
            "matchConditions": [{
                "name": "here",
                "expression": format!("request.namespace == '{}'", story.namespace),
            }],
            "validations": [{
                "expression": "!has(oldObject.metadata.finalizers) || has(object.metadata.finalizers)",
                "message": "finalizers stay",
            }],
        }),
    );
    let binding = named(
        "ValidatingAdmissionPolicyBinding",
        json!({ "policyName": "finalizers-stay", "validationActions": ["Deny"] }),
    );
    for manifest in [&policy, &binding] {
        story.kubectl_with(&["apply", "-f", "-"], manifest).await;
    }
    (policy, binding)
}

/// Waits until the API server refuses to take the finalizer away.
async fn is_refused(story: &Story<'_>, name: &str) {
    let without = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    let params = PatchParams {
        dry_run: true,
        ..PatchParams::default()
    };
    until("the policy is in force", async || {
        let taken = story.api::<GitLabRunner>();
        match taken.patch(name, &params, &without).await {
            Ok(_) => Err("the finalizer could be removed".to_owned()),
            Err(_) => Ok(()),
        }
    })
    .await;
}

/// The runner is gone by then, and nobody is to read that all is well.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_keeps_the_finalizer_is_told() {
    story("deletion-policy")
        .tell(async |story| {
            is_there(story, &runner("bittern")).await;
            let (policy, binding) = finalizers_stay(story).await;
            is_refused(story, "bittern").await;
            story.delete(&runner("bittern")).await;
            let told = story.is_not_ready("bittern", "KubernetesError").await;
            for part in ["finalizer gitlab-registrar.dev/runner", "finalizers stay"] {
                assert!(told.contains(part), "{told}");
            }
            let warned = story.tells_once("bittern", "KubernetesError").await;
            assert!(warned.contains("the object cannot go"), "{warned}");
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            // With nobody left to ask in GitLab it is still known that the runner is gone.
            story.the_operator_is_killed().await;
            story.delete(&secret("gitlab-credential")).await;
            story.gitlab.clear_requests();
            story.the_operator_starts().await;
            for manifest in [&binding, &policy] {
                story.kubectl_with(&["delete", "-f", "-"], manifest).await;
            }
            story.is_gone(&runner("bittern")).await;
            assert_eq!(story.gitlab.changes_asked(), []);
        })
        .await;
}

/// The Secret is all that is left, and it must not stay behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_may_not_be_deleted_keeps_the_object() {
    story("deletion-secret-stays")
        .tell(async |story| {
            let id = is_there(story, &runner("avocet")).await;
            story.may_no_longer("delete", "secrets").await;
            story.delete(&runner("avocet")).await;
            let told = story.is_not_ready("avocet", "KubernetesError").await;
            for part in ["avocet-runner-token", "delete it yourself"] {
                assert!(told.contains(part), "{told}");
            }
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            let object: GitLabRunner = story.get("avocet").await.unwrap();
            assert_eq!(number(&object), Some(id), "which runner it was");
            assert_eq!(story.events("avocet", "RunnerVanished").await, [""; 0]);
            story.rights_are_granted().await;
            all_is_gone(story, &runner("avocet")).await;
            story.is_gone(&secret("avocet-runner-token")).await;
        })
        .await;
}

/// As Argo CD deletes: the garbage collector takes what the object owns, whoever holds the object.
#[tokio::test(flavor = "multi_thread")]
async fn in_the_foreground_too_the_token_outlives_its_runner() {
    story("deletion-foreground")
        .tell(async |story| {
            let manifest = runner("whimbrel").in_group("platform");
            is_there(story, &manifest).await;
            story.the_operator_is_killed().await;
            story
                .gitlab
                .does(json!({ "do": "revoke_token", "token": "admin" }));
            let object: GitLabRunner = story.get("whimbrel").await.unwrap();
            story.apply(&config_map("owned")).await;
            let owner = json!([{ "apiVersion": "gitlab-registrar.dev/v1alpha1",
                "kind": "GitLabRunner", "name": "whimbrel", "uid": object.metadata.uid }]);
            let referring = json!({ "metadata": { "ownerReferences": owner } });
            story.edit::<ConfigMap>("owned", referring).await;
            let foreground = [
                "delete",
                "glr",
                "whimbrel",
                "--cascade=foreground",
                "--wait=false",
            ];
            story.kubectl(&foreground).await;
            story.is_gone(&config_map("owned")).await;
            assert!(story.get::<Secret>("whimbrel-runner-token").await.is_some());
            story.the_operator_starts().await;
            all_is_gone(story, &manifest).await;
            story.is_gone(&secret("whimbrel-runner-token")).await;
        })
        .await;
}

/// While its deletion waits, an object does not say that it is ready.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_to_go_is_not_ready() {
    story("deletion-unready")
        .tell(async |story| {
            let id = is_there(story, &runner("godwit")).await;
            let path = format!("/api/v4/runners/{id}");
            story
                .gitlab
                .answers("DELETE", &path, Fault::Proxy { status: 502 });
            story.delete(&runner("godwit")).await;
            story
                .runner_says("godwit", "it is not Ready any more", |runner| {
                    let ready = condition(&Some(runner), "Ready");
                    ready.is_some_and(|ready| ready.status != "True")
                })
                .await;
            story.gitlab.recovers();
            all_is_gone(story, &runner("godwit")).await;
        })
        .await;
}
