//! Length and weight (§5.4).
use serde_json::{Value, json};

use crate::world::{World, messages};

#[test]
fn a_query_tells_its_own_weight() {
    let mut world = World::new();
    for (token, query, score, limit) in [
        ("alice", "{ queryComplexity { score limit } }", 3, 250),
        ("", "{ queryComplexity { score limit } }", 3, 200),
        // (1 + nodes and id) and as much again for a hundred rows.
        (
            "root",
            "{ queryComplexity { score limit } runners { nodes { id } } }",
            9,
            250,
        ),
        (
            "root",
            "{ queryComplexity { score limit } runners(first: 34) { nodes { id } } }",
            7,
            250,
        ),
        (
            "root",
            "{ queryComplexity { score limit } runners(sort: CREATED_ASC, search: \"x\", first: 0) { nodes { id } } }",
            12,
            250,
        ),
    ] {
        let shown = world.data(token, query);
        assert_eq!(
            shown["queryComplexity"],
            json!({ "score": score, "limit": limit }),
            "{query}"
        );
    }
}

/// The sweep of an operator: a hundred runners with everything that can drift.
#[test]
fn a_sweep_of_a_hundred_runners_fits() {
    let mut world = World::new();
    let query = "query Sweep($after: String) {
        queryComplexity { score limit }
        runners(first: 100, after: $after) {
          nodes {
            id shortSha runnerType description maintenanceNote tagList runUntagged locked paused
            accessLevel maximumTimeout status contactedAt createdAt tokenExpiresAt
            jobExecutionStatus jobCount
            projects(first: 20) { nodes { id fullPath } }
            managers(first: 5) { count nodes { status version } }
          }
          pageInfo { hasNextPage endCursor }
        } }";
    let answer = world.ask_with("root", query, &json!({ "after": null }));
    assert!(answer.get("errors").is_none(), "{answer}");
    assert!(
        answer["data"]["queryComplexity"]["score"].as_u64().unwrap() <= 100,
        "{answer}"
    );
}

#[test]
fn a_query_can_be_too_heavy() {
    let mut world = World::new();
    let fields = |count: usize| {
        let fields = (0..count)
            .map(|n| format!("f{n}: id"))
            .collect::<Vec<_>>()
            .join(" ");
        format!("{{ currentUser {{ {fields} }} }}")
    };
    assert!(world.ask("alice", &fields(249)).get("data").is_some());
    let answer = world.ask("alice", &fields(250));
    assert_eq!(answer.get("data"), None);
    assert_eq!(
        messages(&answer),
        ["Query has complexity of 251, which exceeds max complexity of 250"]
    );
    assert_eq!(
        messages(&world.ask("", &fields(200))),
        ["Query has complexity of 201, which exceeds max complexity of 200"]
    );
}

#[test]
fn a_request_has_at_most_ten_thousand_characters() {
    let mut world = World::new();
    let padded = |length: usize| {
        let query = "{ __typename }";
        format!("{query}{}", " ".repeat(length - query.len()))
    };
    assert!(world.ask("alice", &padded(10_000)).get("data").is_some());
    assert_eq!(
        messages(&world.ask("alice", &padded(10_001))),
        ["Query too large"]
    );
    let batch: Vec<Value> = [5_000, 5_001]
        .map(|n| json!({ "query": padded(n) }))
        .to_vec();
    let response = world.post("alice", &Value::Array(batch));
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(messages(&body), ["Query too large"]);
}

#[test]
fn fragments_that_multiply_are_stopped() {
    let mut world = World::new();
    let doubled = (0..60).map(|n| {
        let next = n + 1;
        format!("fragment F{n} on Query {{ ...F{next} ...F{next} }}")
    });
    let query: Vec<String> = ["{ ...F0 } fragment F60 on Query { __typename }".to_owned()]
        .into_iter()
        .chain(doubled)
        .collect();
    let query = query.join(" ");
    assert_eq!(messages(&world.ask("alice", &query)), ["Query too large"]);
}
