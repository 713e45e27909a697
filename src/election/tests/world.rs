//! Candidates under paused time, before an API server of one Lease whose answers can be late, refused or
//! lost.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Request, Response};
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::election::{Candidate, Standing};
use crate::term::Term;

pub(super) const DURATION: Duration = Duration::from_secs(15);

/// A time that nobody takes for now. Two records that say the same would look like one.
pub(super) fn clock() -> Timestamp {
    thread_local! { static STARTED: Instant = Instant::now(); }
    let passed = STARTED.with(Instant::elapsed);
    Timestamp::UNIX_EPOCH + SignedDuration::try_from(passed).unwrap()
}

/// The same an hour ahead.
pub(super) fn fast_clock() -> Timestamp {
    clock() + SignedDuration::from_hours(1)
}

#[derive(Default)]
pub(super) struct Server {
    pub(super) lease: Option<Value>,
    version: u64,
    /// When it was last written.
    pub(super) written: Option<Instant>,
}

impl Server {
    fn answer(&mut self, method: &Method, body: &Value) -> (u16, Value) {
        let stored = self.lease.clone();
        let version = |lease: &Value| lease["metadata"]["resourceVersion"].clone();
        match (method.as_str(), stored) {
            ("GET", Some(lease)) => (200, lease),
            ("GET" | "PUT", None) => (404, Value::Null),
            ("POST", Some(_)) => (409, Value::Null),
            ("PUT", Some(lease)) if version(&lease) != version(body) => (409, Value::Null),
            ("POST" | "PUT", _) => {
                self.version += 1;
                self.written = Some(Instant::now());
                let mut lease = body.clone();
                lease["metadata"]["resourceVersion"] = self.version.to_string().into();
                self.lease = Some(lease.clone());
                (200, lease)
            }
            _ => (405, Value::Null),
        }
    }
}

/// What lies between a candidate and the API server.
#[derive(Clone, Copy, Default)]
pub(super) struct Way {
    pub(super) latency: Duration,
    /// How much later than that an answer is.
    pub(super) late: Duration,
    pub(super) refuses: bool,
    pub(super) hangs: bool,
}

fn client(server: Arc<Mutex<Server>>, way: Arc<Mutex<Way>>) -> Client {
    let service = tower::service_fn(move |request: Request<Body>| {
        let (server, way) = (server.clone(), way.clone());
        async move {
            let now = || *way.lock().unwrap();
            passes(now()).await?;
            let (parts, body) = request.into_parts();
            let body = body.collect_bytes().await?;
            let body = serde_json::from_slice(&body).unwrap_or_default();
            let (code, answer) = server.lock().unwrap().answer(&parts.method, &body);
            sleep(now().late).await;
            passes(now()).await?;
            let answer = match code {
                200 => answer,
                code => {
                    let reason = if code == 404 { "NotFound" } else { "Conflict" };
                    json!({ "kind": "Status", "status": "Failure", "reason": reason, "code": code })
                }
            };
            let answer = Response::builder()
                .status(code)
                .body(Body::from(serde_json::to_vec(&answer)?))?;
            Ok::<_, tower::BoxError>(answer)
        }
    });
    Client::new(service, "ns")
}

async fn passes(way: Way) -> Result<(), tower::BoxError> {
    if way.hangs {
        std::future::pending::<()>().await;
    }
    sleep(way.latency / 2).await;
    if way.refuses {
        return Err("reset".into());
    }
    Ok(())
}

/// A process that takes part for as long as it is not told to stop.
pub(super) struct Node {
    way: Arc<Mutex<Way>>,
    term: watch::Receiver<Option<Term>>,
    pub(super) stop: CancellationToken,
}

impl Node {
    pub(super) fn new(server: &Arc<Mutex<Server>>, identity: &str) -> Self {
        Self::by_the_clock(server, identity, clock)
    }

    pub(super) fn by_the_clock(
        server: &Arc<Mutex<Server>>,
        identity: &str,
        clock: fn() -> Timestamp,
    ) -> Self {
        let (way, stop) = (Arc::<Mutex<Way>>::default(), CancellationToken::new());
        let (told, term) = watch::channel(None);
        let (server, identity) = (server.clone(), identity.to_owned());
        let (by, until) = (way.clone(), stop.clone());
        tokio::spawn(async move {
            while !until.is_cancelled() {
                // A process that has lost its turn begins anew, and knows nothing.
                let kube = client(server.clone(), by.clone());
                let mut candidate = Candidate::new(kube, "ns", "l", &identity, DURATION, clock);
                let Some(term) = candidate.lead(&until, |_: Standing| {}).await else {
                    return;
                };
                told.send_replace(Some(term.clone()));
                tokio::select! {
                    () = candidate.keep(&term) => {}
                    () = until.cancelled() => candidate.step_down(&term).await,
                }
            }
        });
        Self { way, term, stop }
    }

    /// The number of the term in which it leads now.
    pub(super) fn leads(&self) -> Option<i32> {
        let term = self.term.borrow();
        term.as_ref().filter(|term| !term.is_over())?.number()
    }

    pub(super) async fn led(&mut self) -> Term {
        let leads = |term: &Option<Term>| term.as_ref().is_some_and(|term| !term.is_over());
        let long = Duration::from_secs(100);
        let term = timeout(long, self.term.wait_for(leads)).await.unwrap();
        term.unwrap().clone().unwrap()
    }

    pub(super) fn is(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }
}
