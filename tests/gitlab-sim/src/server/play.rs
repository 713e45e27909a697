//! How a fault is played, once a rule has struck a request.
use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;

use crate::faults::{Fault, Strike};
use crate::server::body::{self, Body};
use crate::server::shared::{Shared, Underway};

/// Instead of an answer the connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection was cut by a fault")]
pub(crate) struct Cut;

/// Has GitLab do what is asked.
pub(crate) fn perform(shared: &Shared, request: &Request<Bytes>, seq: u64) -> Response<Bytes> {
    let now = shared.clock.now();
    let reply = shared.world(|gitlab| gitlab.handle(request, now));
    shared.note(seq, |recorded| recorded.done = true);
    reply
}

/// Answers a request that a fault has struck.
pub(crate) async fn play(
    shared: &Shared,
    request: &Request<Bytes>,
    underway: &Underway<'_>,
    strike: Strike,
) -> Result<Response<Body>, Cut> {
    let Strike { id, done, fault } = strike;
    let reply = (done || matches!(fault, Fault::Truncate { .. }))
        .then(|| perform(shared, request, underway.seq));
    match &fault {
        Fault::Delay { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
        Fault::Gate => {
            let released = shared.faults.hold(id);
            shared.tick();
            // A gate that was removed lets everybody go, just as a release does.
            let _gone = released.await;
        }
        Fault::Hang => std::future::pending::<()>().await,
        Fault::Drop => return Err(Cut),
        Fault::Truncate { .. }
        | Fault::Reply { .. }
        | Fault::Throttle { .. }
        | Fault::Bulk { .. }
        | Fault::Proxy { .. } => {}
    }
    Ok(match fault {
        Fault::Reply {
            status,
            headers,
            body,
        } => custom(status, &headers, &body),
        Fault::Throttle {
            retry_after,
            limit,
            name,
        } => throttled(retry_after, limit, &name, shared.clock.now()),
        Fault::Bulk { megabytes } => bulk(megabytes),
        Fault::Proxy { status } => proxy(status),
        Fault::Truncate { keep, hang } => truncated(reply.unwrap_or_default(), keep, hang),
        Fault::Delay { .. } | Fault::Gate | Fault::Hang | Fault::Drop => reply
            .unwrap_or_else(|| perform(shared, request, underway.seq))
            .map(body::whole),
    })
}

fn answer(status: u16, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    // A rule with another status is refused when it is added.
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn custom(status: u16, headers: &BTreeMap<String, String>, body: &Value) -> Response<Body> {
    let (kind, bytes) = match body {
        Value::Null => ("text/plain", Bytes::new()),
        Value::String(text) => ("text/plain", Bytes::from(text.clone())),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            ("application/json", Bytes::from(body.to_string()))
        }
    };
    let mut response = answer(status, kind, body::whole(bytes));
    for (name, value) in headers {
        set(response.headers_mut(), name, value);
    }
    response
}

/// Contract §1.9: plain text, and the window's end both as a time and as seconds.
fn throttled(after: Option<u64>, limit: u64, name: &str, now: Timestamp) -> Response<Body> {
    let mut response = answer(
        429,
        "text/plain",
        body::whole(Bytes::from_static(b"Retry later\n")),
    );
    let headers = response.headers_mut();
    set(headers, "RateLimit-Name", name);
    set(headers, "RateLimit-Limit", &limit.to_string());
    set(
        headers,
        "RateLimit-Observed",
        &limit.saturating_add(1).to_string(),
    );
    set(headers, "RateLimit-Remaining", "0");
    if let Some(after) = after {
        let seconds = i64::try_from(after).unwrap_or(i64::MAX);
        let reset = now
            .checked_add(jiff::SignedDuration::from_secs(seconds))
            .unwrap_or(Timestamp::MAX);
        set(headers, RETRY_AFTER.as_str(), &after.to_string());
        set(headers, "RateLimit-Reset", &reset.as_second().to_string());
        set(headers, "RateLimit-ResetTime", &http_date(reset));
    }
    response
}

fn bulk(megabytes: u64) -> Response<Body> {
    let length = megabytes.saturating_mul(1_000_000);
    let mut response = answer(200, "application/json", body::bulk(length));
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, length.max(11).into());
    response
}

fn proxy(status: u16) -> Response<Body> {
    let code = StatusCode::from_u16(status).unwrap_or_default();
    let title = format!(
        "{} {}",
        code.as_u16(),
        code.canonical_reason().unwrap_or_default()
    );
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    answer(status, "text/html", body::whole(Bytes::from(page)))
}

fn truncated(reply: Response<Bytes>, keep: u64, hang: bool) -> Response<Body> {
    let length = reply.body().len();
    // At least one byte is missing, or it would not be cut short; an empty body is announced as one byte.
    let keep = usize::try_from(keep)
        .unwrap_or(usize::MAX)
        .min(length.saturating_sub(1));
    let mut response = reply.map(|whole| body::broken_off(whole.slice(..keep), hang));
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, length.max(1).into());
    response
}

/// A moment as HTTP writes it; never fails for years that HTTP can write.
pub(crate) fn http_date(at: Timestamp) -> String {
    rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .unwrap_or_default()
}

/// Sets a header; a name or value that cannot be one is left out.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}
