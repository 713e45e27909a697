//! Writes the Secret of a token, never anybody else's.
use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api, Resource, ResourceExt,
    api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams, Preconditions},
};
use serde_json::json;

use super::digest::digest;
use super::inspect::{
    ATTEMPT, DIGEST, EXPIRES_AT, GITLAB_URL, ISSUED_AT, OPERATION, OWN_NAME, OWNER, RUNNER_ID,
    is_referred, labels,
};
use super::{Entry, REGISTRATION_TOKEN_KEY, TOKEN_KEY};
use crate::api::v1alpha1::GitLabRunner;
use crate::plan::WantedSecret;

/// Writes the Secret whole: creates it, or changes the very version that was read. Either fails
/// with a conflict when somebody else was faster, and then nothing of theirs was overwritten.
pub async fn put(
    api: &Api<Secret>,
    existing: Option<&Secret>,
    owner: &GitLabRunner,
    want: &WantedSecret,
    entry: &Entry,
) -> kube::Result<()> {
    write(api, existing, owner, want, entry, false).await
}

/// Asks the API server whether it would take such a Secret, and stores nothing. Rights, quotas and
/// policies are checked as they will be for the real one.
pub async fn rehearse(
    api: &Api<Secret>,
    existing: Option<&Secret>,
    owner: &GitLabRunner,
    want: &WantedSecret,
    entry: &Entry,
) -> kube::Result<()> {
    write(api, existing, owner, want, entry, true).await
}

async fn write(
    api: &Api<Secret>,
    existing: Option<&Secret>,
    owner: &GitLabRunner,
    want: &WantedSecret,
    entry: &Entry,
    dry_run: bool,
) -> kube::Result<()> {
    let (labels, annotations) = (labels(owner, want), annotations(owner, want, entry));
    let token = entry.token.expose().as_bytes().to_vec();
    let data: BTreeMap<String, ByteString> = [
        (TOKEN_KEY.to_owned(), ByteString(token)),
        (REGISTRATION_TOKEN_KEY.to_owned(), ByteString(Vec::new())),
    ]
    .into();
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
        return api
            .patch(&want.name, &params, &Patch::Merge(&patch))
            .await
            .map(drop);
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
        data: Some(data),
        ..Secret::default()
    };
    let params = PostParams {
        dry_run,
        ..PostParams::default()
    };
    api.create(&params, &secret).await.map(drop)
}

/// What the Secret says of its token, and what spec asks for; `None` is to be removed.
fn annotations(
    owner: &GitLabRunner,
    want: &WantedSecret,
    entry: &Entry,
) -> BTreeMap<String, Option<String>> {
    let Entry {
        token,
        runner,
        gitlab_url,
        attempt,
        operation,
        issued_at,
        expires_at,
    } = entry;
    let stamp = |at: &Option<Timestamp>| at.map(|at| at.to_string());
    let own = [
        (OWNER, owner.uid()),
        (OWN_NAME, Some(want.name.clone())),
        (RUNNER_ID, Some(runner.to_string())),
        (GITLAB_URL, Some(gitlab_url.clone())),
        (ATTEMPT, attempt.clone()),
        (OPERATION, operation.clone()),
        (DIGEST, Some(digest(token.expose()))),
        (ISSUED_AT, stamp(issued_at)),
        (EXPIRES_AT, stamp(expires_at)),
    ];
    let asked = want
        .annotations
        .iter()
        .map(|(name, value)| (name.clone(), Some(value.clone())));
    asked
        .chain(own.map(|(name, value)| (name.to_owned(), value)))
        .collect()
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
