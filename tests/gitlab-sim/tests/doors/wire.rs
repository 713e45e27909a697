//! A client that sees the bytes: what a cut is must not be smoothed over by an HTTP library.
use std::time::Duration;

use gitlab_sim::{Options, Seed, Server};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a test waits for what must come; it fails afterwards.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// An answer as it came over the wire, up to the end of the connection.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Self {
        let split = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a head");
        let head = std::str::from_utf8(&bytes[..split]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self {
            status,
            headers,
            body: bytes[split + 4..].to_vec(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A stand-in with one administrator, on the wall clock.
pub async fn server() -> Server {
    Server::start(Seed::default(), Options::default())
        .await
        .unwrap()
}

/// `127.0.0.1:1234` of `http://127.0.0.1:1234/root`.
pub fn host(url: &str) -> &str {
    url.split("//").nth(1).unwrap().split('/').next().unwrap()
}

pub async fn connect(url: &str) -> TcpStream {
    TcpStream::connect(host(url)).await.unwrap()
}

/// One request, as bytes; the connection is to be closed after it.
pub fn request(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: gitlab.test\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends one request and reads until the other side closes.
pub async fn bytes_of(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> Vec<u8> {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    // A cut may be seen as a reset; what came before it counts.
    let _end = read.expect("the other side closes");
    bytes
}

pub async fn send(url: &str, method: &str, path: &str, body: &str) -> Answer {
    Answer::parse(&bytes_of(connect(url).await, &request(method, path, body)).await)
}

pub async fn get(url: &str, path: &str) -> Answer {
    send(url, "GET", path, "").await
}
