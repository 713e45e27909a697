//! What GitLab, or somebody in its place, says no with, and what it means.
use gitlab_runner_registrar::gitlab::{Error, Outcome, Settings};
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use super::struck::{PROJECT, RUNNER, reply, struck_by};
use super::{TOKEN, told};

#[tokio::test]
async fn a_strangers_refusal_is_told_from_gitlabs() {
    for status in [400, 403, 404] {
        let (_sim, client, _) = struck_by(Rule::always(Fault::Proxy { status })).await;
        let error = client.runner(RUNNER).await.unwrap_err();
        assert_eq!(error.status(), Some(status));
        let said = told(&error);
        let expected = format!("a web page with status {status}; this does not look like GitLab's");
        assert!(said.contains(&expected), "{said}");
    }
}

#[tokio::test]
async fn only_gitlab_can_say_that_something_is_gone() {
    for message in ["404 Runner Not Found", "404 Not found"] {
        let (_sim, client, calls) = struck_by(reply(404, &[], json!({ "message": message }))).await;
        assert_eq!(client.runner(RUNNER).await.unwrap(), None);
        client.unregister(RUNNER).await.unwrap();
        assert_eq!(client.group_id("a").await.unwrap(), None);
        assert_eq!(client.project_id("a/b").await.unwrap(), None);
        assert!(
            calls
                .outcomes()
                .iter()
                .all(|(_, _, outcome)| *outcome == Outcome::Ok)
        );
        let refused = client.edit(RUNNER, &Settings::default()).await.unwrap_err();
        assert_eq!(refused.status(), Some(404));
    }
    for body in [
        json!({"error": "404 Not Found"}),
        json!("default backend - 404"),
        Value::Null,
    ] {
        let (_sim, client, calls) = struck_by(reply(404, &[], body)).await;
        let ends = [
            client.runner(RUNNER).await.map(drop),
            client.unregister(RUNNER).await,
            client.unassign(PROJECT, RUNNER).await,
            client.group_id("a").await.map(drop),
            client.project_id("a/b").await.map(drop),
        ];
        for end in ends {
            assert_eq!(end.unwrap_err().status(), Some(404));
        }
        assert!(
            calls
                .outcomes()
                .iter()
                .all(|(_, _, outcome)| *outcome == Outcome::Refused)
        );
    }
}

#[tokio::test]
async fn what_is_already_so_is_a_success() {
    let taken =
        "Assign to Validation failed: Runner projects runner has already been taken - runner_error";
    for message in [json!(taken), json!({"runner": ["has already been taken"]})] {
        let (_sim, client, _) = struck_by(reply(400, &[], json!({ "message": message }))).await;
        client.assign(PROJECT, RUNNER).await.unwrap();
    }
    let full =
        json!({"message": "Assign to Validation failed: Maximum number exceeded - runner_error"});
    let (_sim, client, _) = struck_by(reply(400, &[], full)).await;
    assert_eq!(
        client.assign(PROJECT, RUNNER).await.unwrap_err().status(),
        Some(400)
    );

    for (message, gone) in [
        ("404 Runner Not Found", true),
        ("404 Project Not Found", false),
    ] {
        let (_sim, client, _) = struck_by(reply(404, &[], json!({ "message": message }))).await;
        assert_eq!(
            client.unassign(PROJECT, RUNNER).await.is_ok(),
            gone,
            "{message}"
        );
    }
}

async fn assert_refused(status: u16, body: Value, message: &str, code: Option<&str>) {
    let (_sim, client, _) = struck_by(reply(status, &[], body)).await;
    let error = client.runner(RUNNER).await.unwrap_err();
    assert_eq!(told(&error), format!("GitLab said {status}: {message}"));
    assert_eq!(error.is_unauthorized(), status == 401);
    let Error::Refused { error, .. } = error else {
        panic!()
    };
    assert_eq!(error.as_deref(), code);
}

#[tokio::test]
async fn every_refusal_gives_gitlabs_words() {
    let said = |message: &str| json!({ "message": message });
    let gone = "API V3 is no longer supported. Use API V4 instead.";
    for (status, body, message) in [
        (
            400,
            json!({"error": "token is missing"}),
            "token is missing",
        ),
        (
            400,
            json!({"message": {"tags_list": ["is odd"]}}),
            "tags_list: is odd",
        ),
        (401, said("401 Unauthorized"), "401 Unauthorized"),
        (
            403,
            said("403 Forbidden - No access granted"),
            "403 Forbidden - No access granted",
        ),
        (
            405,
            said("405 Method Not Allowed"),
            "405 Method Not Allowed",
        ),
        (
            409,
            said("409 Conflict: Resource lock"),
            "409 Conflict: Resource lock",
        ),
        (410, json!({ "error": gone }), gone),
        (
            412,
            said("412 Precondition Failed"),
            "412 Precondition Failed",
        ),
        (422, said("Runner is orphaned"), "Runner is orphaned"),
        (403, json!(format!("go away {TOKEN}")), "go away [removed]"),
    ] {
        assert_refused(status, body, message, None).await;
    }
}

#[tokio::test]
async fn a_refused_credential_comes_with_a_code() {
    let expired = "Token is expired. You can either do re-authorization or token refresh.";
    let body = json!({"error": "invalid_token", "error_description": expired});
    assert_refused(401, body, expired, Some("invalid_token")).await;

    let body = json!({
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided.",
        "scope": "manage_runner api read_api",
    });
    let message = "The request requires higher privileges than provided. (needs one of the \
                   scopes: manage_runner api read_api)";
    assert_refused(403, body, message, Some("insufficient_scope")).await;
}
