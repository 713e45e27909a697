//! The HTTP door: bytes in, one request after the other to GitLab, bytes out.
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HOST};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::Peer;
use crate::external::ExternalUrl;
use crate::log::End;
use crate::server::body::{self, Body};
use crate::server::play::{self, Cut};
use crate::server::shared::{Shared, Underway};

/// Nothing that the API takes is anywhere near this; more is answered with 413.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Serves until the task is aborted; then every open connection is closed too.
pub(crate) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A client that left the queue again, or a shortage of file handles: the next may come through.
                if let Ok((stream, peer)) = accepted {
                    connections.spawn(connection(stream, peer.ip(), tls.clone(), Arc::clone(&shared)));
                }
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: IpAddr,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
) {
    // Small answers at once; a platform that cannot still serves.
    let _best_effort = stream.set_nodelay(true);
    match tls {
        None => speak(stream, peer, &shared).await,
        // A failed handshake is the client's to report.
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                speak(stream, peer, &shared).await;
            }
        }
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin, peer: IpAddr, shared: &Arc<Shared>) {
    let service = service_fn(|request| answer(shared, peer, request));
    // An error here is a cut on purpose or a client that left; both are in the log already.
    let _end = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    shared: &Shared,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let Some(mut request) = within_root(&shared.root, request) else {
        return Ok(page(StatusCode::NOT_FOUND, "nothing is served here"));
    };
    let external = external_url(shared, &request);
    request.extensions_mut().insert(Peer(peer));
    request.extensions_mut().insert(external);
    let (head, incoming) = request.into_parts();
    let Some(whole) = read_whole(incoming).await else {
        return Ok(page(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large or broken",
        ));
    };
    let request = Request::from_parts(head, whole);
    let seq = shared.log.received(&request, shared.clock.now());
    let underway = Underway::new(shared, seq);
    let answer = answer_whole(shared, &request, &underway).await;
    match &answer {
        Ok(response) => underway.end(End::Answered, Some(response.status().as_u16())),
        Err(Cut) => underway.end(End::Cut, None),
    }
    answer.map(|response| finish(shared, seq, response))
}

/// The body; nothing if it is broken off or larger than anything that the API takes.
async fn read_whole(incoming: Incoming) -> Option<Bytes> {
    // Known from its announced length before a byte of it is read.
    if incoming.size_hint().lower() > LARGEST_BODY as u64 {
        return None;
    }
    let whole = Limited::new(incoming, LARGEST_BODY).collect().await.ok()?;
    Some(whole.to_bytes())
}

async fn answer_whole(
    shared: &Shared,
    request: &Request<Bytes>,
    underway: &Underway<'_>,
) -> Result<Response<Body>, Cut> {
    let path = request.uri().path();
    match shared
        .faults
        .strike(request.method().as_str(), path, request.body())
    {
        None => Ok(play::perform(shared, request, underway.seq).map(body::whole)),
        Some(strike) => {
            shared.note(underway.seq, |recorded| recorded.fault = Some(strike.id));
            play::play(shared, request, underway, strike).await
        }
    }
}

/// Takes the relative URL root off the path; nothing if the path is not below it.
fn within_root<B>(root: &str, request: Request<B>) -> Option<Request<B>> {
    let (mut head, body) = request.into_parts();
    let full = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let rest = full
        .strip_prefix(root)
        .filter(|rest| rest.starts_with('/'))?;
    head.uri = Uri::try_from(rest).ok()?;
    Some(Request::from_parts(head, body))
}

fn external_url<B>(shared: &Shared, request: &Request<B>) -> ExternalUrl {
    let scheme = if shared.ca_pem.is_some() {
        "https"
    } else {
        "http"
    };
    let asked = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    ExternalUrl(format!(
        "{scheme}://{}{}",
        asked.unwrap_or("localhost"),
        shared.root
    ))
}

/// The headers that every answer has, whoever wrote it.
fn finish(shared: &Shared, seq: u64, mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    if !headers.contains_key(DATE) {
        play::set(headers, DATE.as_str(), &play::http_date(shared.clock.now()));
    }
    if !headers.contains_key("x-request-id") {
        play::set(headers, "x-request-id", &format!("sim{seq:023}"));
    }
    response
}

fn page(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(body::whole(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_below_the_root_are_served() {
        for (root, uri, expected) in [
            ("", "/api/v4/user?a=b", Some("/api/v4/user?a=b")),
            (
                "/gitlab",
                "/gitlab/api/v4/user?a=b",
                Some("/api/v4/user?a=b"),
            ),
            ("/gitlab", "/gitlab", None),
            ("/gitlab", "/api/v4/user", None),
            ("/gitlab", "/gitlabs/api", None),
            (
                "",
                "http://proxied.example/api/v4/user",
                Some("/api/v4/user"),
            ),
        ] {
            let request = Request::builder().uri(uri).body(()).unwrap();
            let seen = within_root(root, request).map(|request| request.uri().to_string());
            assert_eq!(seen.as_deref(), expected, "{root} {uri}");
        }
    }
}
