//! What is seen in a Secret, and what of it is written again.
mod ours;

use gitlab_runner_registrar::{
    api::v1alpha1::GitLabRunner,
    gitlab::model::RunnerId,
    plan::{Known, SecretSighting, StoredToken, TokenState, WantedSecret},
    secrets::{Expected, entry, inspect},
};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use super::given::{SECRET, URL, now, seconds};

fn owner() -> GitLabRunner {
    let object = json!({
        "apiVersion": "gitlab-registrar.dev/v1alpha1",
        "kind": "GitLabRunner",
        "metadata": {"name": "builder", "namespace": "space", "uid": "uid-1"},
        "spec": {"connectionRef": {"name": "gitlab"}, "scope": {"instance": {}}},
    });
    serde_json::from_value(object).unwrap()
}

fn wanted() -> WantedSecret {
    WantedSecret {
        name: SECRET.to_owned(),
        labels: [("team".to_owned(), "ci".to_owned())].into(),
        annotations: [("note".to_owned(), "keep".to_owned())].into(),
        config: None,
    }
}

/// The Secret as the operator writes it; the token is `glrt-secret`, and its digest the first eight
/// bytes of its SHA-256.
fn written() -> Value {
    json!({
        "metadata": {
            "name": SECRET,
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "uid-0"},
            ],
            "labels": {
                "app.kubernetes.io/managed-by": "gitlab-runner-registrar",
                "gitlab-registrar.dev/runner": "builder",
                "team": "ci",
                "other": "label",
            },
            "annotations": {
                "gitlab-registrar.dev/owner-uid": "uid-1",
                "gitlab-registrar.dev/secret-name": SECRET,
                "gitlab-registrar.dev/runner-id": "7",
                "gitlab-registrar.dev/gitlab-url": URL,
                "gitlab-registrar.dev/attempt": "a1",
                "gitlab-registrar.dev/token-digest": "cbe3641e3515d713",
                "gitlab-registrar.dev/issued-at": "2026-02-01T00:00:00Z",
                "gitlab-registrar.dev/expires-at": "2026-04-01T00:00:00Z",
                "gitlab-registrar.dev/rotation-deadline": "2026-03-01T00:00:00Z",
                "note": "keep",
            },
        },
        // glrt-secret, and nothing.
        "data": {"runner-token": "Z2xydC1zZWNyZXQ=", "runner-registration-token": ""},
    })
}

fn secret(path: &str, value: Value) -> Secret {
    let mut secret = written();
    let (above, name) = path.rsplit_once('/').unwrap();
    let above = secret.pointer_mut(above).unwrap().as_object_mut().unwrap();
    let name = name.replace("~1", "/");
    if value.is_null() {
        above.remove(&name);
    } else {
        above.insert(name, value);
    }
    serde_json::from_value(secret).unwrap()
}

fn as_written() -> Secret {
    serde_json::from_value(written()).unwrap()
}

fn stored() -> StoredToken {
    StoredToken {
        runner: Some(Known {
            id: RunnerId(7),
            gitlab_url: URL.to_owned(),
        }),
        attempt: Some("a1".to_owned()),
        operation: None,
        token: TokenState::Intact,
        digest: Some("cbe3641e3515d713".to_owned()),
        tidy: true,
        issued_at: Some("2026-02-01T00:00:00Z".parse().unwrap()),
        expires_at: Some("2026-04-01T00:00:00Z".parse().unwrap()),
        rotation_deadline: Some("2026-03-01T00:00:00Z".parse().unwrap()),
    }
}

/// Before the token of the Secret expires; status knows nothing of it.
fn nothing_known() -> Expected {
    Expected {
        reset: None,
        digest: None,
        now: now(),
        inherited: false,
    }
}

fn seen(secret: &Secret) -> SecretSighting {
    let want = wanted();
    inspect(Some(secret), &owner(), Some((&want, URL)), &nothing_known())
}

/// What is kept in a Secret of ours in which one thing was changed.
fn kept(path: &str, value: Value) -> StoredToken {
    match seen(&secret(path, value)) {
        SecretSighting::Ours(stored) => stored,
        SecretSighting::Absent | SecretSighting::Foreign(_) => {
            panic!("{path}: it is not ours any more")
        }
    }
}

#[test]
fn a_token_is_intact_missing_or_edited() {
    let token = |path: &str, value: Value| kept(path, value).token;
    let (data, digest) = (
        "/data/runner-token",
        "/metadata/annotations/gitlab-registrar.dev~1token-digest",
    );
    assert_eq!(token(data, json!(null)), TokenState::Missing);
    assert_eq!(token(data, json!("")), TokenState::Missing);
    assert_eq!(token("/data", json!(null)), TokenState::Missing);
    // Not UTF-8.
    assert_eq!(token(data, json!("/w==")), TokenState::Missing);
    assert_eq!(token(data, json!("eA==")), TokenState::Edited);
    // The same with a line break at its end.
    assert_eq!(token(data, json!("Z2xydC1zZWNyZXQK")), TokenState::Edited);
    assert_eq!(token(digest, json!(null)), TokenState::Edited);
    assert_eq!(token(digest, json!("0")), TokenState::Edited);
}

/// A Secret is whole in itself when it is put back from a backup, too. What status knows decides.
#[test]
fn a_token_is_proven_by_what_status_knows() {
    let reset = "gitlab-registrar.dev/operation";
    let mut after_reset = as_written();
    let annotations = after_reset.metadata.annotations.as_mut().unwrap();
    annotations.insert(reset.to_owned(), "r1".to_owned());
    let digest = || Some("cbe3641e3515d713".to_owned());
    let later: Timestamp = "2026-04-01T00:00:00Z".parse().unwrap();
    let rows = [
        (
            "nothing is known",
            as_written(),
            None,
            None,
            now(),
            TokenState::Intact,
        ),
        (
            "the last token",
            as_written(),
            None,
            digest(),
            now(),
            TokenState::Intact,
        ),
        (
            "not the last token",
            as_written(),
            None,
            Some("0".to_owned()),
            now(),
            TokenState::Unproven,
        ),
        (
            "a reset was begun since",
            as_written(),
            Some("r1"),
            digest(),
            now(),
            TokenState::Unproven,
        ),
        (
            "what that has brought",
            after_reset.clone(),
            Some("r1"),
            Some("0".to_owned()),
            now(),
            TokenState::Intact,
        ),
        (
            "what an earlier one has brought",
            after_reset,
            Some("r2"),
            digest(),
            now(),
            TokenState::Unproven,
        ),
        (
            "a moment before its end",
            as_written(),
            None,
            digest(),
            later - seconds(1),
            TokenState::Intact,
        ),
        (
            "at its end",
            as_written(),
            None,
            digest(),
            later,
            TokenState::Expired,
        ),
    ];
    for (sentence, secret, reset, digest, now, state) in rows {
        let reset = reset.map(str::to_owned);
        let expected = Expected {
            reset,
            digest,
            now,
            inherited: false,
        };
        let kept = inspect(Some(&secret), &owner(), None, &expected);
        let SecretSighting::Ours(kept) = kept else {
            panic!("{sentence}: {kept:?}");
        };
        assert_eq!(kept.token, state, "{sentence}");
    }
}

/// What was changed, and whether that is to be put right.
#[test]
fn a_secret_is_tidy_when_all_that_is_asked_for_is_there() {
    let tidy = |path: &str, value: Value| kept(path, value).tidy;
    let rows = [
        ("/metadata/labels/other", json!(null), true),
        ("/metadata/labels/more", json!("x"), true),
        ("/metadata/annotations/more", json!("x"), true),
        ("/data/more", json!("eA=="), true),
        ("/metadata/labels/team", json!("else"), false),
        ("/metadata/labels/team", json!(null), false),
        ("/metadata/labels", json!(null), false),
        (
            "/metadata/labels/app.kubernetes.io~1managed-by",
            json!("Helm"),
            false,
        ),
        (
            "/metadata/labels/gitlab-registrar.dev~1runner",
            json!(null),
            false,
        ),
        ("/metadata/annotations/note", json!(null), false),
        (
            "/metadata/annotations/gitlab-registrar.dev~1gitlab-url",
            json!("https://other.example.com"),
            false,
        ),
        ("/data/runner-registration-token", json!(null), false),
        ("/data/runner-registration-token", json!("eA=="), false),
    ];
    for (path, value, expected) in rows {
        assert_eq!(tidy(path, value.clone()), expected, "{path} {value}");
        let secret = secret(path, value);
        let unjudged = inspect(Some(&secret), &owner(), None, &nothing_known());
        assert!(matches!(
            unjudged,
            SecretSighting::Ours(StoredToken { tidy: true, .. })
        ));
    }
}

#[test]
fn what_cannot_be_read_is_not_known() {
    let annotation = |name: &str, value: Value| {
        let path = format!("/metadata/annotations/gitlab-registrar.dev~1{name}");
        kept(&path, value)
    };
    for id in [json!(null), json!("seven"), json!("-7"), json!("")] {
        assert_eq!(annotation("runner-id", id).runner, None);
    }
    assert_eq!(annotation("attempt", json!(null)).attempt, None);
    assert_eq!(annotation("issued-at", json!("yesterday")).issued_at, None);
    assert_eq!(annotation("expires-at", json!(null)).expires_at, None);
    let deadline = annotation("rotation-deadline", json!("soon"));
    assert_eq!(deadline.rotation_deadline, None);
}

#[test]
fn only_an_intact_token_of_a_known_runner_is_written_again() {
    let secret = as_written();
    let kept = entry(&secret, &stored()).unwrap();
    assert_eq!(
        (kept.runner, kept.token.expose()),
        (RunnerId(7), "glrt-secret")
    );
    assert_eq!(
        (kept.gitlab_url.as_str(), kept.attempt.as_deref()),
        (URL, Some("a1"))
    );
    assert_eq!(kept.rotation_deadline, stored().rotation_deadline);
    assert!(
        !format!("{kept:?}").contains("secret"),
        "a token cannot be printed"
    );
    for spoilt in [
        StoredToken {
            runner: None,
            ..stored()
        },
        StoredToken {
            token: TokenState::Edited,
            ..stored()
        },
        StoredToken {
            token: TokenState::Missing,
            ..stored()
        },
        StoredToken {
            token: TokenState::Unproven,
            ..stored()
        },
        StoredToken {
            token: TokenState::Expired,
            ..stored()
        },
    ] {
        assert!(entry(&secret, &spoilt).is_none());
    }
}
