//! Secrets that an earlier version of the operator wrote.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::secrets::OWNER;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde_json::json;

use super::has_a_token;
use crate::harness::story;

#[tokio::test(flavor = "multi_thread")]
async fn one_with_an_owner_reference_is_kept_and_loses_it() {
    story("secrets-owner-reference")
        .tell(async |story| {
            has_a_token(story).await;
            let object: GitLabRunner = story.get("razorbill").await.unwrap();
            let token = story.token_in("razorbill-runner-token").await;
            let owner = json!([{ "apiVersion": "gitlab-registrar.dev/v1alpha1",
                "kind": "GitLabRunner", "name": "razorbill", "uid": object.metadata.uid }]);
            let former = json!({ "metadata": { "ownerReferences": owner,
                "annotations": { OWNER: null } } });
            story.gitlab.clear_requests();
            story.edit::<Secret>("razorbill-runner-token", former).await;
            let what = "the annotation is back, and the reference is gone";
            story
                .secret_when("razorbill-runner-token", what, |secret| {
                    let named = secret.annotations().get(OWNER) == object.metadata.uid.as_ref();
                    named && secret.metadata.owner_references.iter().flatten().count() == 0
                })
                .await;
            assert_eq!(story.token_in("razorbill-runner-token").await, token);
            assert_eq!(story.gitlab.changes_asked(), []);
        })
        .await;
}
