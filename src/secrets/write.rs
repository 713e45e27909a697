//! Writes the Secret of a token, never anybody else's.
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{
    Api, Resource, ResourceExt,
    api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams, Preconditions},
};
use serde_json::json;

use super::Entry;
use super::content::{Content, content};
use super::inspect::{OWN_NAME, OWNER, is_referred};
use crate::api::v1alpha1::GitLabRunner;
use crate::plan::WantedSecret;

/// Writes the Secret whole: creates it, or changes the very version that was read. Either fails
/// with a conflict when somebody else was faster, and then nothing of theirs was overwritten. Tells what is
/// there now.
pub async fn put(
    api: &Api<Secret>,
    existing: Option<&Secret>,
    owner: &GitLabRunner,
    want: &WantedSecret,
    entry: &Entry,
    now: Timestamp,
) -> kube::Result<Secret> {
    write(api, existing, owner, want, entry, now, false).await
}

/// Asks the API server whether it would take such a Secret, and stores nothing. Rights, quotas and
/// policies are checked as they will be for the real one.
pub async fn rehearse(
    api: &Api<Secret>,
    existing: Option<&Secret>,
    owner: &GitLabRunner,
    want: &WantedSecret,
    entry: &Entry,
    now: Timestamp,
) -> kube::Result<()> {
    write(api, existing, owner, want, entry, now, true)
        .await
        .map(drop)
}

async fn write(
    api: &Api<Secret>,
    existing: Option<&Secret>,
    owner: &GitLabRunner,
    want: &WantedSecret,
    entry: &Entry,
    now: Timestamp,
    dry_run: bool,
) -> kube::Result<Secret> {
    let Content {
        labels,
        annotations,
        data,
    } = content(existing, owner, want, entry, now);
    if let Some(existing) = existing {
        let mut patch = json!({
            "metadata": {
                "uid": existing.uid(),
                "resourceVersion": existing.resource_version(),
                "labels": labels,
                "annotations": annotations,
            },
            "data": data,
        });
        if is_referred(existing, owner) {
            patch["metadata"]["ownerReferences"] = json!(references_of_others(existing, owner));
        }
        let params = PatchParams {
            dry_run,
            ..PatchParams::default()
        };
        return api.patch(&want.name, &params, &Patch::Merge(&patch)).await;
    }
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(want.name.clone()),
            labels: Some(labels),
            annotations: Some(
                annotations
                    .into_iter()
                    .filter_map(|(k, v)| Some((k, v?)))
                    .collect(),
            ),
            ..ObjectMeta::default()
        },
        data: Some(
            data.into_iter()
                .filter_map(|(k, v)| Some((k, v?)))
                .collect(),
        ),
        ..Secret::default()
    };
    let params = PostParams {
        dry_run,
        ..PostParams::default()
    };
    api.create(&params, &secret).await
}

fn references_of_others<'a>(secret: &'a Secret, owner: &GitLabRunner) -> Vec<&'a OwnerReference> {
    let uid = owner.meta().uid.as_deref();
    let references = secret.owner_references().iter();
    references
        .filter(|reference| Some(&*reference.uid) != uid)
        .collect()
}

/// Gives our Secret up, so that it stays when the object goes.
pub async fn release(api: &Api<Secret>, secret: &Secret, owner: &GitLabRunner) -> kube::Result<()> {
    let patch = json!({ "metadata": {
        "uid": secret.uid(),
        "resourceVersion": secret.resource_version(),
        "annotations": { OWNER: null, OWN_NAME: null },
        "ownerReferences": references_of_others(secret, owner),
    }});
    let name = secret.name_any();
    api.patch(&name, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .map(drop)
}

/// Deletes the very version of our Secret that was read.
pub async fn delete(api: &Api<Secret>, secret: &Secret) -> kube::Result<()> {
    let preconditions = Preconditions {
        uid: secret.uid(),
        resource_version: secret.resource_version(),
    };
    let params = DeleteParams::default().preconditions(preconditions);
    api.delete(&secret.name_any(), &params).await.map(drop)
}
