//! Everything that can go wrong on the way, and what the client then knows.
use std::time::Duration;

use gitlab_runner_registrar::gitlab::{
    Client, Endpoint, Error, NewRunner, Outcome, ProjectId, RunnerId, Scope, Settings,
};
use gitlab_sim::{Fault, Options, Rule, Seed, Server};
use serde_json::{Value, json};

use super::{Calls, TOKEN, client, endpoint, told, watched};

const RUNNER: RunnerId = RunnerId(5);
const PROJECT: ProjectId = ProjectId(7);
/// For what never comes.
const IMPATIENT: Duration = Duration::from_millis(100);

async fn sim() -> Server {
    Server::start(Seed::default(), Options::default())
        .await
        .unwrap()
}

async fn struck_by(rule: Rule) -> (Server, Client, Calls) {
    let sim = sim().await;
    sim.fault(rule).unwrap();
    let (client, calls) = watched(&endpoint(sim.url()), Some(TOKEN));
    (sim, client, calls)
}

fn new_runner() -> NewRunner {
    NewRunner {
        scope: Scope::Instance,
        settings: Settings::default(),
    }
}

/// A reply with headers, which [`Fault::reply`] has none of.
fn reply(status: u16, headers: &[(&str, &str)], body: Value) -> Rule {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Rule::always(Fault::Reply {
        status,
        headers: headers.collect(),
        body,
    })
}

fn wait(error: &Error) -> Option<Duration> {
    let Error::Throttled { wait } = error else {
        panic!("{}", told(error))
    };
    *wait
}

#[tokio::test]
async fn once_throttled_the_client_is_silent() {
    let (sim, client, calls) = struck_by(Rule::always(Fault::throttle(60))).await;
    let error = client.runner(RUNNER).await.unwrap_err();
    assert_eq!(wait(&error), Some(Duration::from_mins(1)));
    for _ in 0..3 {
        let error = client.clone().register(&new_runner()).await.unwrap_err();
        let left = wait(&error).unwrap();
        assert!(
            left > Duration::from_secs(30) && left <= Duration::from_mins(1),
            "{left:?}"
        );
    }
    assert_eq!(sim.requests().len(), 1);
    assert_eq!(
        calls.outcomes(),
        [("GET", "/runners/:id", Outcome::Throttled)]
    );
}

#[tokio::test]
async fn a_throttle_that_names_no_time_silences_as_well() {
    let body = json!({"message": {"error": "This endpoint has been requested too many times."}});
    let (sim, client, _) = struck_by(reply(429, &[], body)).await;
    assert_eq!(wait(&client.runner(RUNNER).await.unwrap_err()), None);
    assert!(wait(&client.runner(RUNNER).await.unwrap_err()).is_some());
    assert_eq!(sim.requests().len(), 1);
}

#[tokio::test]
async fn a_used_up_budget_silences_before_anything_is_refused() {
    let sim = sim().await;
    let reset = (sim.now().as_second() + 60).to_string();
    let headers = [
        ("RateLimit-Remaining", "0"),
        ("RateLimit-Reset", reset.as_str()),
    ];
    sim.fault(reply(200, &headers, json!({"version": "18.5.0"})))
        .unwrap();
    let client = client(&endpoint(sim.url()));
    assert_eq!(client.metadata().await.unwrap().version, "18.5.0");
    assert!(wait(&client.metadata().await.unwrap_err()).is_some());
    assert_eq!(sim.requests().len(), 1);
}

#[tokio::test]
async fn a_silence_is_not_shared_with_other_credentials() {
    let (sim, first, _) = struck_by(Rule::always(Fault::throttle(60)).times(1)).await;
    first.runner(RUNNER).await.unwrap_err();
    let other = client(&endpoint(sim.url()));
    assert!(!matches!(
        other.access_token().await,
        Err(Error::Throttled { .. })
    ));
}

#[tokio::test]
async fn a_failure_of_the_server_is_lost_and_never_repeated() {
    for status in [500, 502, 503, 504] {
        let body = json!({"message": format!("{status} Oh, {TOKEN}")});
        let (sim, client, calls) = struck_by(reply(status, &[], body)).await;
        let error = client.register(&new_runner()).await.unwrap_err();
        assert!(matches!(error, Error::Lost(_)));
        let said = told(&error);
        assert!(
            said.ends_with(&format!("status {status}: {status} Oh, [removed]")),
            "{said}"
        );
        assert_eq!(sim.requests().len(), 1);
        assert_eq!(calls.outcomes(), [("POST", "/user/runners", Outcome::Lost)]);
    }
}

#[tokio::test]
async fn a_cut_connection_is_lost_and_never_repeated() {
    for rule in [
        Rule::always(Fault::Drop),
        Rule::always(Fault::Drop).after_doing(),
    ] {
        let (sim, client, calls) = struck_by(rule).await;
        let error = client.register(&new_runner()).await.unwrap_err();
        assert!(matches!(error, Error::Lost(_)), "{}", told(&error));
        assert_eq!(sim.requests().len(), 1);
        assert_eq!(calls.outcomes(), [("POST", "/user/runners", Outcome::Lost)]);
    }
}

#[tokio::test]
async fn no_answer_in_time_is_lost() {
    let sim = sim().await;
    let impatient = Endpoint {
        timeout: IMPATIENT,
        ..endpoint(sim.url())
    };
    for fault in [
        Fault::Hang,
        Fault::Truncate {
            keep: 1,
            hang: true,
        },
    ] {
        sim.clear_faults();
        sim.fault(Rule::always(fault)).unwrap();
        let error = client(&impatient).metadata().await.unwrap_err();
        assert!(matches!(error, Error::Lost(_)), "{}", told(&error));
    }
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_lost() {
    let (_sim, client, _) = struck_by(Rule::always(Fault::Truncate {
        keep: 3,
        hang: false,
    }))
    .await;
    let error = client.metadata().await.unwrap_err();
    assert!(matches!(error, Error::Lost(_)), "{}", told(&error));
}

#[tokio::test]
async fn a_reply_of_ten_megabytes_is_not_read() {
    let (_sim, client, _) = struck_by(Rule::always(Fault::Bulk { megabytes: 10 })).await;
    let said = told(&client.metadata().await.unwrap_err());
    assert_eq!(
        said,
        "lost GitLab's answer: the answer is larger than 4194304 bytes"
    );
}

#[tokio::test]
async fn a_sign_in_page_passes_for_nothing() {
    let (_sim, client, _) = struck_by(Rule::always(Fault::Proxy { status: 200 })).await;
    let ends = [
        client.runner(RUNNER).await.map(drop),
        client.register(&new_runner()).await.map(drop),
        client.edit(RUNNER, &Settings::default()).await,
        client.unregister(RUNNER).await,
        client.assign(PROJECT, RUNNER).await,
        client.unassign(PROJECT, RUNNER).await,
        client.reset_token(RUNNER).await.map(drop),
        client.project_id("a/b").await.map(drop),
        client.is_admin().await.map(drop),
        client.metadata().await.map(drop),
        client.access_token().await.map(drop),
    ];
    for end in ends {
        let error = end.unwrap_err();
        assert!(matches!(error, Error::Lost(_)));
        assert!(told(&error).contains("does not look like GitLab's API"));
    }
}

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

#[tokio::test]
async fn every_refusal_gives_gitlabs_words() {
    let expired = "Token is expired. You can either do re-authorization or token refresh.";
    let oauth = json!({"error": "invalid_token", "error_description": expired});
    let scope = json!({
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided.",
        "scope": "manage_runner api read_api",
    });
    let needs = "The request requires higher privileges than provided. (needs one of the scopes: \
                 manage_runner api read_api)";
    let said = |message: &str| json!({ "message": message });
    for (status, body, message, code) in [
        (
            400,
            json!({"error": "token is missing"}),
            "token is missing",
            None,
        ),
        (
            400,
            json!({"message": {"tags_list": ["is odd"]}}),
            "tags_list: is odd",
            None,
        ),
        (401, said("401 Unauthorized"), "401 Unauthorized", None),
        (401, oauth, expired, Some("invalid_token")),
        (403, scope, needs, Some("insufficient_scope")),
        (
            403,
            said("403 Forbidden - No access granted"),
            "403 Forbidden - No access granted",
            None,
        ),
        (
            405,
            said("405 Method Not Allowed"),
            "405 Method Not Allowed",
            None,
        ),
        (
            409,
            said("409 Conflict: Resource lock"),
            "409 Conflict: Resource lock",
            None,
        ),
        (
            410,
            json!({"error": "API V3 is no longer supported."}),
            "API V3 is no longer supported.",
            None,
        ),
        (
            412,
            said("412 Precondition Failed"),
            "412 Precondition Failed",
            None,
        ),
        (422, said("Runner is orphaned"), "Runner is orphaned", None),
        (
            403,
            json!(format!("go away {TOKEN}")),
            "go away [removed]",
            None,
        ),
    ] {
        let (_sim, client, _) = struck_by(reply(status, &[], body)).await;
        let error = client.runner(RUNNER).await.unwrap_err();
        assert_eq!(told(&error), format!("GitLab said {status}: {message}"));
        assert_eq!(error.is_unauthorized(), status == 401);
        let Error::Refused { error, .. } = error else {
            panic!()
        };
        assert_eq!(error.as_deref(), code);
    }
}

#[tokio::test]
async fn an_authority_has_to_be_trusted_first() {
    let options = Options {
        tls: true,
        ..Options::default()
    };
    let sim = Server::start(Seed::default(), options).await.unwrap();
    sim.fault(reply(200, &[], json!({"version": "18.5.0"})))
        .unwrap();
    let stranger = endpoint(sim.url());
    let error = client(&stranger).metadata().await.unwrap_err();
    assert!(matches!(error, Error::Unsent(_)));
    assert!(told(&error).contains("UnknownIssuer"), "{}", told(&error));
    let ca_pem = sim.ca_pem().map(|pem| pem.as_bytes().to_vec());
    let trusting = Endpoint { ca_pem, ..stranger };
    assert_eq!(
        client(&trusting).metadata().await.unwrap().version,
        "18.5.0"
    );
}
