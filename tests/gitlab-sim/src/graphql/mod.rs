//! GraphQL reads (contract §5).
//!
//! A query is parsed, planned against the schema (everything that can be wrong with it is found
//! there), weighed, and then read from the world.
mod arguments;
mod document;
mod jobs;
mod page;
mod places;
mod plan;
mod problem;
mod query;
mod read;
mod runner;
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
use crate::state::{Caller, GitLab};

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
        .into_http(false)
}

fn answer(gitlab: &mut GitLab, request: &Request<Bytes>, now: Timestamp) -> Result<Reply, Refusal> {
    if request.method() != Method::POST {
        return Err(Refusal::no_route());
    }
    let caller = gitlab.graphql_caller(request, now)?;
    let Ok(body) = serde_json::from_slice::<Value>(request.body()) else {
        return Err(Refusal::error(
            400,
            "message body does not match declared format",
        ));
    };
    let batch = body
        .as_array()
        .map_or_else(|| std::slice::from_ref(&body), Vec::as_slice);
    let length = |query: &Value| query["query"].as_str().unwrap_or_default().chars().count();
    if batch.iter().map(length).sum::<usize>() > LONGEST_QUERY {
        return Ok(Reply::ok(failed(&[Problem::new("Query too large")])));
    }
    let mut results: Vec<Value> = batch
        .iter()
        .map(|query| run(gitlab, caller.as_ref(), query, now))
        .collect();
    // A batch is answered as one, also when it has a single query in it.
    Ok(Reply::ok(if body.is_array() {
        Value::Array(results)
    } else {
        results.pop().unwrap_or_default()
    }))
}

/// One query, from its text to what it reads.
fn run(gitlab: &GitLab, caller: Option<&Caller>, request: &Value, now: Timestamp) -> Value {
    let text = request["query"].as_str().unwrap_or_default();
    let name = request["operationName"]
        .as_str()
        .filter(|name| !name.is_empty());
    let document = match document::parse(text, name, &request["variables"]) {
        Ok(document) => document,
        Err(problems) => return failed(&problems),
    };
    let planned = match plan::plan(&document, gitlab.settings.era) {
        Ok(planned) => planned,
        Err(problems) => return failed(&problems),
    };
    let limit = weight::limit(caller.is_some());
    let score = weight::of(&planned);
    if score > limit {
        let text =
            format!("Query has complexity of {score}, which exceeds max complexity of {limit}");
        return failed(&[Problem::new(text)]);
    }
    let reader = read::Reader::new(gitlab, caller, now, score, limit);
    let (data, problems) = reader.read(&planned);
    if problems.is_empty() {
        json!({ "data": data })
    } else {
        json!({ "data": data, "errors": shown(&problems) })
    }
}

/// GraphQL's way to fail: status 200 and no data.
fn failed(problems: &[Problem]) -> Value {
    json!({ "errors": shown(problems) })
}

fn shown(problems: &[Problem]) -> Vec<Value> {
    problems.iter().map(Problem::json).collect()
}
