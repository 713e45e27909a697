//! Contract §8: fine-grained access tokens.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{
    Any, Ask, Body, Empty, Has, Ids, Is, Sim, case, delete, get, message, post, put, run,
};

/// A token `glpat-fine` of this user, which is granted this and nothing else.
fn grant_to(sim: &mut Sim, user: &str, grants: Value) {
    sim.command(json!({
        "do": "add_token", "user": user, "token": "glpat-fine",
        "scopes": ["granular"], "granular_scopes": grants,
    }));
}

fn fine(sim: &mut Sim, grants: Value) {
    grant_to(sim, "owner", grants);
}

const EVERYTHING: [&str; 12] = [
    "read_runner",
    "update_runner",
    "delete_runner",
    "create_runner",
    "assign_runner",
    "reset_runner_registration_token",
    "read_personal_access_token",
    "rotate_personal_access_token",
    "read_user",
    "read_metadata",
    "read_group",
    "read_project",
];

fn nothing(sim: &mut Sim) {
    fine(sim, json!([]));
}

fn everywhere(sim: &mut Sim) {
    let grants = json!([
        { "access": "user", "permissions": EVERYTHING },
        { "access": "instance", "permissions": EVERYTHING },
        { "access": "selected_memberships", "group": 10, "permissions": EVERYTHING },
    ]);
    fine(sim, grants);
}

fn refused(boundary: &str, permission: &str) -> Body {
    Is(json!({
        "error": "insufficient_granular_scope",
        "error_description": format!(
            "Access denied: This operation requires a fine-grained personal access token with the \
             following {boundary} permissions: [{permission}]."
        ),
    }))
}

/// Every call with the permission that it needs, and what it comes to with it.
fn calls() -> Vec<(Ask, &'static str, &'static str, u16)> {
    let create = json!({ "runner_type": "group_type", "group_id": 10 });
    let reset = "/runners/reset_registration_token";
    vec![
        (
            get("/personal_access_tokens/self"),
            "user",
            "Personal Access Token: Read",
            200,
        ),
        (
            post("/personal_access_tokens/self/rotate"),
            "user",
            "Personal Access Token: Rotate",
            200,
        ),
        (get("/user"), "user", "User: Read", 200),
        (get("/version"), "instance", "Metadata: Read", 200),
        (get("/metadata"), "instance", "Metadata: Read", 200),
        (get("/runners"), "user", "Runner: Read", 200),
        // The permission is there; the role is not.
        (get("/runners/all"), "instance", "Runner: Read", 403),
        (get("/runners/1"), "instance", "Runner: Read", 200),
        (get("/runners/2"), "group", "Runner: Read", 200),
        (get("/runners/4"), "project", "Runner: Read", 200),
        (get("/runners/2/managers"), "group", "Runner: Read", 200),
        (get("/runners/2/jobs"), "group", "Runner: Read", 200),
        (get("/runners/4/projects"), "project", "Runner: Read", 200),
        (
            put("/runners/2").form("paused=1"),
            "group",
            "Runner: Update",
            200,
        ),
        (
            post("/runners/3/reset_authentication_token"),
            "project",
            "Runner: Update",
            201,
        ),
        (delete("/runners/5"), "group", "Runner: Delete", 204),
        (get("/groups/10/runners"), "group", "Runner: Read", 200),
        (get("/projects/20/runners"), "project", "Runner: Read", 200),
        (
            post("/projects/21/runners").form("runner_id=3"),
            "project",
            "Runner: Assign",
            201,
        ),
        (
            delete("/projects/21/runners/4"),
            "project",
            "Runner: Assign",
            204,
        ),
        (
            post("/user/runners").send(create),
            "user",
            "Runner: Create",
            201,
        ),
        (
            post(reset),
            "instance",
            "Runner Registration Token: Reset",
            403,
        ),
        (
            post(&format!("/groups/10{reset}")),
            "group",
            "Runner Registration Token: Reset",
            201,
        ),
        (
            post(&format!("/projects/20{reset}")),
            "project",
            "Runner Registration Token: Reset",
            201,
        ),
        (get("/groups/10"), "group", "Group: Read", 200),
        (
            get("/projects/platform%2Fweb"),
            "project",
            "Project: Read",
            200,
        ),
    ]
}

#[test]
fn s8_1_each_call_needs_its_permission() {
    let _covers = covers("8.1 8.2", "19");
    let mut rows = Vec::new();
    for (ask, boundary, permission, status) in calls() {
        let ask = ask.by("fine");
        let without = refused(boundary, permission);
        rows.push(case("without", ask.clone(), 403, without).given(nothing));
        rows.push(case("with", ask, status, Any).given(everywhere));
    }
    run(rows);
}

#[test]
fn s8_1_what_such_a_token_says_of_itself() {
    let _covers = covers("8.1 3.22", "19");
    let mut sim = Sim::new();
    everywhere(&mut sim);
    let shown = sim.json(&get("/personal_access_tokens/self").by("fine"), 200);
    assert_eq!(shown["scopes"], json!(["granular"]));
    assert_eq!(shown["granular"], true);
    let mut permissions = EVERYTHING.map(str::to_owned);
    let mut group = shown["granular_scopes"][2].clone();
    let listed = group["permissions"].as_array_mut().unwrap();
    listed.sort_by_key(ToString::to_string);
    permissions.sort();
    let wanted = json!({
        "access": "selected_memberships", "permissions": permissions, "group_id": 10,
    });
    assert_eq!(group, wanted);
    let classic = sim.json(&get("/personal_access_tokens/self").by("root"), 200);
    assert_eq!(classic["granular"], false);
    assert!(classic.get("granular_scopes").is_none());
}

#[test]
fn s8_1_classic_scopes_and_roles() {
    let _covers = covers("8.1 8.2", "17 19");
    let read = |sim: &mut Sim| {
        let grants = json!([
            { "access": "selected_memberships", "project": 20, "permissions": ["read_runner"] },
        ]);
        grant_to(sim, "webmaint", grants);
    };
    let update_by_dev = |sim: &mut Sim| {
        let grants = json!([
            { "access": "all_memberships", "permissions": ["update_runner", "read_runner"] },
        ]);
        grant_to(sim, "dev", grants);
    };
    run(vec![
        case(
            "in the project that was granted",
            get("/runners/3").by("fine"),
            200,
            Any,
        )
        .given(read),
        case(
            "where it owns, not where it serves",
            get("/runners/4").by("fine"),
            200,
            Any,
        )
        .given(read),
        case(
            "not in the group above",
            get("/groups/10/runners").by("fine"),
            403,
            refused("group", "Runner: Read"),
        )
        .given(read),
        case(
            "its user's role is asked after the permission",
            put("/runners/3").by("fine").form("paused=1"),
            403,
            message("403 Forbidden - No access granted"),
        )
        .given(update_by_dev),
        case(
            "the personal projects",
            get("/projects/24/runners").by("fine"),
            200,
            Any,
        )
        .given(|sim: &mut Sim| {
            let grants = json!([{ "access": "personal_projects", "permissions": ["read_runner"] }]);
            grant_to(sim, "stranger", grants);
        }),
        case(
            "before parameters are looked at",
            put("/runners/2").by("fine"),
            403,
            refused("group", "Runner: Update"),
        )
        .given(nothing),
        case(
            "a call that no such token can make",
            delete("/personal_access_tokens/self").by("fine"),
            403,
            Is(json!({
                "error": "insufficient_granular_scope",
                "error_description": "Access denied: This operation doesn't support fine-grained \
                                      personal access tokens.",
            })),
        )
        .given(everywhere),
        case(
            "where they are switched off for the user",
            get("/runners/2").by("fine"),
            403,
            Is(json!({
                "error": "insufficient_granular_scope",
                "error_description": "Access denied: Fine-grained personal access tokens are not \
                                      yet supported.",
            })),
        )
        .given(|sim: &mut Sim| {
            everywhere(sim);
            sim.command(json!({ "do": "set_user", "user": "owner", "granular_tokens": false }));
        }),
        case(
            "what runners call themselves asks for nothing",
            delete("/runners").by("fine").form("token=glrt-one"),
            204,
            Empty,
        )
        .given(nothing),
        case(
            "in older releases it is a scope that opens nothing",
            get("/runners/2").by("fine"),
            403,
            Has(json!({ "error": "insufficient_scope" })),
        )
        .version(Version::V17)
        .given(everywhere),
    ]);
}

#[test]
fn s8_2_what_is_not_there_is_404() {
    let _covers = covers("8.2", "19");
    let not_found = || message("404 Not Found");
    let hidden = |sim: &mut Sim| grant_to(sim, "stranger", json!([]));
    run(vec![
        case("a runner", get("/runners/99").by("fine"), 404, not_found()).given(everywhere),
        case("no number", get("/runners/x").by("fine"), 404, not_found()).given(everywhere),
        case(
            "a group",
            get("/groups/99/runners").by("fine"),
            404,
            not_found(),
        )
        .given(everywhere),
        case(
            "a project",
            get("/projects/99").by("fine"),
            404,
            not_found(),
        )
        .given(everywhere),
        case(
            "a runner of a hidden group",
            get("/runners/2").by("fine"),
            404,
            not_found(),
        )
        .given(hidden),
        case(
            "a hidden project",
            get("/projects/20").by("fine"),
            404,
            not_found(),
        )
        .given(hidden),
    ]);
}

#[test]
fn s8_1_rotation_keeps_the_grants() {
    let _covers = covers("8.1 3.22", "19");
    let mut sim = Sim::new();
    everywhere(&mut sim);
    let rotated = sim.json(&post("/personal_access_tokens/self/rotate").by("fine"), 200);
    let token = rotated["token"].as_str().unwrap();
    let shown = get("/personal_access_tokens/self").header("private-token", token);
    let shown = sim.json(&shown, 200);
    assert_eq!(shown["granular_scopes"], rotated["granular_scopes"]);
    assert_eq!(shown["granular_scopes"].as_array().unwrap().len(), 3);
    assert_eq!(sim.call(&get("/user").by("fine")).status, 401);
}

fn graphql(sim: &mut Sim, who: &str, query: &str) -> Value {
    let ask = post("/api/graphql").by(who).send(json!({ "query": query }));
    let answer = sim.json(&ask, 200);
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"].clone()
}

#[test]
fn s8_2_graphql_leaves_out_in_silence() {
    let _covers = covers("8.2 5.1", "19");
    let mut sim = Sim::new();
    let grants = json!([
        { "access": "selected_memberships", "group": 11, "permissions": ["read_runner"] },
        { "access": "user", "permissions": ["read_user"] },
        { "access": "selected_memberships", "group": 10, "permissions": ["read_group"] },
    ]);
    fine(&mut sim, grants);
    let one = |id: u64| format!("runner(id: \"gid://gitlab/Ci::Runner/{id}\") {{ id }}");
    let data = graphql(
        &mut sim,
        "fine",
        &format!("{{ a: {} b: {} }}", one(2), one(5)),
    );
    assert_eq!(data["a"], Value::Null);
    assert_eq!(data["b"]["id"], "gid://gitlab/Ci::Runner/5");
    let list = "{ group(fullPath: \"platform\") { runners { count nodes { id } } } }";
    let data = graphql(&mut sim, "fine", list);
    let nodes = &data["group"]["runners"]["nodes"];
    assert_eq!(nodes, &json!([{ "id": "gid://gitlab/Ci::Runner/5" }]));
    assert_eq!(data["group"]["runners"]["count"], 1);
    let data = graphql(
        &mut sim,
        "fine",
        "{ metadata { version } currentUser { username } }",
    );
    let wanted = json!({ "metadata": null, "currentUser": { "username": "owner" } });
    assert_eq!(data, wanted);
    sim.command(json!({ "do": "contact", "runner": 5 }));
    let managers = "{ runner(id: \"gid://gitlab/Ci::Runner/5\") { managers { count } } }";
    let data = graphql(&mut sim, "fine", managers);
    assert_eq!(data["runner"]["managers"]["count"], 0);
}

fn platform_enforces(sim: &mut Sim) {
    let set = json!({ "granular_tokens_enforced": true });
    sim.command(json!({ "do": "set_group", "group": 10, "settings": set }));
}

#[test]
fn s8_3_a_group_that_enforces_them() {
    let _covers = covers("8.3", "18.2 19");
    let given = platform_enforces;
    let create = json!({ "runner_type": "group_type", "group_id": 11 });
    let bot = |sim: &mut Sim| {
        platform_enforces(sim);
        sim.command(json!({
            "do": "add_token", "group": 10, "role": "owner", "token": "glpat-bot", "scopes": ["api"],
        }));
    };
    let oauth = |sim: &mut Sim| {
        platform_enforces(sim);
        sim.command(json!({
            "do": "add_token", "user": "owner", "token": "oauth", "kind": "oauth", "scopes": ["api"],
        }));
    };
    run(vec![
        case(
            "a classic token of a human",
            get("/runners/2").by("owner"),
            403,
            refused("group", "Runner: Read"),
        )
        .given(given),
        case(
            "an administrator's too, and below as well",
            put("/runners/3").by("root").form("paused=1"),
            403,
            refused("project", "Runner: Update"),
        )
        .given(given),
        case(
            "a creation is let through",
            post("/user/runners").by("owner").send(create),
            201,
            Any,
        )
        .given(given),
        case(
            "and what was made cannot be read",
            get("/runners/6").by("owner"),
            403,
            refused("group", "Runner: Read"),
        )
        .given(|sim: &mut Sim| {
            platform_enforces(sim);
            let body = json!({ "runner_type": "group_type", "group_id": 11 });
            sim.json(&post("/user/runners").by("owner").send(body), 201);
        }),
        case(
            "elsewhere it works",
            get("/groups/13/runners").by("owner"),
            200,
            Any,
        )
        .given(given),
        case(
            "on instance runners too",
            get("/runners/1").by("owner"),
            200,
            Any,
        )
        .given(given),
        case(
            "what is not there is not there",
            get("/runners/99").by("owner"),
            404,
            Any,
        )
        .given(given),
        case("bots are let off", get("/runners/2").by("bot"), 200, Any).given(bot),
        case(
            "OAuth tokens too",
            get("/runners/2").header("authorization", "Bearer oauth"),
            200,
            Any,
        )
        .given(oauth),
        case(
            "self tells that it is a classic one",
            get("/personal_access_tokens/self").by("owner"),
            200,
            Has(json!({ "granular": false })),
        )
        .given(given),
        case(
            "the available list says nothing",
            get("/runners").by("owner"),
            200,
            Any,
        )
        .given(given),
        case(
            "not in older releases",
            get("/runners/2").by("owner"),
            200,
            Any,
        )
        .version(Version::V18_2)
        .given(given),
        case(
            "a fine-grained one works",
            get("/groups/10/runners").by("fine"),
            200,
            Ids(vec![1, 2]),
        )
        .given(|sim: &mut Sim| {
            platform_enforces(sim);
            everywhere(sim);
        }),
    ]);
    let mut sim = Sim::new();
    platform_enforces(&mut sim);
    let data = graphql(&mut sim, "root", "{ runners { nodes { id } } }");
    let only = json!([{ "id": "gid://gitlab/Ci::Runner/1" }]);
    assert_eq!(
        data["runners"]["nodes"], only,
        "8.3 GraphQL leaves the others out"
    );
}

#[test]
fn s8_3_an_instance_that_enforces_them() {
    let _covers = covers("8.3 3.22", "19");
    let given = |sim: &mut Sim| sim.set(json!({ "granular_tokens_enforced": true }));
    let rotate = |who: &str| post("/personal_access_tokens/self/rotate").by(who);
    run(vec![
        case(
            "a classic token cannot be rotated",
            rotate("owner"),
            400,
            message(
                "400 Bad request - Rotation of legacy personal access tokens is disabled. Use a \
                 fine-grained token instead.",
            ),
        )
        .given(given),
        case(
            "it goes on working",
            get("/runners/2").by("owner"),
            200,
            Any,
        )
        .given(given),
        case("a bot's can be rotated", rotate("bot"), 200, Any).given(|sim: &mut Sim| {
            sim.set(json!({ "granular_tokens_enforced": true }));
            sim.command(json!({
                "do": "add_token", "group": 10, "token": "glpat-bot", "scopes": ["api"],
            }));
        }),
        case("a fine-grained one too", rotate("fine"), 200, Any).given(|sim: &mut Sim| {
            sim.set(json!({ "granular_tokens_enforced": true }));
            everywhere(sim);
        }),
    ]);
    let mut sim = Sim::new();
    sim.set(json!({ "granular_tokens_enforced": true }));
    sim.json(&rotate("owner"), 400);
    sim.json(&get("/user").by("owner"), 200);
}

#[test]
fn wrong_tokens_are_told() {
    let mut sim = Sim::new();
    let scopes = "a fine-grained token has the one scope `granular`, and no other has \
                  `granular_scopes`";
    let target = "a grant has exactly one of `group` and `project` if its access is \
                  `selected_memberships`, and neither otherwise";
    let read = json!({ "access": "user", "permissions": ["read_user"] });
    for (scopes_given, grants, why) in [
        (json!(["granular", "api"]), json!([]), scopes),
        (json!(["api"]), json!([read]), scopes),
        (
            json!(["granular"]),
            json!([{ "access": "selected_memberships", "permissions": ["read_user"] }]),
            target,
        ),
        (
            json!(["granular"]),
            json!([{ "access": "user", "group": 10, "permissions": ["read_user"] }]),
            target,
        ),
    ] {
        let command = json!({
            "do": "add_token", "user": "owner", "scopes": scopes_given, "granular_scopes": grants,
        });
        assert_eq!(sim.try_command(command).unwrap_err(), why);
    }
}
