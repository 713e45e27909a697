//! Answers that are written out, and a way to GitLab that gives them.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use gitlab_runner_registrar::gitlab::{Budget, Client, Endpoint, Error, Transport};
use http::{HeaderName, HeaderValue};

/// Has a relative root, so that what leaves it can be seen.
pub(super) const ROOT: &str = "https://gitlab.example.com/root";
/// Looks like none of GitLab's, so that it is known only by being the one that was sent.
pub(super) const CREDENTIAL: &str = "own-prefix-canary-credential";
/// Whoever asks more is going round in circles, or through a list without an end; that is for others to judge.
const MOST: usize = 150;

/// An answer.
#[derive(Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

/// What was asked.
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) url: reqwest::Url,
    pub(super) has_credential: bool,
    pub(super) body: Vec<u8>,
    /// The answer to it.
    pub(super) reply: Reply,
}

/// Answers with each of the replies, and with the last of them for ever.
pub(super) struct Replies {
    replies: Vec<Reply>,
    asked: Mutex<Vec<Asked>>,
}

/// The word in front, and the answers: a line with a status, headers, an empty line and a body; a line of four
/// dashes parts one from the next.
pub(super) fn read(input: &[u8]) -> Option<(String, Vec<Reply>)> {
    let mut name = None;
    let mut replies = Vec::new();
    for part in parted(input, b"\n----\n") {
        let (head, body) = match part.windows(2).position(|two| two == b"\n\n") {
            Some(end) => (&part[..end], &part[end + 2..]),
            None => (part, &[][..]),
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = String::from_utf8_lossy(lines.next()?).into_owned();
        let mut words = first.split_whitespace();
        let status = words.next_back().and_then(|word| word.parse().ok());
        let status = status.filter(|status| (200..1000).contains(status));
        name = name.or_else(|| words.next().map(str::to_owned));
        replies.push(Reply {
            status: status.unwrap_or(200),
            headers: lines.filter_map(header).collect(),
            body: Bytes::copy_from_slice(body),
        });
    }
    Some((name?, replies))
}

fn parted<'a>(input: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = input;
    while let Some(at) = rest.windows(by.len()).position(|it| it == by) {
        parts.push(&rest[..at]);
        rest = &rest[at + by.len()..];
    }
    parts.push(rest);
    parts
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(line[..colon].trim_ascii()).ok()?;
    let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
    Some((name, value))
}

impl Replies {
    pub(super) fn new(replies: Vec<Reply>) -> Arc<Self> {
        Arc::new(Self {
            replies,
            asked: Mutex::default(),
        })
    }

    /// What was asked, in order.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Transport for Replies {
    fn send(&self, request: reqwest::Request) -> BoxFuture<'_, Result<reqwest::Response, Error>> {
        let mut asked = self.asked.lock().unwrap();
        let number = asked.len();
        if number >= MOST {
            return Box::pin(async { Err(Error::Lost("nobody answers any more".into())) });
        }
        let reply = self.replies[number.min(self.replies.len() - 1)].clone();
        let body = request.body().and_then(reqwest::Body::as_bytes);
        asked.push(Asked {
            method: request.method().to_string(),
            url: request.url().clone(),
            has_credential: request.headers().contains_key("private-token"),
            body: body.unwrap_or_default().to_vec(),
            reply: reply.clone(),
        });
        let mut response = http::Response::new(reply.body);
        *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap();
        for (name, value) in reply.headers {
            response.headers_mut().append(name, value);
        }
        Box::pin(async move { Ok(reqwest::Response::from(response)) })
    }
}

/// A GitLab below a relative root.
pub(super) fn endpoint(url: &str) -> Endpoint {
    Endpoint {
        url: url.to_owned(),
        ca_pem: None,
        client_certificate: None,
        proxy: None,
        proxy_credentials: None,
        timeout: Duration::from_secs(30),
    }
}

/// A client that goes that way.
pub(super) fn client(way: Arc<dyn Transport>) -> Client {
    let connect: gitlab_runner_registrar::gitlab::Connect = Arc::new(move |_| Ok(way.clone()));
    Client::connected_by(
        &connect,
        &endpoint(ROOT),
        Some(CREDENTIAL.to_owned().into()),
        Arc::new(|_| ()),
        Budget::per_minute(60_000),
    )
    .unwrap()
}

/// Runs what waits for nobody but itself.
pub(super) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(work)
}
