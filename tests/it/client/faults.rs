//! Everything that can go wrong on the way, and what the client then knows.
use std::time::Duration;

use gitlab_runner_registrar::gitlab::{
    CallOutcome, Endpoint, Error, NewRunner, Scope, Settings, unresolved,
};
use gitlab_sim::{Fault, Options, Rule, Seed, Server};
use serde_json::json;

use super::struck::{PROJECT, RUNNER, reply, sim, struck_by};
use super::{TOKEN, client, endpoint, lost, told, unsent};

/// For what never comes.
const IMPATIENT: Duration = Duration::from_millis(100);

fn new_runner() -> NewRunner {
    NewRunner {
        scope: Scope::Instance,
        settings: Settings::default(),
        life: None,
    }
}

fn wait(error: &Error) -> Option<Duration> {
    let Error::Throttled { wait, .. } = error else {
        panic!("{}", told(error))
    };
    *wait
}

/// No name below `.invalid` is ever anybody's.
#[tokio::test]
async fn a_host_that_is_not_found_is_told_from_one_that_is_silent() {
    for (url, found) in [
        ("https://gitlab.invalid", false),
        ("https://127.0.0.1:9", true),
    ] {
        let error = client(&endpoint(url)).access_token().await.unwrap_err();
        let Error::Unsent(cause) = &error else {
            panic!("{}", told(&error))
        };
        let why = unresolved(cause.as_ref());
        assert_eq!(why.is_none(), found, "{url}: {}", told(&error));
        assert!(why.is_none_or(|why| !why.is_empty() && !why.contains("lookup")));
    }
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
        [("GET", "/runners/:id", CallOutcome::Throttled)]
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
        lost(&error);
        let said = told(&error);
        assert!(
            said.ends_with(&format!("status {status}: {status} Oh, [removed]")),
            "{said}"
        );
        assert_eq!(sim.requests().len(), 1);
        assert_eq!(
            calls.outcomes(),
            [("POST", "/user/runners", CallOutcome::Lost)]
        );
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
        lost(&error);
        assert_eq!(sim.requests().len(), 1);
        assert_eq!(
            calls.outcomes(),
            [("POST", "/user/runners", CallOutcome::Lost)]
        );
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
        lost(&error);
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
    lost(&error);
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
        client.edit(RUNNER, &Settings::default()).await.map(drop),
        client.unregister(RUNNER).await,
        client.assign(PROJECT, RUNNER).await,
        client.unassign(PROJECT, RUNNER).await,
        client.reset_token(RUNNER).await.map(drop),
        client.project_id("a/b").await.map(drop),
        client.user().await.map(drop),
        client.metadata().await.map(drop),
        client.access_token().await.map(drop),
    ];
    for end in ends {
        let error = end.unwrap_err();
        assert!(matches!(error, Error::NotGitLab { status: 200, .. }));
        assert!(error.may_have_acted());
        assert!(told(&error).contains("does not look like GitLab's API"));
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
    unsent(&error);
    assert!(told(&error).contains("UnknownIssuer"), "{}", told(&error));
    let ca_pem = sim.ca_pem().map(|pem| pem.as_bytes().to_vec());
    let trusting = Endpoint { ca_pem, ..stranger };
    assert_eq!(
        client(&trusting).metadata().await.unwrap().version,
        "18.5.0"
    );
}
