//! Which Secrets are this very object's.
use gitlab_runner_registrar::plan::SecretSighting;
use gitlab_runner_registrar::secrets::inspect;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde_json::json;

use super::{as_written, nothing_known, owner, secret, seen, stored, written};

#[test]
fn a_secret_is_ours_when_it_belongs_to_this_very_object() {
    assert_eq!(
        inspect(None, &owner(), None, &nothing_known()),
        SecretSighting::Absent
    );
    assert_eq!(seen(&as_written()), SecretSighting::Ours(stored()));
    // The second has another name than it was written under.
    for (part, theirs) in [("owner-uid", "uid-2"), ("secret-name", "former")] {
        let part = format!("/metadata/annotations/gitlab-registrar.dev~1{part}");
        let made_for = stored().runner;
        assert_eq!(
            seen(&secret(&part, json!(theirs))),
            SecretSighting::Foreign(made_for)
        );
    }
    // An earlier version wrote an owner reference, and no annotation.
    let reference = json!([{"apiVersion": "gitlab-registrar.dev/v1alpha1", "kind": "GitLabRunner",
        "name": "builder", "uid": "uid-1"}]);
    let mut untidy = stored();
    untidy.tidy = false;
    let mut former = secret("/metadata/ownerReferences", reference);
    assert_eq!(seen(&former), SecretSighting::Ours(untidy.clone()));
    former
        .annotations_mut()
        .remove("gitlab-registrar.dev/owner-uid");
    assert_eq!(seen(&former), SecretSighting::Ours(untidy));
    // Whoever copies our annotations has not made it for anybody.
    let mut copied = written();
    copied["metadata"]["labels"] = json!({});
    let mut copied: Secret = serde_json::from_value(copied).unwrap();
    copied
        .annotations_mut()
        .remove("gitlab-registrar.dev/owner-uid");
    assert_eq!(seen(&copied), SecretSighting::Foreign(None));
}
