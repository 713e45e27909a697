//! What GitLab, or somebody in its place, says no with, and what it means.
use gitlab_runner_registrar::gitlab::{
    CallOutcome, Error, NewRunner, Refusal, RunnerToken, Scope, Settings,
};
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use super::struck::{PROJECT, RUNNER, reply, struck_by};
use super::{TOKEN, lost, told};

#[tokio::test]
async fn a_strangers_refusal_is_told_from_gitlabs() {
    for status in [400, 403, 404] {
        let (_sim, client, _) = struck_by(Rule::always(Fault::Proxy { status })).await;
        let error = client.runner(RUNNER).await.unwrap_err();
        assert_eq!(error.status(), None);
        let said = told(&error);
        let expected = format!("status {status}, a web page");
        assert!(said.contains("does not look like GitLab's API"), "{said}");
        assert!(said.ends_with(&expected), "{said}");
    }
}

#[tokio::test]
async fn only_gitlab_can_say_that_something_is_gone() {
    // In the words of each release.
    for message in ["404 Runner Not Found", "404 Not found"] {
        let (_sim, client, calls) = struck_by(reply(404, &[], json!({ "message": message }))).await;
        assert_eq!(client.runner(RUNNER).await.unwrap(), None);
        client.unregister(RUNNER).await.unwrap();
        assert!(
            calls
                .outcomes()
                .iter()
                .all(|(_, _, outcome)| *outcome == CallOutcome::Ok)
        );
        let refused = client.edit(RUNNER, &Settings::default()).await.unwrap_err();
        assert_eq!(refused.status(), Some(404));
    }
    for body in [
        json!({"message": "no Route matched with those values"}),
        json!({"message": "Not Found"}),
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
            let error = end.unwrap_err();
            assert!(matches!(error, Error::NotGitLab { status: 404, .. }));
        }
        assert!(
            calls
                .outcomes()
                .iter()
                .all(|(_, _, outcome)| *outcome == CallOutcome::NotGitLab)
        );
    }
}

/// What is missing is what was asked for, or GitLab speaks of something else.
#[tokio::test]
async fn each_thing_that_is_missing_has_words_of_its_own() {
    for (message, runner, group, project) in [
        ("404 Runner Not Found", true, false, false),
        ("404 Group Not Found", false, true, false),
        ("404 Project Not Found", false, false, true),
        ("404 Not found", true, false, false),
        ("404 User Not Found", false, false, false),
    ] {
        let (_sim, client, _) = struck_by(reply(404, &[], json!({ "message": message }))).await;
        assert_eq!(client.runner(RUNNER).await.is_ok(), runner, "{message}");
        assert_eq!(client.unregister(RUNNER).await.is_ok(), runner, "{message}");
        assert_eq!(client.group_id("a").await.is_ok(), group, "{message}");
        assert_eq!(client.project_id("a/b").await.is_ok(), project, "{message}");
    }
    // A fine-grained token may only not be shown what it asks for (contract §8.2).
    let unseen = json!({"message": "404 Not Found"});
    let (_sim, client, _) = struck_by(reply(404, &[], unseen)).await;
    let error = client.runner(RUNNER).await.unwrap_err();
    assert_eq!(error.refusal(), Some(&Refusal::Missing));
    assert_eq!(client.group_id("a").await.unwrap(), None);
    assert!(client.unregister(RUNNER).await.is_err());
    // GitLab's router knows no runners.
    let (_sim, client, calls) = struck_by(reply(404, &[], json!({"error": "404 Not Found"}))).await;
    let error = client.runner(RUNNER).await.unwrap_err();
    assert_eq!(error.refusal(), Some(&Refusal::NoSuchEndpoint));
    let refused = ("GET", "/runners/:id", CallOutcome::Refused);
    assert_eq!(calls.outcomes(), [refused]);
}

/// A registration is void only where GitLab itself has said no.
#[tokio::test]
async fn nobody_else_can_void_a_registration() {
    let new = NewRunner {
        scope: Scope::Instance,
        settings: Settings::default(),
        life: None,
    };
    let said = |message: &str| json!({ "message": message });
    let redirect = [("Location", "https://sso.example.com/")];
    for (rule, certain) in [
        (
            reply(403, &[], said("403 Forbidden - Insufficient permissions")),
            true,
        ),
        (
            reply(400, &[], said("400 Bad request - Missing/invalid project")),
            true,
        ),
        (
            reply(400, &[], json!({"error": "runner_type is missing"})),
            true,
        ),
        (reply(404, &[], json!({"error": "404 Not Found"})), true),
        (reply(401, &[], said("401 Unauthorized")), true),
        (
            reply(
                503,
                &[],
                said("GitLab Maintenance: system is in maintenance mode"),
            ),
            true,
        ),
        (Rule::always(Fault::throttle(1)), true),
        (Rule::always(Fault::Proxy { status: 403 }), false),
        (reply(403, &[], said("Forbidden")), false),
        (
            reply(
                400,
                &[],
                json!({"error": "The plain HTTP request was sent to HTTPS port"}),
            ),
            false,
        ),
        (reply(403, &[], Value::Null), false),
        // Shapes that GitLab has, and not for this.
        (reply(422, &[], said("That is not possible")), false),
        (
            reply(400, &[], json!({"message": {"tags_list": ["is odd"]}})),
            false,
        ),
        (
            reply(
                403,
                &[],
                json!({"error": "insufficient_scope", "error_description": "More."}),
            ),
            false,
        ),
        (reply(429, &[], said("API rate limit exceeded")), false),
        (reply(301, &redirect, Value::Null), false),
        (reply(503, &[], said("503 Service Unavailable")), false),
    ] {
        let (_sim, client, _) = struck_by(rule.clone()).await;
        let error = client.register(&new).await.unwrap_err();
        assert_eq!(
            !error.may_have_acted(),
            certain,
            "{rule:?}: {}",
            told(&error)
        );
    }
}

/// Every write says that it is JSON, or a GitLab that writes nothing redirects it.
#[tokio::test]
async fn every_write_names_its_type_and_only_204_is_done() {
    let (sim, client, _) = struck_by(reply(202, &[], Value::Null)).await;
    let token = RunnerToken::new("glrt-canary".to_owned());
    let ends = [
        client.unregister(RUNNER).await,
        client.unassign(PROJECT, RUNNER).await,
        client.unregister_by_token(&token).await,
    ];
    for end in ends {
        lost(&end.unwrap_err());
    }
    client.reset_token(RUNNER).await.unwrap_err();
    client.runner(RUNNER).await.unwrap_err();
    for sent in sim.requests() {
        let named = sent.headers.get("content-type").map(String::as_str);
        let expected = (sent.method != "GET").then_some("application/json");
        assert_eq!(named, expected, "{sent:#?}");
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

async fn assert_refused(status: u16, body: Value, message: &str, refusal: Refusal) {
    let (_sim, client, _) = struck_by(reply(status, &[], body)).await;
    let error = client.runner(RUNNER).await.unwrap_err();
    assert_eq!(told(&error), format!("GitLab said {status}: {message}"));
    assert_eq!(error.is_unauthorized(), status == 401);
    assert_eq!(error.refusal(), Some(&refusal));
}

#[tokio::test]
async fn every_refusal_gives_gitlabs_words() {
    let said = |message: &str| json!({ "message": message });
    let echo = format!("403 Forbidden - go away {TOKEN}");
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
        (403, said(&echo), "403 Forbidden - go away [removed]"),
    ] {
        let refusal = match status {
            401 => Refusal::TokenUnknown,
            410 => Refusal::NoSuchEndpoint,
            _ => Refusal::Other,
        };
        assert_refused(status, body, message, refusal).await;
    }
}

#[tokio::test]
async fn a_refused_credential_comes_with_a_code() {
    let expired = "Token is expired. You can either do re-authorization or token refresh.";
    let body = json!({"error": "invalid_token", "error_description": expired});
    assert_refused(401, body, expired, Refusal::TokenExpired).await;

    let body = json!({
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided.",
        "scope": "manage_runner api read_api",
    });
    let message = "The request requires higher privileges than provided. (needs one of the \
                   scopes: manage_runner api read_api)";
    assert_refused(403, body, message, Refusal::InsufficientScope).await;
}
