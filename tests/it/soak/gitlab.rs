//! The way from the operator to the stand-in for GitLab, with all that can happen on it.
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use gitlab_runner_registrar::clock;
use gitlab_runner_registrar::gitlab::{Connect, Endpoint, Error, Transport};
use http::{HeaderValue, Method, StatusCode};
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::fates::{Fate, Lot, Side, Word};
use super::life::Life;
use super::world::{Asked, World};

type Answer = Result<http::Response<Bytes>, Error>;

/// How much longer than anybody waits the answer is held that never comes.
const MUCH_LATER: Duration = Duration::from_secs(5);

/// What leads a process to GitLab.
pub(super) fn connect(world: Arc<World>, life: Life) -> Connect {
    Arc::new(move |endpoint: &Endpoint| {
        Ok(Arc::new(Way {
            world: world.clone(),
            life: life.clone(),
            timeout: endpoint.timeout,
        }))
    })
}

struct Way {
    world: Arc<World>,
    life: Life,
    timeout: Duration,
}

impl Transport for Way {
    fn send(&self, request: reqwest::Request) -> BoxFuture<'_, Result<reqwest::Response, Error>> {
        let (sender, answer) = oneshot::channel();
        let trip = Trip {
            world: self.world.clone(),
            life: self.life.clone(),
            timeout: self.timeout,
        };
        // What is on its way arrives, whoever waits for it.
        tokio::spawn(trip.goes(plain(&request), sender));
        Box::pin(async {
            match timeout(self.timeout, answer).await {
                Ok(Ok(answer)) => answer.map(reqwest::Response::from),
                // The process is dead.
                Ok(Err(_)) => std::future::pending().await,
                Err(_) => Err(lost("the answer took too long")),
            }
        })
    }
}

struct Trip {
    world: Arc<World>,
    life: Life,
    timeout: Duration,
}

impl Trip {
    async fn goes(self, request: http::Request<Bytes>, sender: oneshot::Sender<Answer>) {
        let Self { world, life, .. } = &self;
        let (method, path) = (request.method().clone(), shown_path(&request));
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let name = format!("{} GitLab {method} {path} {body}", life.name);
        world.turns.come(&name).await;
        if life.is_over() {
            return;
        }
        let writes = method != Method::GET && path != "/api/graphql";
        if writes {
            world.is_changed_by(&life.name);
        }
        let lot = world.fates.draw(Side::GitLab, &name, writes);
        let asked = Asked {
            side: Side::GitLab,
            method,
            path,
            body,
        };
        world.is_asked(asked.clone());
        let told = self.carried(&request, &name, lot).await;
        let shown = match &told {
            Some(Ok(answer)) => answer.status().to_string(),
            Some(Err(error)) => error.to_string(),
            None => "no answer".to_owned(),
        };
        let Asked {
            method, path, body, ..
        } = asked;
        let faulty = if lot.fate == Fate::Answered {
            String::new()
        } else {
            format!(" {:?}", lot.fate)
        };
        world.note(&format!(
            "{} → GitLab {method} {path} {body}{faulty} ⇒ {shown}",
            life.name
        ));
        if matches!(lot.fate, Fate::Dies { .. }) {
            life.ends();
        } else if let Some(told) = told {
            let _ = sender.send(told);
        } else {
            // Held, so that whoever waits does so for as long as they like.
            sleep(self.timeout + MUCH_LATER).await;
        }
    }

    /// `None` where no answer comes.
    async fn carried(
        &self,
        request: &http::Request<Bytes>,
        name: &str,
        lot: Lot,
    ) -> Option<Answer> {
        let world = &self.world;
        let Lot { fate, there, back } = lot;
        if fate == Fate::Unsent {
            return Some(Err(Error::Unsent("connection refused".into())));
        }
        let there = if fate == Fate::Late {
            self.timeout + there
        } else {
            there
        };
        sleep(there).await;
        world.turns.come(name).await;
        let done = match fate {
            Fate::Answered | Fate::Late => true,
            Fate::Unsent => false,
            Fate::Cut { done }
            | Fate::Hangs { done }
            | Fate::Told { done, .. }
            | Fate::Dies { done } => done,
        };
        let answer = done.then(|| finished(world.gitlab_handles(request)));
        if matches!(fate, Fate::Late | Fate::Hangs { .. } | Fate::Dies { .. }) {
            return None;
        }
        sleep(back).await;
        world.turns.come(name).await;
        Some(match (fate, answer) {
            (Fate::Told { what, .. }, _) => Ok(word(what)),
            (Fate::Answered, Some(answer)) => Ok(answer),
            (_, _) => Err(lost("the connection was cut")),
        })
    }
}

fn lost(why: &'static str) -> Error {
    Error::Lost(Box::<dyn StdError + Send + Sync>::from(why))
}

fn plain(request: &reqwest::Request) -> http::Request<Bytes> {
    let body = request
        .body()
        .and_then(reqwest::Body::as_bytes)
        .unwrap_or_default();
    let mut plain = http::Request::new(Bytes::copy_from_slice(body));
    *plain.method_mut() = request.method().clone();
    *plain.headers_mut() = request.headers().clone();
    let url = request.url();
    let query = url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    *plain.uri_mut() = format!("{}{query}", url.path()).parse().unwrap();
    plain
}

fn shown_path(request: &http::Request<Bytes>) -> String {
    request.uri().to_string()
}

/// The header that each answer of a server has.
fn finished(mut answer: http::Response<Bytes>) -> http::Response<Bytes> {
    let date = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&clock::now())
        .unwrap();
    answer
        .headers_mut()
        .insert(http::header::DATE, HeaderValue::try_from(date).unwrap());
    answer
}

fn word(what: Word) -> http::Response<Bytes> {
    let (status, media_type, body) = match what {
        Word::Throttled => (429, "text/plain", "Retry later\n"),
        Word::Failed => (
            500,
            "application/json",
            r#"{"message":"500 Internal Server Error"}"#,
        ),
        Word::ProxyPage => (
            502,
            "text/html",
            "<html><body>502 Bad Gateway</body></html>",
        ),
        Word::ForeignJson | Word::Conflict => (200, "application/json", r#"{"status":"ok"}"#),
    };
    let mut answer = http::Response::new(Bytes::from_static(body.as_bytes()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    let headers = answer.headers_mut();
    headers.insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static(media_type),
    );
    if what == Word::Throttled {
        headers.insert(http::header::RETRY_AFTER, HeaderValue::from_static("7"));
        headers.insert("ratelimit-remaining", HeaderValue::from_static("0"));
    }
    finished(answer)
}
