//! The memory of every request received, in order of arrival.
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Request};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::faults::FaultId;
use crate::faults::Glob;
use crate::redact;

/// One request as it came in, with its secrets cut to their first letters.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// The how many-th request it is since the start; counts on when the log is cleared.
    pub seq: u64,
    /// When it came in, by the stand-in's clock.
    pub at: Timestamp,
    /// `GET`, `POST`, …
    pub method: String,
    /// Still percent-encoded, without the relative URL root and the query.
    pub path: String,
    /// Decoded, in the order given.
    pub query: Vec<(String, String)>,
    /// By lower-case name; several values of one name are joined with `, `.
    pub headers: BTreeMap<String, String>,
    /// A JSON body as it is; a form as an object (a field given twice becomes an array); anything
    /// else as a string; null when there is none.
    pub body: Value,
    /// What was answered; none while no answer has been given, and for ever if none will be.
    pub status: Option<u16>,
    /// Whether GitLab got to see the request (a fault may have kept it away).
    pub done: bool,
    /// Where the request stands.
    pub end: End,
    /// The fault that struck it.
    pub fault: Option<FaultId>,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// No answer yet.
    Open,
    /// Answered.
    Answered,
    /// The stand-in cut the connection instead of answering.
    Cut,
    /// The client went away before it got an answer.
    Left,
}

impl Recorded {
    /// Whether the request could have changed something in GitLab: not GET, HEAD or OPTIONS, and
    /// not GraphQL, which the stand-in only reads.
    pub fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS") && self.path != "/api/graphql"
    }
}

/// Which requests are asked for; what is omitted fits everything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// `GET`, `POST`, …
    pub method: Option<String>,
    /// A path as in a fault's rule.
    pub path: Option<Glob>,
    /// Only those answered so.
    pub status: Option<u16>,
    /// Only those after this [`Recorded::seq`].
    pub after: Option<u64>,
    /// Only those that could have changed something.
    pub writes: bool,
}

impl Filter {
    /// Whether a request is one of those asked for.
    pub fn fits(&self, request: &Recorded) -> bool {
        let Self {
            method,
            path,
            status,
            after,
            writes,
        } = self;
        method
            .as_ref()
            .is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
            && path.as_ref().is_none_or(|path| path.fits(&request.path))
            && status.is_none_or(|status| request.status == Some(status))
            && after.is_none_or(|after| request.seq > after)
            && (!writes || request.is_write())
    }
}

/// The log; when it is full the oldest request is forgotten.
#[derive(Debug)]
pub(crate) struct Log {
    capacity: usize,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    ring: VecDeque<Recorded>,
}

impl Log {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: Mutex::default(),
        }
    }

    /// Notes that a request came in, and says under which number.
    pub(crate) fn received(&self, request: &Request<Bytes>, at: Timestamp) -> u64 {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = entries.next;
        entries.next += 1;
        if entries.ring.len() >= self.capacity {
            entries.ring.pop_front();
        }
        entries.ring.push_back(record(seq, request, at));
        seq
    }

    /// Writes down what became of a request; one that was forgotten meanwhile stays so.
    pub(crate) fn update(&self, seq: u64, change: impl FnOnce(&mut Recorded)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let found = entries
            .ring
            .binary_search_by_key(&seq, |request| request.seq);
        if let Some(request) = found.ok().and_then(|index| entries.ring.get_mut(index)) {
            change(request);
        }
    }

    pub(crate) fn list(&self, filter: &Filter) -> Vec<Recorded> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries
            .ring
            .iter()
            .filter(|request| filter.fits(request))
            .cloned()
            .collect()
    }

    /// How many requests have come in since the start, forgotten ones included.
    pub(crate) fn received_so_far(&self) -> u64 {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next
    }

    pub(crate) fn clear(&self) {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .ring
            .clear();
    }
}

fn record(seq: u64, request: &Request<Bytes>, at: Timestamp) -> Recorded {
    Recorded {
        seq,
        at,
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        query: query(request.uri().query().unwrap_or_default()),
        headers: headers(request.headers()),
        body: body(request),
        status: None,
        done: false,
        end: End::Open,
        fault: None,
    }
}

fn query(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (name.clone().into_owned(), redact::field(&name, &value)))
        .collect()
}

fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut out = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = redact::header(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
        out.entry(name.as_str().to_owned())
            .and_modify(|seen| {
                seen.push_str(", ");
                seen.push_str(&value);
            })
            .or_insert(value);
    }
    out
}

fn body(request: &Request<Bytes>) -> Value {
    if request.body().is_empty() {
        return Value::Null;
    }
    let kind = request.headers().get(http::header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        return form(request.body());
    }
    serde_json::from_slice(request.body()).map_or_else(
        |_| Value::String(redact::text(&String::from_utf8_lossy(request.body()))),
        redact::json,
    )
}

fn form(text: &[u8]) -> Value {
    let mut out = serde_json::Map::new();
    for (name, value) in form_urlencoded::parse(text) {
        let value = Value::String(redact::field(&name, &value));
        match out.entry(name.into_owned()) {
            serde_json::map::Entry::Vacant(free) => {
                free.insert(value);
            }
            serde_json::map::Entry::Occupied(mut taken) => {
                if let Value::Array(items) = taken.get_mut() {
                    items.push(value);
                } else {
                    let first = taken.get_mut().take();
                    taken.insert(Value::Array(vec![first, value]));
                }
            }
        }
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOON: Timestamp = Timestamp::UNIX_EPOCH;

    fn request(method: &str, uri: &str, kind: &str, body: &str) -> Request<Bytes> {
        Request::builder()
            .method(method)
            .uri(uri)
            .header("content-type", kind)
            .header("PRIVATE-TOKEN", "glpat-0123456789abcdef")
            .body(Bytes::from(body.to_owned()))
            .unwrap()
    }

    fn note(log: &Log, request: &Request<Bytes>) {
        log.received(request, NOON);
    }

    #[test]
    fn no_secret_shows_in_the_log() {
        let log = Log::new(10);
        for (kind, body) in [
            (
                "application/json",
                r#"{"token":"glrt-0123456789abcdef","query":"{a(s:\"glrt-0123456789abcdef\")}"}"#,
            ),
            (
                "application/x-www-form-urlencoded",
                "token=glrt-0123456789abcdef",
            ),
            (
                "multipart/form-data; boundary=x",
                "--x\r\nname=token\r\n\r\nglrt-0123456789abcdef",
            ),
        ] {
            note(
                &log,
                &request(
                    "POST",
                    "/a?private_token=glpat-0123456789abcdef",
                    kind,
                    body,
                ),
            );
        }
        let shown = format!(
            "{log:?}{}",
            serde_json::to_string(&log.list(&Filter::default())).unwrap()
        );
        assert!(!shown.contains("0123456789"), "{shown}");
        assert!(shown.contains("glpat-0123…"), "{shown}");
    }

    #[test]
    fn bodies_are_kept_by_their_kind() {
        for (kind, body, kept) in [
            (
                "application/json",
                r#"{"tag_list":["a"]}"#,
                json!({"tag_list": ["a"]}),
            ),
            (
                "application/x-www-form-urlencoded",
                "a=1&t[]=x&t[]=y&t[]=z",
                json!({"a": "1", "t[]": ["x", "y", "z"]}),
            ),
            ("text/plain", "hello", json!("hello")),
            ("application/json", "", Value::Null),
        ] {
            assert_eq!(super::body(&request("POST", "/", kind, body)), kept);
        }
    }

    #[test]
    fn the_oldest_is_forgotten_and_the_numbers_go_on() {
        let log = Log::new(2);
        for path in ["/a", "/b", "/c"] {
            note(&log, &request("GET", path, "", ""));
        }
        log.update(0, |forgotten| forgotten.status = Some(500));
        log.update(2, |last| last.status = Some(200));
        let kept: Vec<_> = log
            .list(&Filter::default())
            .into_iter()
            .map(|r| (r.seq, r.path, r.status))
            .collect();
        assert_eq!(
            kept,
            [(1, "/b".to_owned(), None), (2, "/c".to_owned(), Some(200))]
        );
        log.clear();
        assert!(log.list(&Filter::default()).is_empty());
        assert_eq!(log.received_so_far(), 3);
    }

    #[test]
    fn filters_combine() {
        let log = Log::new(10);
        note(&log, &request("GET", "/api/v4/runners/1", "", ""));
        note(&log, &request("PUT", "/api/v4/runners/1", "", "{}"));
        note(&log, &request("POST", "/api/graphql", "", "{}"));
        note(&log, &request("PUT", "/api/v4/runners/2", "", "{}"));
        log.update(1, |request| request.status = Some(200));
        let seqs = |filter: Filter| log.list(&filter).iter().map(|r| r.seq).collect::<Vec<_>>();
        assert_eq!(
            seqs(Filter {
                method: Some("put".into()),
                ..Filter::default()
            }),
            [1, 3]
        );
        assert_eq!(
            seqs(Filter {
                path: Some(Glob::new("/api/v4/runners/*")),
                after: Some(0),
                ..Filter::default()
            }),
            [1, 3]
        );
        assert_eq!(
            seqs(Filter {
                status: Some(200),
                ..Filter::default()
            }),
            [1]
        );
        assert_eq!(
            seqs(Filter {
                writes: true,
                ..Filter::default()
            }),
            [1, 3]
        );
    }
}
