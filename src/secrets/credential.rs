//! The Secret that holds a connection's credential: whether a new token could be stored there, and how.
use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, ResourceExt,
    api::{ObjectMeta, Patch, PatchParams, PostParams},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::digest;
use crate::api::KEEPS_CREDENTIAL;
use crate::plan::credential;

/// Labels and annotations that tools put on what they keep as it is written elsewhere, and the tools.
const KEEPERS: [(&str, &str); 9] = [
    ("argocd.argoproj.io/instance", "Argo CD"),
    ("argocd.argoproj.io/tracking-id", "Argo CD"),
    ("kustomize.toolkit.fluxcd.io/name", "Flux"),
    ("helm.toolkit.fluxcd.io/name", "Flux"),
    ("meta.helm.sh/release-name", "Helm"),
    ("reconcile.external-secrets.io/managed", "External Secrets"),
    (
        "reconcile.external-secrets.io/created-by",
        "External Secrets",
    ),
    ("sealedsecrets.bitnami.com/managed", "Sealed Secrets"),
    ("app.kubernetes.io/managed-by", ""),
];

/// Why a new token must not be stored in that Secret, if so: the end of a sentence. What somebody else
/// keeps would be put back to the old token, and the new one lost.
pub fn unfit(secret: &Secret) -> Option<String> {
    let name = secret.name_any();
    if secret.immutable == Some(true) {
        return Some(format!(
            "the Secret {name} is immutable: make another without immutable, and name that in \
             spec.credentialsSecretRef"
        ));
    }
    if secret
        .annotations()
        .get(KEEPS_CREDENTIAL)
        .is_some_and(|it| it == "true")
    {
        return None;
    }
    let owner = secret.owner_references().first();
    let owner = owner.map(|owner| format!("{} {}", owner.kind, owner.name));
    let keeper = owner.or_else(|| kept_by(secret))?;
    Some(format!(
        "the Secret {name} is kept by {keeper}, which would put the old token back: have it leave the Secret \
         alone, and then set the annotation {KEEPS_CREDENTIAL}=true there, or name another Secret"
    ))
}

fn kept_by(secret: &Secret) -> Option<String> {
    KEEPERS.iter().find_map(|(key, tool)| {
        let labelled = secret.labels().get(*key);
        let value = labelled.or_else(|| secret.annotations().get(*key))?;
        let tool = if tool.is_empty() { value } else { *tool };
        Some(tool.to_owned())
    })
}

/// Start of the SHA-256 of the token in that key, as it would be sent; `None` where there is none.
pub fn held(secret: &Secret, key: &str) -> Option<String> {
    let bytes = secret.data.as_ref()?.get(key)?;
    let token = credential(&bytes.0).ok()?;
    (!token.is_empty()).then(|| digest(token))
}

/// Writes one key into the very version of a Secret that was read, and leaves all others.
pub async fn put_credential(
    api: &Api<Secret>,
    existing: &Secret,
    key: &str,
    token: &SecretString,
    dry_run: bool,
) -> kube::Result<()> {
    let patch = json!({
        "metadata": {
            "uid": existing.uid(),
            "resourceVersion": existing.resource_version(),
        },
        "data": { key: bytes(token) },
    });
    let params = PatchParams {
        dry_run,
        ..PatchParams::default()
    };
    let name = existing.name_any();
    api.patch(&name, &params, &Patch::Merge(&patch))
        .await
        .map(drop)
}

/// Makes a Secret with that one key, where there is none.
pub async fn create_credential(
    api: &Api<Secret>,
    name: &str,
    key: &str,
    token: &SecretString,
    dry_run: bool,
) -> kube::Result<()> {
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([(key.to_owned(), bytes(token))])),
        ..Secret::default()
    };
    let params = PostParams {
        dry_run,
        ..PostParams::default()
    };
    api.create(&params, &secret).await.map(drop)
}

fn bytes(token: &SecretString) -> ByteString {
    ByteString(token.expose_secret().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(more: &serde_json::Value) -> Secret {
        let mut json = json!({ "metadata": { "name": "gitlab" } });
        for (field, value) in more.as_object().unwrap() {
            json[field] = value.clone();
        }
        json["metadata"]["name"] = "gitlab".into();
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_secret_that_somebody_else_keeps_is_not_written_unless_a_person_says_so() {
        let owner =
            json!([{ "apiVersion": "v1", "kind": "ExternalSecret", "name": "vault", "uid": "1" }]);
        let rows = [
            (json!({}), None),
            (json!({ "immutable": true }), Some("is immutable")),
            (
                json!({ "metadata": { "ownerReferences": owner } }),
                Some("kept by ExternalSecret vault"),
            ),
            (
                json!({ "metadata": { "labels": { "kustomize.toolkit.fluxcd.io/name": "ci" } } }),
                Some("kept by Flux"),
            ),
            (
                json!({ "metadata": { "annotations": { "argocd.argoproj.io/tracking-id": "a" } } }),
                Some("kept by Argo CD"),
            ),
            (
                json!({ "metadata": { "labels": { "app.kubernetes.io/managed-by": "Terraform" } } }),
                Some("kept by Terraform"),
            ),
            (
                json!({ "metadata": { "ownerReferences": owner, "annotations": { KEEPS_CREDENTIAL: "true" } } }),
                None,
            ),
            (
                json!({ "immutable": true, "metadata": { "annotations": { KEEPS_CREDENTIAL: "true" } } }),
                Some("is immutable"),
            ),
        ];
        for (more, told) in rows {
            let why = unfit(&secret(&more));
            match told {
                None => assert_eq!(why, None, "{more}"),
                Some(part) => assert!(
                    why.as_ref().is_some_and(|why| why.contains(part)),
                    "{why:?}"
                ),
            }
        }
    }
}
