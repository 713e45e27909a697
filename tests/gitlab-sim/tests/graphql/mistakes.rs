//! What is answered to mistakes in a query: always 200 (§5.1).
use serde_json::{Value, json};

use crate::covers::covers;
use crate::world::{World, messages};

const ONE: &str = "gid://gitlab/Ci::Runner/1";

#[test]
fn an_unknown_field_is_told_with_its_place() {
    let _covers = covers("5", "19");
    let mut world = World::new();
    let answer = world.ask("alice", "query Q {\n  currentUser { nonsense }\n}");
    assert_eq!(
        answer,
        json!({ "errors": [{
            "message": "Field 'nonsense' doesn't exist on type 'CurrentUser'",
            "locations": [{ "line": 2, "column": 17 }],
            "path": ["query Q", "currentUser", "nonsense"],
            "extensions": { "code": "undefinedField", "typeName": "CurrentUser", "fieldName": "nonsense" },
        }] })
    );
}

#[test]
fn mistakes_in_fields_are_told_in_the_librarys_words() {
    let _covers = covers("5", "19");
    let mut world = World::new();
    for (query, message) in [
        ("", "No query string was present"),
        ("mutation { a }", "Schema is not configured for mutations"),
        (
            "{ runners }",
            "Field must have selections (field 'runners' returns CiRunnerConnection but has no selections. Did you mean 'runners { ... }'?)",
        ),
        (
            "{ currentUser { id { x } } }",
            "Selections can't be made on scalars (field 'id' returns UserID)",
        ),
        (
            "{ runner { id } }",
            "Field 'runner' is missing required arguments: id",
        ),
        (
            "{ runner(id: 4) { id } }",
            "Argument 'id' on Field 'runner' has an invalid value (4). Expected type 'CiRunnerID!'.",
        ),
        (
            "{ runner(id: null) { id } }",
            "Argument 'id' on Field 'runner' has an invalid value (null). Expected type 'CiRunnerID!'.",
        ),
        (
            "{ runners(type: GROUP) { count } }",
            "Argument 'type' on Field 'runners' has an invalid value (GROUP). Expected type 'CiRunnerType'.",
        ),
        (
            "{ runners(type: \"GROUP_TYPE\") { count } }",
            "Argument 'type' on Field 'runners' has an invalid value (\"GROUP_TYPE\"). Expected type 'CiRunnerType'.",
        ),
        (
            "{ runners(paused: \"yes\") { count } }",
            "Argument 'paused' on Field 'runners' has an invalid value (\"yes\"). Expected type 'Boolean'.",
        ),
        (
            "{ runners(first: 2147483648) { count } }",
            "Argument 'first' on Field 'runners' has an invalid value (2147483648). Expected type 'Int'.",
        ),
        (
            "{ runners(first: 1, paused: true, first: 1) { count } }",
            "There can be only one argument named \"first\"",
        ),
        (
            "{ runners @skip(if: false, if: false) { count } }",
            "There can be only one argument named \"if\"",
        ),
        (
            "{ runners(membership: DIRECT) { count } }",
            "Field 'runners' doesn't accept argument 'membership'",
        ),
    ] {
        assert_eq!(messages(&world.ask("root", query)), [message], "{query}");
    }
}

#[test]
fn mistakes_in_names_are_told_in_the_librarys_words() {
    let _covers = covers("5", "19");
    let mut world = World::new();
    for (query, message) in [
        ("{ ...F }", "Fragment F was used, but not defined"),
        (
            "{ __typename } fragment F on Query { __typename }",
            "Fragment F was defined, but not used",
        ),
        (
            "{ ...F } fragment F on Query { ...F }",
            "Fragment F contains an infinite loop",
        ),
        (
            "{ ... on CiRunner { id } }",
            "Fragment on CiRunner can't be spread inside Query",
        ),
        (
            "{ ... on Nonsense { id } }",
            "No such type Nonsense, so it can't be a fragment condition",
        ),
        (
            "{ a: currentUser { id } a: metadata { version } }",
            "Field 'a' has a field conflict: currentUser or metadata?",
        ),
        (
            "{ __typename @nonsense(if: true) }",
            "Directive @nonsense is not defined",
        ),
        (
            "{ __typename @skip }",
            "Directive 'skip' is missing required arguments: if",
        ),
    ] {
        assert_eq!(messages(&world.ask("root", query)), [message], "{query}");
    }
}

#[test]
fn mistakes_in_variables_are_told_in_the_librarys_words() {
    let _covers = covers("5", "19");
    let mut world = World::new();
    for (query, message) in [
        (
            "query Q($x: String) { __typename }",
            "Variable $x is declared by Q but not used",
        ),
        (
            "{ runners(search: $x) { count } }",
            "Variable $x is used by anonymous query but not declared",
        ),
        (
            "query Q($id: ID!) { runner(id: $id) { id } }",
            "Variable $id of type ID! was provided invalid value",
        ),
        (
            "query Q($id: String) { runner(id: $id) { id } }",
            "Type mismatch on variable $id and argument id (String / CiRunnerID!)",
        ),
        (
            "query Q($t: [String]) { runners(tagList: $t) { count } }",
            "Nullability mismatch on variable $t and argument tagList ([String] / [String!])",
        ),
        (
            "query Q($id: CiRunnerID) { runner(id: $id) { id } }",
            "Nullability mismatch on variable $id and argument id (CiRunnerID / CiRunnerID!)",
        ),
        (
            "query Q($t: Int) { runners(tagList: $t) { count } }",
            "Type mismatch on variable $t and argument tagList (Int / [String!])",
        ),
        (
            "query Q($t: CiRunner) { __typename @include(if: $t) }",
            "CiRunner isn't a defined input type (on $t)",
        ),
        (
            "query Q($t: String) { runners(tagList: $t) { count } }",
            "List dimension mismatch on variable $t and argument tagList (String / [String!])",
        ),
    ] {
        assert_eq!(messages(&world.ask("root", query)), [message], "{query}");
    }
}

#[test]
fn an_argument_given_twice_is_told_with_all_of_its_places() {
    let _covers = covers("5", "19");
    let query = "query Q { runners(first: 1, first: 2) { count } }";
    let answer = World::new().ask("root", query);
    assert_eq!(
        answer["errors"],
        json!([{
            "message": "There can be only one argument named \"first\"",
            "locations": [{ "line": 1, "column": 19 }, { "line": 1, "column": 29 }],
            "path": ["query Q", "runners"],
            "extensions": { "code": "argumentNotUnique", "name": "first" },
        }])
    );
}

#[test]
fn a_syntax_error_has_a_place() {
    let _covers = covers("5", "19");
    let answer = World::new().ask("root", "{ runners( ");
    assert!(answer["errors"][0]["locations"].is_array(), "{answer}");
}

/// A global id is not an `ID`: a client must declare the variable as GitLab does.
#[test]
fn variables_are_checked_for_their_types_and_values() {
    let _covers = covers("5", "19");
    let mut world = World::new();
    let mut ask = |query: &str, variables: Value| world.ask_with("root", query, &variables);
    let answer = ask(
        "query Q($id: ID!) { runner(id: $id) { id } }",
        json!({ "id": ONE }),
    );
    assert_eq!(
        messages(&answer),
        ["Type mismatch on variable $id and argument id (ID! / CiRunnerID!)"]
    );
    let query = "query Q($s: CiRunnerStatus, $t: [String!], $n: Int) \
                 { runners(status: $s, tagList: $t, first: $n) { nodes { id } } }";
    let answer = ask(query, json!({ "s": "NEVER_CONTACTED", "t": ["a"], "n": 1 }));
    assert_eq!(
        answer["data"]["runners"]["nodes"].as_array().unwrap().len(),
        1
    );
    let one = "query Q($t: String!) { runners(tagList: [\"b\", $t]) { nodes { id } } }";
    let answer = ask(one, json!({ "t": "a" }));
    assert_eq!(answer["data"]["runners"]["nodes"], json!([{ "id": ONE }]));
    for variables in [
        json!({ "s": "SLEEPING" }),
        json!({ "t": [1] }),
        json!({ "n": "many" }),
    ] {
        let answer = ask(query, variables);
        assert!(
            messages(&answer)[0].ends_with("was provided invalid value"),
            "{answer}"
        );
    }
    // As a string of JSON, and with one that is not declared.
    let answer = ask(query, json!("{\"n\": 2, \"other\": 1}"));
    assert_eq!(
        answer["data"]["runners"]["nodes"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn a_variable_that_is_not_used_is_told_with_its_place() {
    let _covers = covers("5", "19");
    let answer = World::new().ask("alice", "query Q($x: String) { __typename }");
    let error = &answer["errors"][0];
    assert_eq!(error["locations"], json!([{ "line": 1, "column": 9 }]));
    assert_eq!(error["path"], json!(["query Q"]));
}
