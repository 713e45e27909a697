//! The control port: JSON over HTTP, for tests and people who play with the stand-in.
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::clock::Turn;
use crate::faults::{FaultId, Glob, Rule, Standing};
use crate::log::Filter;
use crate::server::shared::Shared;
use crate::{Command, Seed};

type Shares = State<Arc<Shared>>;
type Answer = Result<Response, Refusal>;
type FaultPath = Result<Path<u64>, PathRejection>;

/// How long a waiting request waits unless it says otherwise.
const USUAL_WAIT: Duration = Duration::from_secs(30);

/// Serves until the task is aborted.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new()
        .route("/health", get(health))
        .route("/ca.pem", get(authority))
        .route("/clock", get(show_clock).post(turn_clock))
        .route("/reset", post(reset))
        .route("/command", post(command))
        .route("/world", get(world))
        .route("/requests", get(list_requests).delete(clear_requests))
        .route(
            "/faults",
            get(list_faults).post(add_fault).delete(clear_faults),
        )
        .route("/faults/{id}", get(show_fault).delete(remove_fault))
        .route("/faults/{id}/release", post(release))
        .fallback(async || {
            Refusal(
                StatusCode::NOT_FOUND,
                "no such page; see the README".to_owned(),
            )
        })
        .method_not_allowed_fallback(async || {
            Refusal(
                StatusCode::METHOD_NOT_ALLOWED,
                "no such method here; see the README".to_owned(),
            )
        })
        .with_state(shared);
    // It only ends with an error that accepting cannot recover from; whoever asks next will notice.
    let _end = axum::serve(listener, router).await;
}

/// Why nothing was done, as `{"error": "…"}`.
struct Refusal(StatusCode, String);

impl Refusal {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is passed to map_err by name"
    )]
    fn bad(why: impl ToString) -> Self {
        Self(StatusCode::BAD_REQUEST, why.to_string())
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is passed to map_err by name"
    )]
    fn unprocessable(why: impl ToString) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, why.to_string())
    }

    fn no_fault(id: u64) -> Self {
        Self(StatusCode::NOT_FOUND, format!("there is no fault {id}"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, why) = self;
        (status, reply(&json!({ "error": why }))).into_response()
    }
}

fn reply(value: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn shown(value: impl serde::Serialize) -> Answer {
    let value = serde_json::to_value(value)
        .map_err(|error| Refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(reply(&value))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(Refusal::bad)
}

async fn health(State(shared): Shares) -> Answer {
    shown(json!({
        "status": "ok",
        "url": shared.url,
        "now": shared.clock.now(),
        "requests": shared.log.received_so_far(),
    }))
}

async fn authority(State(shared): Shares) -> Answer {
    let pem = shared.ca_pem.clone();
    let none = || {
        Refusal(
            StatusCode::NOT_FOUND,
            "this stand-in speaks plain HTTP".to_owned(),
        )
    };
    Ok((
        [(CONTENT_TYPE, "application/x-pem-file")],
        pem.ok_or_else(none)?,
    )
        .into_response())
}

async fn show_clock(State(shared): Shares) -> Answer {
    shown(shared.clock.read())
}

async fn turn_clock(State(shared): Shares, body: Bytes) -> Answer {
    let turn: Turn = read(&body)?;
    shown(shared.clock.turn(turn).map_err(Refusal::bad)?)
}

async fn reset(State(shared): Shares, body: Bytes) -> Answer {
    let text = std::str::from_utf8(&body).map_err(Refusal::bad)?;
    // JSON is YAML too, so both are welcome.
    let seed = (!text.trim().is_empty())
        .then(|| Seed::from_yaml(text))
        .transpose();
    shared
        .reset(seed.map_err(Refusal::unprocessable)?)
        .map_err(Refusal::unprocessable)?;
    shown(json!({}))
}

async fn command(State(shared): Shares, body: Bytes) -> Answer {
    let command: Command = read(&body)?;
    let now = shared.clock.now();
    let result = shared.world(|gitlab| gitlab.command(command, now));
    shown(result.map_err(Refusal::unprocessable)?)
}

async fn world(State(shared): Shares) -> Answer {
    let now = shared.clock.now();
    let result = shared.world(|gitlab| gitlab.command(Command::Dump {}, now));
    shown(result.map_err(Refusal::unprocessable)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WhichRequests {
    method: Option<String>,
    path: Option<Glob>,
    status: Option<u16>,
    after: Option<u64>,
    #[serde(default)]
    writes: bool,
    at_least: Option<usize>,
    wait: Option<SignedDuration>,
}

async fn list_requests(
    State(shared): Shares,
    which: Result<Query<WhichRequests>, QueryRejection>,
) -> Answer {
    let Query(which) = which.map_err(Refusal::bad)?;
    let WhichRequests {
        method,
        path,
        status,
        after,
        writes,
        at_least,
        wait,
    } = which;
    let filter = Filter {
        method,
        path,
        status,
        after,
        writes,
    };
    let Some(at_least) = at_least else {
        return shown(shared.log.list(&filter));
    };
    let enough = || Some(shared.log.list(&filter)).filter(|found| found.len() >= at_least);
    match within(&shared, wait, enough).await? {
        Some(found) => shown(found),
        None => Err(late(&format!(
            "{} requests",
            shared.log.list(&filter).len()
        ))),
    }
}

async fn clear_requests(State(shared): Shares) -> Answer {
    shared.log.clear();
    shown(json!({}))
}

async fn list_faults(State(shared): Shares) -> Answer {
    shown(shared.faults.list())
}

async fn add_fault(State(shared): Shares, body: Bytes) -> Answer {
    let rule: Rule = read(&body)?;
    let id = shared.faults.add(rule).map_err(Refusal::bad)?;
    shown(json!({ "id": id }))
}

async fn clear_faults(State(shared): Shares) -> Answer {
    shared.faults.clear();
    shown(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HowManyHeld {
    held: Option<usize>,
    struck: Option<u64>,
    wait: Option<SignedDuration>,
}

async fn show_fault(
    State(shared): Shares,
    id: FaultPath,
    wanted: Result<Query<HowManyHeld>, QueryRejection>,
) -> Answer {
    let Path(id) = id.map_err(Refusal::bad)?;
    let Query(wanted) = wanted.map_err(Refusal::bad)?;
    let HowManyHeld { held, struck, wait } = wanted;
    let standing = || {
        shared
            .faults
            .list()
            .into_iter()
            .find(|rule| rule.id == FaultId(id))
    };
    let now = standing().ok_or_else(|| Refusal::no_fault(id))?;
    if held.is_none() && struck.is_none() {
        return shown(now);
    }
    let enough = |rule: &Standing| {
        held.is_none_or(|held| rule.held >= held)
            && struck.is_none_or(|struck| rule.struck >= struck)
    };
    match within(&shared, wait, || standing().filter(enough)).await? {
        Some(standing) => shown(standing),
        None => Err(late(&format!("{} held, {} struck", now.held, now.struck))),
    }
}

async fn remove_fault(State(shared): Shares, id: FaultPath) -> Answer {
    let Path(id) = id.map_err(Refusal::bad)?;
    if shared.faults.remove(FaultId(id)) {
        shown(json!({}))
    } else {
        Err(Refusal::no_fault(id))
    }
}

async fn release(State(shared): Shares, id: FaultPath, body: Bytes) -> Answer {
    #[derive(Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct HowMany {
        count: Option<usize>,
    }
    let Path(id) = id.map_err(Refusal::bad)?;
    let HowMany { count } = if body.is_empty() {
        HowMany::default()
    } else {
        read(&body)?
    };
    let released = shared.faults.release(FaultId(id), count);
    shown(json!({ "released": released.ok_or_else(|| Refusal::no_fault(id))? }))
}

fn late(seen: &str) -> Refusal {
    Refusal(
        StatusCode::REQUEST_TIMEOUT,
        format!("waited in vain: {seen}"),
    )
}

/// Asks again whenever something has happened, until there is an answer or the time is over.
async fn within<T>(
    shared: &Shared,
    wait: Option<SignedDuration>,
    mut look: impl FnMut() -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let wait = wait
        .map_or(Ok(USUAL_WAIT), Duration::try_from)
        .map_err(Refusal::bad)?;
    Ok(shared.until(wait, &mut look).await)
}
