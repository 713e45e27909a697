//! Length and weight (§5.4).
use serde_json::{Value, json};

use crate::covers::covers;
use crate::world::{World, messages};

#[test]
fn a_query_tells_its_own_weight() {
    let _covers = covers("5.4", "19");
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
    let _covers = covers("5.4", "19");
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
    let _covers = covers("5.4", "19");
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
    world.tell(json!({ "do": "settings", "set": { "graphql_max_complexity": 9 } }));
    assert_eq!(
        messages(&world.ask("alice", &fields(9))),
        ["Query has complexity of 10, which exceeds max complexity of 9"]
    );
}

#[test]
fn a_request_has_at_most_ten_thousand_characters() {
    let _covers = covers("5.4", "19");
    let mut world = World::new();
    let padded = |length: usize| {
        let query = "{ __typename }";
        format!("{query}{}", " ".repeat(length - query.len()))
    };
    let one = |length| json!({ "query": padded(length) });
    for (body, status) in [
        (one(10_000), 200),
        (one(10_001), 422),
        (json!([one(5_000), one(5_000)]), 200),
        (json!([one(5_000), one(5_001)]), 422),
    ] {
        let response = world.post("alice", &body);
        assert_eq!(response.status(), status);
        if status == 422 {
            let body: Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(
                body,
                json!({ "errors": [{ "message": "Query too large" }] })
            );
        }
    }
}

/// The queries of a batch share one limit; what is wrong in itself weighs nothing.
#[test]
fn a_batch_is_weighed_together() {
    let _covers = covers("5.4", "19");
    let mut world = World::new();
    let heavy = |count: usize| {
        let fields: Vec<String> = (1..count).map(|n| format!("f{n}: id")).collect();
        json!({ "query": format!("{{ currentUser {{ {} }} }}", fields.join(" ")) })
    };
    let mut ask = |batch: Value| -> Value {
        serde_json::from_slice(world.post("alice", &batch).body()).unwrap()
    };
    let wrong = json!({ "query": "{ nonsense }" });
    let fits = ask(json!([heavy(125), wrong, heavy(125)]));
    assert!(fits[0].get("data").is_some() && fits[2].get("data").is_some());
    let answers = ask(json!([heavy(125), wrong, heavy(126)]));
    let text = "Query has complexity of 251, which exceeds max complexity of 250";
    for answer in [&answers[0], &answers[2]] {
        assert_eq!(*answer, json!({ "errors": [{ "message": text }] }));
    }
    assert_eq!(
        messages(&answers[1]),
        ["Field 'nonsense' doesn't exist on type 'Query'"]
    );
}

#[test]
fn fragments_that_multiply_are_stopped() {
    let _covers = covers("5.4", "19");
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

/// However deep a query goes within its ten thousand characters, it is only refused.
#[test]
fn a_query_can_be_too_deep() {
    let _covers = covers("5.4", "19");
    let mut world = World::new();
    let lists = format!("{{ runners(tagList: {}", "[".repeat(9_900));
    for query in ["{a".repeat(5_000), "{...".repeat(2_500), lists] {
        let answer = world.ask("alice", &query);
        assert_eq!(answer.get("data"), None);
        assert_eq!(messages(&answer).len(), 1);
    }
    let open = "{a".repeat(70);
    let closed = format!("{open}{}", "}".repeat(70));
    assert_eq!(
        messages(&world.ask("alice", &closed)),
        ["recursion limit exceeded."]
    );
}
