//! Which Secrets are this very object's.
use gitlab_runner_registrar::gitlab::model::RunnerId;
use gitlab_runner_registrar::plan::{Known, SecretSighting};
use gitlab_runner_registrar::secrets::{Expected, Heir, inspect};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde_json::json;

use super::super::given::URL;
use super::{as_written, nothing_known, owner, secret, seen, stored, wanted, written};

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

/// Together with a runner its Secret is taken over, token and all, and nothing that was made for another
/// runner or object.
#[test]
fn a_secret_of_an_earlier_object_comes_with_its_runner() {
    let object = owner();
    let heir = |id, url: &str| Heir {
        object: &object,
        runner: Known {
            id: RunnerId(id),
            gitlab_url: url.to_owned(),
        },
    };
    let left = |part: &str, value| secret(&format!("/metadata/{part}"), value);
    let of = |uid: &str| left("annotations/gitlab-registrar.dev~1owner-uid", json!(uid));
    let uid = |uid: &str| Some(uid.to_owned());
    assert_eq!(heir(7, URL).inherits(&of("uid-0")), uid("uid-0"));
    let released = left("annotations/gitlab-registrar.dev~1owner-uid", json!(null));
    assert_eq!(heir(7, URL).inherits(&released), uid(""));
    for (what, heir, secret) in [
        ("it is ours already", heir(7, URL), as_written()),
        ("another runner", heir(8, URL), of("uid-0")),
        (
            "another GitLab",
            heir(7, "https://elsewhere.example.com"),
            of("uid-0"),
        ),
        (
            "another name",
            heir(7, URL),
            left("labels/gitlab-registrar.dev~1runner", json!("tester")),
        ),
        (
            "not made by the operator",
            heir(7, URL),
            left("labels/app.kubernetes.io~1managed-by", json!("Helm")),
        ),
    ] {
        assert_eq!(heir.inherits(&secret), None, "{what}");
    }
    let expected = Expected {
        inherited: true,
        ..nothing_known()
    };
    let want = wanted();
    let mut untidy = stored();
    untidy.tidy = false;
    assert_eq!(
        inspect(Some(&of("uid-0")), &object, Some((&want, URL)), &expected),
        SecretSighting::Ours(untidy)
    );
}
