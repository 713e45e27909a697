//! Each kind of fault, one by one.
use std::time::Duration;

use gitlab_sim::log::{End, Recorded};
use gitlab_sim::{Fault, Options, Rule, Seed, Server};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::wire::{Answer, PATIENCE, bytes_of, connect, get, request, send, server};

const PATH: &str = "/api/v4/version";

fn on_path(fault: Fault) -> Rule {
    Rule::new("GET", PATH, fault)
}

fn last(sim: &Server) -> Recorded {
    sim.requests().pop().unwrap()
}

#[tokio::test]
async fn a_drop_sends_not_one_byte() {
    for (rule, done) in [
        (on_path(Fault::Drop), false),
        (on_path(Fault::Drop).after_doing(), true),
    ] {
        let sim = server().await;
        let id = sim.fault(rule.times(1)).unwrap();
        let bytes = bytes_of(connect(sim.url()).await, &request("GET", PATH, "")).await;
        assert_eq!(bytes, b"");
        let seen = last(&sim);
        assert_eq!(
            (seen.end, seen.status, seen.done, seen.fault),
            (End::Cut, None, done, Some(id))
        );
        assert_eq!(get(sim.url(), PATH).await.status, 401, "spent");
    }
}

#[tokio::test]
async fn a_hang_lasts_until_the_client_leaves() {
    for (rule, done) in [
        (on_path(Fault::Hang), false),
        (on_path(Fault::Hang).after_doing(), true),
    ] {
        let sim = server().await;
        let id = sim.fault(rule).unwrap();
        let mut stream = connect(sim.url()).await;
        stream
            .write_all(request("GET", PATH, "").as_bytes())
            .await
            .unwrap();
        let struck = |sim: &Server| sim.requests().pop().filter(|seen| seen.fault == Some(id));
        assert_eq!(sim.until(PATIENCE, struck).await.unwrap().end, End::Open);
        drop(stream);
        let left = |sim: &Server| sim.requests().pop().filter(|seen| seen.end == End::Left);
        assert_eq!(sim.until(PATIENCE, left).await.unwrap().done, done);
    }
}

// The hour passes in no time, because tokio's clock is paused.
#[tokio::test(start_paused = true)]
async fn a_delay_comes_before_or_after_doing() {
    for (rule, done_meanwhile) in [
        (on_path(Fault::Delay { ms: 3_600_000 }), false),
        (on_path(Fault::Delay { ms: 3_600_000 }).after_doing(), true),
    ] {
        let sim = server().await;
        let id = sim.fault(rule).unwrap();
        let start = tokio::time::Instant::now();
        let answer = async {
            let mut stream = connect(sim.url()).await;
            stream
                .write_all(request("GET", PATH, "").as_bytes())
                .await
                .unwrap();
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await.unwrap();
            Answer::parse(&bytes)
        };
        let meanwhile = async {
            let struck = |sim: &Server| {
                sim.requests()
                    .pop()
                    .filter(|seen| seen.fault == Some(id) && seen.done == done_meanwhile)
            };
            let seen = sim.until(Duration::from_hours(2), struck).await.unwrap();
            assert_eq!(seen.end, End::Open);
        };
        let (answer, ()) = tokio::join!(answer, meanwhile);
        assert_eq!(answer.status, 401);
        assert!(start.elapsed() >= Duration::from_hours(1));
        assert!(last(&sim).done);
    }
}

#[tokio::test]
async fn a_reply_of_our_own_stands_in_for_gitlabs() {
    for (rule, done) in [(false, false), (true, true)].map(|(after, done)| {
        let fault: Fault = serde_json::from_value(json!({"reply": {
            "status": 503, "headers": {"X-Mine": "yes"}, "body": {"message": "later"}
        }}))
        .unwrap();
        (
            if after {
                on_path(fault).after_doing()
            } else {
                on_path(fault)
            },
            done,
        )
    }) {
        let sim = server().await;
        sim.fault(rule).unwrap();
        let answer = get(sim.url(), PATH).await;
        assert_eq!((answer.status, answer.header("x-mine")), (503, Some("yes")));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.json(), json!({"message": "later"}));
        assert_eq!((last(&sim).done, last(&sim).status), (done, Some(503)));
    }
}

#[tokio::test]
async fn a_throttle_speaks_as_rack_attack_does() {
    let options = Options {
        frozen_at: Some("2026-01-01T00:00:10Z".parse().unwrap()),
        ..Options::default()
    };
    let sim = Server::start(Seed::default(), options).await.unwrap();
    sim.fault(on_path(Fault::throttle(50)).times(1)).unwrap();
    let answer = get(sim.url(), PATH).await;
    assert_eq!((answer.status, answer.text()), (429, "Retry later\n"));
    for (name, value) in [
        ("content-type", "text/plain"),
        ("ratelimit-name", "throttle_authenticated_api"),
        ("ratelimit-limit", "2000"),
        ("ratelimit-observed", "2001"),
        ("ratelimit-remaining", "0"),
        ("ratelimit-reset", "1767225660"),
        ("ratelimit-resettime", "Thu, 01 Jan 2026 00:01:00 GMT"),
        ("retry-after", "50"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let silent = json!({"fault": {"throttle": {}}});
    sim.fault(serde_json::from_value(silent).unwrap()).unwrap();
    let answer = get(sim.url(), PATH).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, None));
}

#[tokio::test]
async fn a_bulk_is_as_big_as_told_and_still_json() {
    for megabytes in [0, 1, 11] {
        let sim = server().await;
        sim.fault(on_path(Fault::Bulk { megabytes })).unwrap();
        let answer = get(sim.url(), PATH).await;
        let length = usize::try_from(megabytes).unwrap() * 1_000_000;
        assert_eq!(answer.body.len(), length.max(11));
        assert_eq!(
            answer.header("content-length"),
            Some(length.max(11).to_string().as_str())
        );
        assert!(answer.json()["bulk"].is_string());
    }
}

#[tokio::test]
async fn a_proxy_answers_with_a_page() {
    let sim = server().await;
    sim.fault(on_path(Fault::Proxy { status: 502 })).unwrap();
    let answer = get(sim.url(), PATH).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (502, Some("text/html"))
    );
    assert!(answer.text().starts_with("<html>") && answer.text().contains("502 Bad Gateway"));
}

#[tokio::test]
async fn a_truncated_reply_is_announced_in_full_and_ends_early() {
    let sim = server().await;
    let full = get(sim.url(), PATH).await;
    let length = full.body.len();
    assert!(length > 5);
    for keep in [0, 5, length, 1000] {
        let rule = on_path(Fault::Truncate {
            keep: keep as u64,
            hang: false,
        });
        sim.fault(rule.times(1)).unwrap();
        let cut = get(sim.url(), PATH).await;
        assert_eq!(
            (cut.status, cut.header("content-length")),
            (401, Some(length.to_string().as_str()))
        );
        assert_eq!(cut.body, full.body[..keep.min(length - 1)]);
        assert!(last(&sim).done);
    }
}

#[tokio::test]
async fn a_truncated_reply_may_also_just_not_go_on() {
    let sim = server().await;
    let full = get(sim.url(), PATH).await;
    sim.fault(on_path(Fault::Truncate {
        keep: 5,
        hang: true,
    }))
    .unwrap();
    let mut stream = connect(sim.url()).await;
    stream
        .write_all(request("GET", PATH, "").as_bytes())
        .await
        .unwrap();
    let mut bytes = Vec::new();
    while !bytes.ends_with(&full.body[..5]) {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "closed");
    }
    // Nothing more is there, and yet it is no end.
    let end = stream.try_read(&mut [0]).unwrap_err();
    assert_eq!(end.kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_gate_holds_before_or_after_doing_until_it_is_released() {
    for (rule, done) in [
        (on_path(Fault::Gate), false),
        (on_path(Fault::Gate).after_doing(), true),
    ] {
        let sim = server().await;
        let gate = sim.fault(rule).unwrap();
        let play = async {
            assert!(sim.until_held(gate, 2, PATIENCE).await);
            assert!(
                sim.requests()
                    .iter()
                    .all(|seen| seen.end == End::Open && seen.done == done)
            );
            assert_eq!(sim.release(gate), 2);
        };
        let (one, two, ()) = tokio::join!(get(sim.url(), PATH), get(sim.url(), PATH), play);
        assert_eq!((one.status, two.status), (401, 401));
        assert!(
            sim.requests()
                .iter()
                .all(|seen| seen.done && seen.end == End::Answered)
        );
    }
}

#[tokio::test]
async fn a_client_killed_at_a_gate_is_no_longer_held_and_what_it_asked_stays_done() {
    let sim = server().await;
    let gate = sim
        .fault(Rule::new("POST", "/**", Fault::Gate).after_doing())
        .unwrap();
    let mut stream = connect(sim.url()).await;
    stream
        .write_all(request("POST", "/api/v4/user/runners", "{}").as_bytes())
        .await
        .unwrap();
    assert!(sim.until_held(gate, 1, PATIENCE).await);
    drop(stream);
    let left = |sim: &Server| sim.requests().pop().filter(|seen| seen.end == End::Left);
    assert!(sim.until(PATIENCE, left).await.unwrap().done);
    assert_eq!(sim.faults()[0].held, 0);
}

#[tokio::test]
async fn a_removed_gate_lets_everybody_go() {
    let sim = server().await;
    let gate = sim.fault(on_path(Fault::Gate)).unwrap();
    let play = async {
        assert!(sim.until_held(gate, 1, PATIENCE).await);
        assert!(sim.remove_fault(gate));
    };
    let (answer, ()) = tokio::join!(get(sim.url(), PATH), play);
    assert_eq!(answer.status, 401);
    assert!(!sim.remove_fault(gate));
}

#[tokio::test]
async fn rules_pick_by_method_path_number_and_body() {
    let sim = server().await;
    let teapot = || Fault::reply(418, json!(null));
    sim.fault(Rule::new("POST", "/api/v4/runners/*", teapot()).nth(2))
        .unwrap();
    sim.fault(Rule::new("POST", "/api/graphql", teapot()).body_contains("query Sweep"))
        .unwrap();
    let mut struck = Vec::new();
    for (method, path, body) in [
        ("POST", "/api/v4/runners/verify", ""),
        ("GET", "/api/v4/runners/verify", ""),
        ("POST", "/api/v4/runners/a/b", ""),
        ("POST", "/api/v4/runners/verify", ""),
        ("POST", "/api/v4/runners/verify", ""),
        (
            "POST",
            "/api/graphql",
            r#"{"query": "query Other { __typename }"}"#,
        ),
        (
            "POST",
            "/api/graphql",
            r#"{"query": "query Sweep { __typename }"}"#,
        ),
    ] {
        struck.push(send(sim.url(), method, path, body).await.status == 418);
    }
    assert_eq!(struck, [false, false, false, true, false, false, true]);
}
