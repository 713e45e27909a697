//! The query language, and how a query comes (§5.1).
use serde_json::{Value, json};

use crate::covers::covers;
use crate::world::{World, messages};

const ONE: &str = "gid://gitlab/Ci::Runner/1";

#[test]
fn aliases_variables_fragments_and_operation_names() {
    let _covers = covers("5", "19");
    let mut world = World::new();
    let query = "
        query One($id: CiRunnerID!, $more: Boolean = false) {
          first: runner(id: $id) { ...Short ... on CiRunner { type: runnerType } ... { paused } }
          runner(id: $id) { id description @include(if: $more) locked @skip(if: $more) }
        }
        query Two { currentUser { username } }
        fragment Short on CiRunner { __typename id }";
    let mut run = |name: &str, variables: Value| -> Value {
        let body = json!({ "query": query, "operationName": name, "variables": variables });
        serde_json::from_slice(world.post("alice", &body).body()).unwrap()
    };
    assert_eq!(
        run("One", json!({ "id": ONE }))["data"],
        json!({
            "first": { "__typename": "CiRunner", "id": ONE, "type": "INSTANCE_TYPE", "paused": false },
            "runner": { "id": ONE, "locked": false },
        })
    );
    assert_eq!(
        run("One", json!({ "id": ONE, "more": true }))["data"]["runner"],
        json!({ "id": ONE, "description": "Big Iron" })
    );
    assert_eq!(
        messages(&run("Three", json!({}))),
        ["No operation named \"Three\""]
    );
    assert_eq!(
        messages(&run("", json!({}))),
        ["An operation name is required"]
    );
}

#[test]
fn the_same_field_twice_is_merged() {
    let _covers = covers("5", "19");
    let mut world = World::new();
    let query =
        format!("{{ runner(id: \"{ONE}\") {{ id }} runner(id: \"{ONE}\") {{ id paused }} }}");
    assert_eq!(
        world.data("alice", &query),
        json!({ "runner": { "id": ONE, "paused": false } })
    );
}

#[test]
fn several_queries_in_one_request() {
    let _covers = covers("5", "19");
    let mut world = World::new();
    let batch = json!([{ "query": "{ __typename }" }, { "query": "{ nonsense }" }]);
    let answers: Value = serde_json::from_slice(world.post("alice", &batch).body()).unwrap();
    assert_eq!(answers[0], json!({ "data": { "__typename": "Query" } }));
    assert_eq!(
        messages(&answers[1]),
        ["Field 'nonsense' doesn't exist on type 'Query'"]
    );
}

/// What stands beside the operation that is run may use fragments of its own.
#[test]
fn other_operations_use_fragments_too() {
    let _covers = covers("5", "19");
    let mut world = World::new();
    let query = "query A { __typename } query B { currentUser { ...F } }
        fragment F on User { ...G } fragment G on CurrentUser { username }
        fragment H on User { id }";
    let mut run = |text: &str, name: &str| -> Value {
        let body = json!({ "query": text, "operationName": name });
        serde_json::from_slice(world.post("alice", &body).body()).unwrap()
    };
    let unused = "Fragment H was defined, but not used";
    for name in ["A", "B"] {
        assert_eq!(messages(&run(query, name)), [unused]);
    }
    let query = query.replace("fragment H on User { id }", "");
    assert_eq!(
        run(&query, "A"),
        json!({ "data": { "__typename": "Query" } })
    );
    assert_eq!(
        run(&query, "B"),
        json!({ "data": { "currentUser": { "username": "alice" } } })
    );
}

/// As Rails reads them: JSON, a form, or the query string.
#[test]
fn a_query_comes_as_json_form_or_query_string() {
    let _covers = covers("5", "19");
    let mut world = World::new();
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    let told = json!({ "data": { "currentUser": { "username": "alice" } } });
    let text = "query=query+Q($n:Boolean=false){currentUser{username+name+@include(if:$n)}}";
    let uri = "/api/graphql";
    let in_uri = format!("{uri}?{}", text.replace('{', "%7B").replace('}', "%7D"));
    for (method, uri, kind, body) in [
        ("POST", uri, form, text),
        ("POST", in_uri.as_str(), form, ""),
        ("GET", in_uri.as_str(), json, ""),
        (
            "POST",
            uri,
            json,
            "{\"query\": \"{ currentUser { username } }\"}",
        ),
    ] {
        assert_eq!(
            world.send(method, uri, kind, body),
            (200, told.clone()),
            "{method} {uri}"
        );
    }
    let with_variables = format!("{text}&variables={{\"n\":true}}&operationName=Q");
    let (_, answer) = world.send("POST", uri, form, &with_variables);
    assert_eq!(answer["data"]["currentUser"]["name"], "alice");
    for (variables, why) in [
        ("[1]", "Unexpected parameter: [1]"),
        ("7", "Unexpected parameter: 7"),
    ] {
        let body = format!("{{\"query\": \"{{ __typename }}\", \"variables\": {variables}}}");
        for body in [body.clone(), format!("[{body}]")] {
            let refused = json!({ "errors": [{ "message": why }] });
            assert_eq!(world.send("POST", uri, json, &body), (422, refused));
        }
    }
    let (status, _) = world.send("POST", uri, form, &format!("{text}&variables=nonsense"));
    assert_eq!(status, 422, "a string of no JSON");
    let (status, _) = world.send("POST", uri, form, &format!("{text}&variables="));
    assert_eq!(status, 200, "an empty string is none");
    assert_eq!(world.send("POST", uri, json, "nonsense").0, 400);
    assert_eq!(world.send("PUT", uri, form, text).0, 404);
    let (status, answer) = world.send("POST", uri, json, "7");
    assert_eq!(
        (status, messages(&answer)),
        (200, vec!["No query string was present"])
    );
}
