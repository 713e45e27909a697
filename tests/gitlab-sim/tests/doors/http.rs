//! Connections, roots, headers and the log.
use gitlab_sim::log::End;
use gitlab_sim::{Options, Seed, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::wire::{PATIENCE, bytes_of, connect, get, request, send, server};

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let sim = server().await;
    let mut stream = connect(sim.url()).await;
    let kept = "GET /api/v4/version HTTP/1.1\r\nHost: a\r\n\r\n";
    for seen in 1..=3 {
        stream.write_all(kept.as_bytes()).await.unwrap();
        // The log says "answered" before the bytes leave, so the next request may be written at once.
        let done = sim
            .until(PATIENCE, |sim| {
                (sim.requests()
                    .iter()
                    .filter(|r| r.end == End::Answered)
                    .count()
                    == seen)
                    .then_some(())
            })
            .await;
        assert!(done.is_some());
    }
    let last = bytes_of(stream, &request("GET", "/api/v4/version", "")).await;
    assert_eq!(
        String::from_utf8_lossy(&last).matches("HTTP/1.1 ").count(),
        4
    );
}

#[tokio::test]
async fn the_log_tells_what_came_in_and_hides_secrets() {
    let sim = server().await;
    let mut stream = connect(sim.url()).await;
    let body = r#"{"token":"glrt-0123456789abcdef","description":"mine"}"#;
    let text = format!(
        "POST /api/v4/runners/verify?a=1&private_token=glpat-0123456789abcdef HTTP/1.1\r\nHost: a\r\n\
         PRIVATE-TOKEN: glpat-0123456789abcdef\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();

    let requests = sim.requests();
    let [only] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    assert_eq!(
        (only.method.as_str(), only.path.as_str()),
        ("POST", "/api/v4/runners/verify")
    );
    assert_eq!(
        only.query,
        [
            ("a".into(), "1".into()),
            ("private_token".into(), "glpat-0123…".into())
        ]
    );
    assert_eq!(only.headers["private-token"], "glpat-0123…");
    assert_eq!(
        only.body,
        serde_json::json!({"token": "glrt-0123…", "description": "mine"})
    );
    assert_eq!((only.end, only.done), (End::Answered, true));
    assert!(!format!("{sim:?}").contains("0123456789"));

    sim.clear_requests();
    assert_eq!(sim.requests(), []);
}

#[tokio::test]
async fn a_relative_root_is_served_and_nothing_beside_it() {
    let options = Options {
        root: "/gitlab/".into(),
        ..Options::default()
    };
    let sim = Server::start(Seed::default(), options).await.unwrap();
    assert!(sim.url().ends_with("/gitlab"));
    assert_eq!(get(sim.url(), "/gitlab/api/v4/version").await.status, 401);
    assert_eq!(get(sim.url(), "/api/v4/version").await.status, 404);
    let paths: Vec<_> = sim
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert_eq!(paths, ["/api/v4/version"]);
}

#[tokio::test]
async fn answers_carry_a_request_id_and_the_stand_ins_date() {
    let options = Options {
        frozen_at: Some("2026-03-04T05:06:07Z".parse().unwrap()),
        ..Options::default()
    };
    let sim = Server::start(Seed::default(), options).await.unwrap();
    let answer = get(sim.url(), "/api/v4/version").await;
    assert_eq!(answer.header("date"), Some("Wed, 04 Mar 2026 05:06:07 GMT"));
    assert!(answer.header("x-request-id").is_some());
}

#[tokio::test]
async fn a_body_beyond_all_reason_is_refused() {
    let sim = server().await;
    let mut stream = connect(sim.url()).await;
    let head = "POST /api/v4/runners HTTP/1.1\r\nHost: a\r\nContent-Length: 16777217\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_stopped_stand_in_closes_its_ports_and_connections() {
    let sim = server().await;
    let (url, control) = (sim.url().to_owned(), sim.control_url());
    let mut open = connect(&url).await;
    open.write_all(b"GET /api/v4/version HTTP/1.1\r\n")
        .await
        .unwrap();
    assert_eq!(send(&control, "GET", "/health", "").await.status, 200);
    drop(sim);
    let mut rest = Vec::new();
    let _end_or_reset = open.read_to_end(&mut rest).await;
    assert_eq!(rest, b"");
    assert!(
        tokio::net::TcpStream::connect(crate::wire::host(&url))
            .await
            .is_err()
    );
}
