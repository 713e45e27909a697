//! The very bytes: what is sent, to whom, and what is made of odd replies.
use std::{io::Write as _, net::TcpListener, time::Duration};

use flate2::{Compression, write::GzEncoder};
use gitlab_runner_registrar::gitlab::{
    CallOutcome, Endpoint, Error, GroupId, Place, ProjectId, RunnerId, RunnerToken, Settings,
};

use super::stub::{Stub, json, reply};
use super::{TOKEN, client, endpoint, lost, told, unsent, watched};

const RUNNER: RunnerId = RunnerId(5);

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    let headers = ["content-type: application/json", "content-encoding: gzip"];
    reply(200, &headers, encoder.finish().unwrap())
}

#[tokio::test]
async fn the_token_goes_into_its_header_and_nowhere_else() {
    let stub = Stub::new([json(200, r#"{"id":5}"#)]);
    let paused = Settings {
        paused: Some(true),
        ..Settings::default()
    };
    client(&endpoint(&stub.url))
        .edit(RUNNER, &paused)
        .await
        .unwrap();
    let sent = stub.requests().pop().unwrap();
    assert!(
        sent.starts_with("PUT /api/v4/runners/5 HTTP/1.1\r\n"),
        "{sent}"
    );
    assert!(
        sent.contains(&format!("private-token: {TOKEN}\r\n")),
        "{sent}"
    );
    assert!(
        sent.contains("content-type: application/json\r\n"),
        "{sent}"
    );
    assert!(
        sent.contains("user-agent: gitlab-runner-registrar/"),
        "{sent}"
    );
    assert!(sent.ends_with("\r\n\r\n{\"paused\":true}"), "{sent}");
    assert_eq!(sent.matches(TOKEN).count(), 1);
}

#[tokio::test]
async fn a_runners_own_token_goes_alone_and_into_the_body() {
    let stub = Stub::new([reply(204, &[], "")]);
    let token = RunnerToken::new("glrt-canary".to_owned());
    client(&endpoint(&stub.url))
        .unregister_by_token(&token)
        .await
        .unwrap();
    let sent = stub.requests().pop().unwrap();
    assert!(
        sent.starts_with("DELETE /api/v4/runners HTTP/1.1\r\n"),
        "{sent}"
    );
    assert!(
        !sent.to_ascii_lowercase().contains("private-token"),
        "{sent}"
    );
    assert!(sent.ends_with(r#"{"token":"glrt-canary"}"#), "{sent}");
}

#[tokio::test]
async fn a_path_is_one_segment_below_the_base_path() {
    for (path, segment) in [
        ("platform/tools", "platform%2Ftools"),
        ("a/b c?é", "a%2Fb%20c%3F%C3%A9"),
        ("a.b/.c/d-e_f~", "a.b%2F.c%2Fd-e_f~"),
        ("../a", "..%2Fa"),
        ("a/../b", "a%2F..%2Fb"),
        ("50%", "50%25"),
        ("a%2Fb", "a%252Fb"),
        ("%2e%2e", "%252e%252e"),
        ("a#b", "a%23b"),
        ("a\\b", "a%5Cb"),
        (
            "группа/プロジェクト",
            "%D0%B3%D1%80%D1%83%D0%BF%D0%BF%D0%B0%2F%E3%83%97%E3%83%AD%E3%82%B8%E3%82%A7%E3%82%AF%E3%83%88",
        ),
    ] {
        let answer = serde_json::json!({ "id": 9, "path_with_namespace": path });
        let stub = Stub::new([json(200, &answer.to_string())]);
        let endpoint = endpoint(&format!("{}/gitlab/", stub.url));
        let found = client(&endpoint).project_id(path).await.unwrap();
        assert_eq!(found, Place::Here(ProjectId(9)));
        let sent = stub.requests().pop().unwrap();
        let expected = format!("GET /gitlab/api/v4/projects/{segment} HTTP/1.1");
        assert!(sent.starts_with(&expected), "{path}: {sent}");
    }
}

#[tokio::test]
async fn a_group_is_asked_for_without_its_projects() {
    let stub = Stub::new([json(200, r#"{"id":9,"full_path":"a/b"}"#)]);
    assert_eq!(
        client(&endpoint(&stub.url)).group_id("a/b").await.unwrap(),
        Some(GroupId(9))
    );
    let sent = stub.requests().pop().unwrap();
    assert!(
        sent.starts_with("GET /api/v4/groups/a%2Fb?with_projects=false HTTP/1.1"),
        "{sent}"
    );
}

#[tokio::test]
async fn a_path_that_names_nothing_is_not_asked_for() {
    let stub = Stub::new([json(200, r#"{"id":9}"#)]);
    let client = client(&endpoint(&stub.url));
    for path in ["", ".", ".."] {
        assert_eq!(client.project_id(path).await.unwrap(), Place::Unknown);
        assert_eq!(client.group_id(path).await.unwrap(), None);
    }
    assert_eq!(stub.requests(), [""; 0]);
}

#[tokio::test]
async fn compressed_replies_are_read() {
    let stub = Stub::new([gzipped(br#"{"version":"18.5.0-ee","enterprise":true}"#)]);
    let metadata = client(&endpoint(&stub.url)).metadata().await.unwrap();
    assert_eq!(metadata.version, "18.5.0-ee");
    assert!(stub.requests()[0].contains("accept-encoding: gzip"));
}

#[tokio::test]
async fn a_small_reply_cannot_blow_up() {
    let bomb = gzipped(&vec![b' '; 5 * 1024 * 1024]);
    assert!(bomb.len() < 10_000);
    let stub = Stub::new([bomb]);
    let error = client(&endpoint(&stub.url)).metadata().await.unwrap_err();
    assert!(
        told(&error).contains("larger than 4194304 bytes"),
        "{}",
        told(&error)
    );
}

#[tokio::test]
async fn nobody_listening_means_nothing_was_sent() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (client, calls) = watched(&endpoint(&format!("http://{free}")), Some(TOKEN));
    let error = client.reset_token(RUNNER).await.unwrap_err();
    unsent(&error);
    let endpoint = "/runners/:id/reset_authentication_token";
    assert_eq!(calls.outcomes(), [("POST", endpoint, CallOutcome::Unsent)]);
}

#[tokio::test]
async fn something_that_does_not_speak_tls_means_nothing_was_sent() {
    let stub = Stub::new(["HTTP/1.1 400 Bad Request\r\n\r\n"]);
    let url = stub.url.replace("http://", "https://");
    let error = client(&endpoint(&url))
        .reset_token(RUNNER)
        .await
        .unwrap_err();
    unsent(&error);
}

#[tokio::test]
async fn whatever_is_no_reply_is_lost_and_not_repeated() {
    for nonsense in [
        "",
        "HTTP/1.1 200",
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 20x Ok\r\n\r\n",
    ] {
        let stub = Stub::new([nonsense, nonsense]);
        let (client, calls) = watched(&endpoint(&stub.url), Some(TOKEN));
        let error = client.reset_token(RUNNER).await.unwrap_err();
        lost(&error);
        assert_eq!(stub.requests().len(), 1, "{nonsense}");
        let endpoint = "/runners/:id/reset_authentication_token";
        assert_eq!(calls.outcomes(), [("POST", endpoint, CallOutcome::Lost)]);
    }
}

#[tokio::test]
async fn nobody_elsewhere_gets_the_token() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Stub::new([json(200, r#"{"id":5}"#)]);
        let location = format!("location: {}/login?state=canary", elsewhere.url);
        let stub = Stub::new([reply(status, &[&location], "<html>moved</html>")]);
        let error = client(&endpoint(&stub.url))
            .runner(RUNNER)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::NotGitLab { status: seen, .. } if seen == status));
        let said = told(&error);
        assert!(
            said.contains(&format!("a redirect to {}", elsewhere.url)),
            "{said}"
        );
        assert!(said.contains("check the URL"), "{said}");
        assert_eq!(elsewhere.requests(), [""; 0]);
    }
}

#[tokio::test]
async fn a_proxy_is_used_when_given() {
    let proxy = Stub::new([json(200, r#"{"version":"18.5.0"}"#)]);
    let given = Some(proxy.url.clone());
    let endpoint = Endpoint {
        proxy: given,
        ..endpoint("http://gitlab.example.com/below")
    };
    client(&endpoint).metadata().await.unwrap();
    let sent = proxy.requests().pop().unwrap();
    let line = "GET http://gitlab.example.com/below/api/v4/metadata HTTP/1.1\r\n";
    assert!(sent.starts_with(line), "{sent}");
}

#[tokio::test]
async fn a_proxy_that_refuses_the_tunnel_means_nothing_was_sent() {
    let proxy = Stub::new([reply(407, &[], "")]);
    let given = Some(proxy.url.replace("http://", "http://user:canary@"));
    let endpoint = Endpoint {
        proxy: given,
        ..endpoint("https://gitlab.example.com")
    };
    let error = client(&endpoint).reset_token(RUNNER).await.unwrap_err();
    unsent(&error);
}

#[tokio::test]
async fn a_time_to_wait_is_read_by_the_replys_own_clock() {
    let headers = [
        "date: Sun, 06 Nov 1994 08:49:37 GMT",
        "retry-after: Sun, 06 Nov 1994 08:51:07 GMT",
    ];
    let stub = Stub::new([reply(429, &headers, "Retry later")]);
    let error = client(&endpoint(&stub.url))
        .runner(RUNNER)
        .await
        .unwrap_err();
    let Error::Throttled { wait, .. } = error else {
        panic!("{}", told(&error))
    };
    assert_eq!(wait, Some(Duration::from_secs(90)));
}

#[tokio::test]
async fn a_refusal_that_breaks_off_is_not_known_to_be_gitlabs() {
    const CUT: &str = "HTTP/1.1 403 No\r\ncontent-length: 900\r\n\r\n{\"message\":\"no\"}";
    let error = client(&endpoint(&Stub::new([CUT]).url))
        .runner(RUNNER)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NotGitLab { status: 403, .. }));
    assert!(told(&error).ends_with("status 403, no reason was given"));
}
