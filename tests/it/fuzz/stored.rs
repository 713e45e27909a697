//! Secrets as the API server hands them over: whose they are, and what stands in them.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::plan::SecretSighting;
use gitlab_runner_registrar::secrets::{
    Expected, Heir, TOKEN_KEY, digest, entry, held, inspect, object, owners, unfit, whose,
};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;

use super::driver::Target;

pub(super) const TARGET: Target = Target {
    name: "secrets",
    runs: 2000,
    words: &[
        "metadata",
        "annotations",
        "labels",
        "ownerReferences",
        "uid",
        "uid-1",
        "uid-2",
        "data",
        "runner-token",
        "runner-registration-token",
        "gitlab-registrar.dev/owner-uid",
        "gitlab-registrar.dev/secret-name",
        "gitlab-registrar.dev/runner-id",
        "gitlab-registrar.dev/token-digest",
        "gitlab-registrar.dev/runner",
        "app.kubernetes.io/managed-by",
        "gitlab-runner-registrar",
        "Z2xydC1jYW5hcnktb2YtdGhlLXNlY3JldA==",
        "7",
        "4f2c8d0a6b1e9357",
        "linux",
        "token-secret",
        "immutable",
    ],
    check,
};

fn check(input: &[u8]) -> Result<String, String> {
    let Ok(secret) = serde_json::from_slice::<Secret>(input) else {
        return Ok("no Secret".to_owned());
    };
    let owner: GitLabRunner = serde_json::from_value(json!({
        "metadata": { "name": "linux", "namespace": "ci", "uid": "uid-1" },
        "spec": { "connectionRef": { "name": "gitlab" }, "scope": { "instance": {} } },
    }))
    .unwrap();
    let token = secret.data.as_ref().and_then(|data| data.get(TOKEN_KEY));
    let token = token.and_then(|token| String::from_utf8(token.0.clone()).ok());
    let known = token.as_deref().map(digest);
    let mut kinds = Vec::new();
    for expected in [None, known, Some(digest("another"))] {
        let expected = Expected {
            reset: None,
            digest: expected,
            now: Timestamp::UNIX_EPOCH,
            inherited: false,
        };
        let seen = inspect(Some(&secret), &owner, None, &expected);
        kinds.push(judged(&secret, token.as_deref(), &expected, &seen)?);
    }
    let told = [
        Some(whose(&secret)),
        unfit(&secret),
        held(&secret, TOKEN_KEY),
        object(&secret.metadata).map(str::to_owned),
    ];
    let heir = Heir {
        object: &owner,
        runner: gitlab_runner_registrar::plan::Known {
            id: gitlab_runner_registrar::gitlab::RunnerId(7),
            gitlab_url: String::new(),
        },
    };
    let inherits = heir.inherits(&secret).is_some();
    let leaks = token.filter(|it| it.len() > 20);
    if let Some(token) = leaks
        && told[..3].iter().flatten().any(|text| text.contains(&token))
        && !format!("{:?}", secret.metadata).contains(&token)
    {
        return Err(format!("{told:?} holds {token}"));
    }
    Ok(format!("{kinds:?} {inherits}"))
}

/// It is ours only by the uid of our object and its own name, or by an owner reference where there is no such
/// annotation; and its token is used only if it is the one that was written and is known.
fn judged(
    secret: &Secret,
    token: Option<&str>,
    expected: &Expected,
    seen: &SecretSighting,
) -> Result<&'static str, String> {
    let printed = format!("{seen:?}");
    if token.is_some_and(|it| {
        it.len() > 20 && printed.contains(it) && !format!("{:?}", secret.metadata).contains(it)
    }) {
        return Err(format!("{printed} holds the token"));
    }
    let ours = owners(&secret.metadata).any(|uid| uid == "uid-1");
    let SecretSighting::Ours(stored) = seen else {
        return if ours { Err(printed) } else { Ok("foreign") };
    };
    if !ours {
        return Err(format!("{printed} is ours"));
    }
    let Some(entry) = entry(secret, stored) else {
        return Ok("of no use");
    };
    let held = digest(entry.token.expose());
    let annotations = secret.metadata.annotations.as_ref();
    let written = annotations.and_then(|it| it.get("gitlab-registrar.dev/token-digest"));
    let proven = expected.digest.as_ref().is_none_or(|it| *it == held);
    if written != Some(&held) || !proven || token != Some(entry.token.expose()) {
        return Err(format!("{printed} is used"));
    }
    Ok("of use")
}
