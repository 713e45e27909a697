//! GraphQL reads (contract §5).
//!
//! A query is parsed, planned against the schema (everything that can be wrong with it is found
//! there), weighed, and then read from the world.
mod arguments;
mod body;
mod document;
mod fragments;
mod inputs;
mod jobs;
mod page;
mod places;
mod plan;
mod problem;
mod query;
mod read;
mod runner;
mod runner_types;
mod runners;
mod schema;
mod types;
mod usage;
mod variables;
mod weight;

use bytes::Bytes;
use http::{Method, Request, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::rest::{Refusal, Reply};
use crate::state::{Caller, GitLab, Version};

use plan::Selected;
use problem::Problem;

/// Characters per request, all queries of a batch together (contract §5.4).
const LONGEST_QUERY: usize = 10_000;

/// Answers `/api/graphql`.
pub(crate) fn handle(
    gitlab: &mut GitLab,
    request: &Request<Bytes>,
    now: Timestamp,
) -> Response<Bytes> {
    answer(gitlab, request, now)
        .unwrap_or_else(|Refusal(reply)| *reply)
        .into_http(request.method() == Method::HEAD)
}

fn answer(gitlab: &mut GitLab, request: &Request<Bytes>, now: Timestamp) -> Result<Reply, Refusal> {
    if ![Method::POST, Method::GET, Method::HEAD].contains(request.method()) {
        return Err(Refusal::no_route());
    }
    let caller = gitlab.graphql_caller(request, now)?;
    let asked = body::read(request)?;
    let batch = asked
        .as_array()
        .map_or_else(|| std::slice::from_ref(&asked), Vec::as_slice);
    let length = |query: &Value| query["query"].as_str().unwrap_or_default().chars().count();
    if batch.iter().map(length).sum::<usize>() > LONGEST_QUERY {
        let errors = failed(&[Problem::new("Query too large")]);
        return Ok(Reply::json(422, errors));
    }
    for query in batch {
        if let Err(why) = variables::sent(&query["variables"]) {
            return Ok(Reply::json(422, failed(&[Problem::new(why)])));
        }
    }
    let mut results = run(gitlab, caller.as_ref(), batch, now);
    // A batch is answered as one, also when it has a single query in it.
    Ok(Reply::ok(if asked.is_array() {
        Value::Array(results)
    } else {
        results.pop().unwrap_or_default()
    }))
}

/// The queries of a request, from their texts to what they read; they are weighed together.
fn run(gitlab: &GitLab, caller: Option<&Caller>, batch: &[Value], now: Timestamp) -> Vec<Value> {
    let version = gitlab.settings.version;
    let planned: Vec<_> = batch.iter().map(|query| plan_one(query, version)).collect();
    let limit = match caller {
        Some(_) => gitlab.settings.graphql_max_complexity,
        None => weight::ANONYMOUS_LIMIT,
    };
    let scores = planned.iter().flatten().map(|plan| weight::of(plan));
    let total = scores.fold(0, u64::saturating_add);
    let too_heavy = (total > limit).then(|| {
        let text =
            format!("Query has complexity of {total}, which exceeds max complexity of {limit}");
        Problem::new(text)
    });
    let answer = |planned: Result<Vec<Selected>, Vec<Problem>>| {
        let planned = match (planned, &too_heavy) {
            (Err(problems), _) => return failed(&problems),
            (Ok(_), Some(problem)) => return failed(std::slice::from_ref(problem)),
            (Ok(planned), None) => planned,
        };
        let score = weight::of(&planned);
        let reader = read::Reader::new(gitlab, caller, now, score, limit);
        let (data, problems) = reader.read(&planned);
        if problems.is_empty() {
            json!({ "data": data })
        } else {
            json!({ "data": data, "errors": shown(&problems) })
        }
    };
    planned.into_iter().map(answer).collect()
}

fn plan_one(request: &Value, version: Version) -> Result<Vec<Selected>, Vec<Problem>> {
    let text = request["query"].as_str().unwrap_or_default();
    let name = request["operationName"]
        .as_str()
        .filter(|name| !name.is_empty());
    // The request was refused already if they are none.
    let variables = variables::sent(&request["variables"]).unwrap_or_default();
    let document = document::parse(text, name, &variables)?;
    plan::plan(&document, version)
}

/// GraphQL's way to fail: status 200 and no data.
fn failed(problems: &[Problem]) -> Value {
    json!({ "errors": shown(problems) })
}

fn shown(problems: &[Problem]) -> Vec<Value> {
    problems.iter().map(Problem::json).collect()
}
