//! Where a query begins, and who may (§5.1).
use serde_json::{Value, json};

use crate::covers::covers;
use crate::world::{World, messages};

const NOT_AVAILABLE: &str = "The resource that you are attempting to access does not exist or you \
     don't have permission to perform this action";

#[test]
fn runners_of_the_instance_are_for_administrators() {
    let _covers = covers("5.1", "19");
    let mut world = World::new();
    let query = "{ runners { nodes { id } } }";
    assert_eq!(world.ids("root", query, "/runners"), [4, 3, 2, 1]);
    for token in ["alice", ""] {
        let answer = world.ask(token, query);
        assert_eq!(answer["data"], json!({ "runners": null }));
        assert_eq!(messages(&answer), [NOT_AVAILABLE]);
        assert_eq!(answer["errors"][0]["path"], json!(["runners"]));
        assert_eq!(
            answer["errors"][0]["locations"],
            json!([{ "line": 1, "column": 3 }])
        );
    }
    world.tell(json!({ "do": "settings", "set": { "admin_mode": true } }));
    assert_eq!(world.ask("root", query)["data"]["runners"], Value::Null);
}

#[test]
fn one_runner_is_for_who_may_read_it_and_null_for_others() {
    let _covers = covers("5.1", "19");
    let mut world = World::new();
    for (token, readable) in [
        ("root", vec![1, 2, 3, 4]),
        ("alice", vec![1, 2, 3, 4]),
        // A maintainer of a project below reads the group runners that it inherits.
        ("bob", vec![1, 2, 3, 4]),
        ("carl", vec![1, 2, 3, 4]),
        ("", vec![]),
    ] {
        let seen: Vec<u64> = (1..=5)
            .filter(|id| {
                let query = format!("{{ runner(id: \"gid://gitlab/Ci::Runner/{id}\") {{ id }} }}");
                !world.data(token, &query)["runner"].is_null()
            })
            .collect();
        assert_eq!(seen, readable, "{token}");
    }
}

#[test]
fn an_id_must_be_a_runners() {
    let _covers = covers("5.1", "19");
    let mut world = World::new();
    for (id, message) in [
        ("4", "\"4\" is not a valid Global ID"),
        (
            "gid://gitlab/Ci::Runner/x",
            "\"gid://gitlab/Ci::Runner/x\" is not a valid Global ID",
        ),
        (
            "gid://gitlab/Project/1",
            "\"gid://gitlab/Project/1\" does not represent an instance of Ci::Runner",
        ),
    ] {
        let answer = world.ask("root", &format!("{{ runner(id: \"{id}\") {{ id }} }}"));
        assert_eq!(messages(&answer), [message]);
        assert_eq!(answer.get("data"), None);
        let error = &answer["errors"][0];
        assert_eq!(error["path"], json!(["query", "runner", "id"]));
        assert_eq!(
            error["extensions"],
            json!({ "code": "argumentLiteralsIncompatible", "typeName": "CoercionError" })
        );
        let query = "query($id: CiRunnerID!) { runner(id: $id) { id } }";
        let answer = world.ask_with("root", query, &json!({ "id": id }));
        assert_eq!(
            answer["errors"][0],
            json!({
                "message": "Variable $id of type CiRunnerID! was provided invalid value",
                "locations": [{ "line": 1, "column": 7 }],
                "extensions": {
                    "value": id, "problems": [{ "path": [], "explanation": message }],
                },
            })
        );
    }
    let wrong = "{ runners(creatorId: \"gid://gitlab/Ci::Runner/1\") { count } }";
    assert_eq!(
        messages(&world.ask("root", wrong)),
        ["\"gid://gitlab/Ci::Runner/1\" does not represent an instance of User"]
    );
}

#[test]
fn runners_of_a_group_look_down() {
    let _covers = covers("5.1", "19");
    let mut world = World::new();
    for (path, membership, found) in [
        ("acme", "", vec![4, 3, 2]),
        ("acme", "(membership: DIRECT)", vec![2]),
        ("acme", "(membership: DESCENDANTS)", vec![4, 3, 2]),
        ("acme", "(membership: ALL_AVAILABLE)", vec![4, 3, 2, 1]),
        ("acme/tools", "", vec![4, 3]),
        (
            "acme/tools",
            "(membership: ALL_AVAILABLE)",
            vec![4, 3, 2, 1],
        ),
    ] {
        let query = format!(
            "{{ group(fullPath: \"{path}\") {{ runners{membership} {{ nodes {{ id }} }} }} }}"
        );
        assert_eq!(
            world.ids("alice", &query, "/group/runners"),
            found,
            "{query}"
        );
    }
    let query = "{ group(fullPath: \"acme\") { path runners { nodes { id } } } }";
    let answer = world.ask("bob", query);
    assert_eq!(
        answer["data"],
        json!({ "group": { "path": "acme", "runners": null } })
    );
    assert_eq!(messages(&answer), [NOT_AVAILABLE]);
    for (token, path) in [("", "acme"), ("alice", "nowhere"), ("alice", "1")] {
        let query = format!("{{ group(fullPath: \"{path}\") {{ id }} }}");
        assert_eq!(world.data(token, &query), json!({ "group": null }));
    }
}

#[test]
fn runners_of_a_project_are_those_of_rest() {
    let _covers = covers("5.1", "19");
    let mut world = World::new();
    let query = "{ project(fullPath: \"acme/tools/app\") { id runners { nodes { id } } } }";
    assert_eq!(world.ids("bob", query, "/project/runners"), [4, 3, 2, 1]);
    assert_eq!(
        world.ask("alice", query)["data"]["project"]["id"],
        "gid://gitlab/Project/1"
    );
    assert_eq!(world.data("", query), json!({ "project": null }));
}

#[test]
fn the_current_user_has_the_runners_that_are_its_own() {
    let _covers = covers("5.1", "19");
    let mut world = World::new();
    let query = "{ currentUser { id username runners { nodes { id } } } }";
    assert_eq!(world.ids("alice", query, "/currentUser/runners"), [4, 3, 2]);
    assert_eq!(world.ids("bob", query, "/currentUser/runners"), [4]);
    assert_eq!(world.ids("carl", query, "/currentUser/runners"), [4, 3]);
    assert_eq!(
        world.ids("root", query, "/currentUser/runners"),
        Vec::<u64>::new()
    );
    assert_eq!(
        world.data("alice", query)["currentUser"]["username"],
        "alice"
    );
    assert_eq!(world.data("", query), json!({ "currentUser": null }));
}

#[test]
fn metadata_tells_the_version_to_who_has_signed_in() {
    let _covers = covers("5.1", "19");
    let mut world = World::new();
    let query = "{ metadata { version revision enterprise kas { enabled externalUrl version } } }";
    assert_eq!(
        world.data("alice", query)["metadata"],
        json!({
            "version": "19.5.2-ee",
            "revision": "c3f0e8a91b4",
            "enterprise": true,
            "kas": { "enabled": false, "externalUrl": null, "version": null },
        })
    );
    assert_eq!(world.data("", query), json!({ "metadata": null }));
}

/// §1.2, §5.4: `read_api` or `api`, and 401 for every other token.
#[test]
fn a_bad_token_is_401() {
    let _covers = covers("5.1", "19");
    let mut world = World::new();
    world.tell(json!({ "do": "revoke_token", "token": "carl" }));
    world.tell(json!({ "do": "set_user", "user": "bob", "state": "blocked" }));
    for token in ["nobody", "expired", "narrow", "carl", "bob"] {
        let response = world.post(token, &json!({ "query": "{ __typename }" }));
        assert_eq!(response.status(), 401);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body, json!({ "errors": [{ "message": "Invalid token" }] }));
    }
    assert_eq!(
        world.data("", "{ __typename }"),
        json!({ "__typename": "Query" })
    );
}
