//! The way from the operator to the API server, with all that can happen on it.
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use gitlab_runner_registrar::clock;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request, Response};
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::api::{Call, Query, Target, Watch, event};
use super::fates::{Fate, Lot, Side, Word};
use super::life::Life;
use super::world::{Asked, NAMESPACE, World};

type Answer = Result<Response<Body>, tower::BoxError>;

/// How long a request may go without an answer before kube gives it up.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a watch tells how far it has come.
const PROGRESS: Duration = Duration::from_mins(1);

/// A client of the API server for a process.
pub(super) fn client(world: Arc<World>, life: Life) -> kube::Client {
    let service = tower::service_fn(move |request: Request<kube::client::Body>| {
        let door = Door {
            world: world.clone(),
            life: life.clone(),
        };
        async move { door.answers(request).await }
    });
    kube::Client::new(service, NAMESPACE)
}

#[derive(Clone)]
struct Door {
    world: Arc<World>,
    life: Life,
}

impl Door {
    async fn answers(self, request: Request<kube::client::Body>) -> Answer {
        let (head, body) = request.into_parts();
        let body = body.collect_bytes().await?;
        let text = |name| {
            head.headers
                .get(name)
                .and_then(|it| it.to_str().ok())
                .unwrap_or_default()
        };
        let call = Call {
            query: Query::of(head.uri.query().unwrap_or_default(), text(ACCEPT)),
            media_type: text(CONTENT_TYPE).to_owned(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
            path: head.uri.path().to_owned(),
            method: head.method,
        };
        let (sender, answer) = oneshot::channel();
        // What is on its way arrives, whoever waits for it.
        tokio::spawn(self.goes(call, sender));
        match answer.await {
            Ok(answer) => answer,
            // The process is dead.
            Err(_) => std::future::pending().await,
        }
    }

    async fn goes(self, call: Call, sender: oneshot::Sender<Answer>) {
        let Self { world, life } = &self;
        let what = shown(&call);
        let name = format!("{} Kubernetes {what}", life.name);
        world.turns.come(&name).await;
        if life.is_over() {
            return;
        }
        let lot = world.fates.draw(Side::Kubernetes, &name, call.writes());
        world.is_asked(Asked {
            side: Side::Kubernetes,
            method: call.method.clone(),
            path: call.path.clone(),
            body: what.clone(),
        });
        let told = if call.query.watch() {
            self.watched(&call, &name, lot)
        } else {
            self.carried(&call, &name, lot).await
        };
        let said = match &told {
            Some(Ok(answer)) => answer.status().to_string(),
            Some(Err(error)) => error.to_string(),
            None => "no answer".to_owned(),
        };
        let faulty = if lot.fate == Fate::Answered {
            String::new()
        } else {
            format!(" {:?}", lot.fate)
        };
        world.note(&format!(
            "{} → Kubernetes {what}{faulty} ⇒ {said}",
            life.name
        ));
        if matches!(lot.fate, Fate::Dies { .. }) {
            life.ends();
        } else if let Some(told) = told {
            let _ = sender.send(told);
        } else {
            sleep(PATIENCE).await;
            let _ = sender.send(Err("the connection timed out".into()));
        }
    }

    /// `None` where no answer comes.
    async fn carried(&self, call: &Call, name: &str, lot: Lot) -> Option<Answer> {
        let world = &self.world;
        let Lot { fate, there, back } = lot;
        if fate == Fate::Unsent {
            return Some(Err("connection refused".into()));
        }
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
        let answer = done.then(|| world.store(|store| store.answer(call, clock::now())));
        if matches!(fate, Fate::Hangs { .. } | Fate::Dies { .. }) {
            return None;
        }
        sleep(back).await;
        world.turns.come(name).await;
        Some(match (fate, answer) {
            (Fate::Told { what, .. }, _) => Ok(word(what)),
            (Fate::Answered | Fate::Late, Some((status, body))) => Ok(answered(status, &body)),
            (_, _) => Err("the connection was cut".into()),
        })
    }

    /// A watch is answered at once; what goes wrong with it is that it ends.
    fn watched(&self, call: &Call, name: &str, lot: Lot) -> Option<Answer> {
        let world = &self.world;
        if matches!(
            lot.fate,
            Fate::Unsent | Fate::Cut { .. } | Fate::Dies { .. }
        ) {
            return Some(Err("connection refused".into()));
        }
        let target = Target::of(&call.path)?;
        let changed = world.changed.subscribe();
        let epoch = *changed.borrow();
        let mut random = world.chance.of(&format!("the end of {name}"));
        let lasts = if lot.fate == Fate::Answered {
            call.query.lasts()
        } else {
            Duration::from_secs(random.below(60))
        };
        let told = Told {
            watch: world.store(|store| Watch::new(target, call.query.clone(), store)),
            world: world.clone(),
            name: name.to_owned(),
            changed,
            epoch,
            ends: Instant::now() + lasts,
            breaks: lot.fate != Fate::Answered,
            over: false,
            count: 0,
        };
        let lines = stream::unfold(told, async |mut told| Some((told.line().await?, told)));
        Some(Ok(Response::new(Body::from_stream(lines))))
    }
}

/// What a watch tells, line by line.
struct Told {
    world: Arc<World>,
    watch: Watch,
    name: String,
    changed: watch::Receiver<u64>,
    epoch: u64,
    ends: Instant,
    /// Whether its end is a broken connection.
    breaks: bool,
    over: bool,
    count: u64,
}

impl Told {
    async fn line(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            if self.over {
                return None;
            }
            match self.world.store(|store| self.watch.next(store)) {
                Ok(Some(event)) => {
                    self.count += 1;
                    let name = format!("{} {}", self.name, self.count);
                    sleep(self.world.fates.draw(Side::Kubernetes, &name, false).there).await;
                    self.world.turns.come(&name).await;
                    return Some(Ok(line(&event)));
                }
                Err(refusal) => {
                    self.over = true;
                    return Some(Ok(line(&event("ERROR", &refusal.body()))));
                }
                Ok(None) => {}
            }
            let progress = Instant::now() + PROGRESS;
            tokio::select! {
                biased;
                _ = self.changed.changed() => {}
                () = sleep_until(self.ends.min(progress)) => {}
            }
            if Instant::now() >= self.ends || *self.changed.borrow() != self.epoch {
                self.over = true;
                if self.breaks {
                    return Some(Err(io::Error::other("the connection was cut")));
                }
            } else if Instant::now() >= progress
                && let Some(progress) = self.watch.progress()
            {
                return Some(Ok(line(&progress)));
            }
        }
    }
}

fn line(event: &Value) -> Bytes {
    Bytes::from(format!("{event}\n"))
}

fn answered(status: u16, body: &Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap();
    answer
}

fn word(what: Word) -> Response<Body> {
    let (code, reason) = match what {
        Word::Conflict => (409, "Conflict"),
        Word::Throttled => (429, "TooManyRequests"),
        Word::Failed | Word::ForeignJson | Word::ProxyPage => (500, "InternalError"),
    };
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "played", "reason": reason, "code": code,
    });
    answered(code, &body)
}

/// What a request is, without what differs from run to run: kube names events by the time of day.
fn shown(call: &Call) -> String {
    let Call {
        method,
        path,
        query,
        body,
        ..
    } = call;
    if path.contains("/events") {
        let about = &body["regarding"]["name"];
        return format!("{method} event {} of {about}", body["reason"]);
    }
    let watch = if query.watch() { " watch" } else { "" };
    let dry = if query.dry_run() { " dry run" } else { "" };
    let mut said = if *method == Method::GET {
        String::new()
    } else {
        format!(" {body}")
    };
    if said.len() > LONGEST {
        said = format!("{}…", &said[..said.floor_char_boundary(LONGEST)]);
    }
    format!("{method}{watch}{dry} {path}{said}")
}

const LONGEST: usize = 4000;
