//! Contract §3.20.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{Any, Ask, Sim, case, error, hours, message, noon, post, run};

fn create(who: &str, body: Value) -> Ask {
    post("/user/runners").by(who).send(body)
}

fn group(who: &str) -> Ask {
    create(who, json!({ "runner_type": "group_type", "group_id": 10 }))
}

fn project(who: &str) -> Ask {
    create(
        who,
        json!({ "runner_type": "project_type", "project_id": 20 }),
    )
}

fn instance(who: &str) -> Ask {
    create(who, json!({ "runner_type": "instance_type" }))
}

#[test]
fn s3_20_who_may_create() {
    let _covers = covers("3.20", "15.11 19");
    fn closed(sim: &mut Sim) {
        sim.command(json!({"do": "set_group", "group": 10, "settings": {"runner_registration_enabled": false}}));
    }
    let refused = || message("403 Forbidden - Insufficient permissions");
    run(vec![
        case("instance: administrator", instance("root"), 201, Any),
        case("instance: others", instance("owner"), 403, refused()),
        case("group: Owner", group("owner"), 201, Any),
        case("group: Maintainer", group("maint"), 403, refused()),
        case("group: a stranger", group("stranger"), 403, refused()),
        case(
            "subgroup: Owner of the group above",
            create(
                "owner",
                json!({"runner_type": "group_type", "group_id": 11}),
            ),
            201,
            Any,
        ),
        case("project: Owner", project("owner"), 201, Any),
        case("project: Maintainer", project("webmaint"), 201, Any),
        case("project: Developer", project("dev"), 403, refused()),
        case("project: a stranger", project("stranger"), 403, refused()),
        case(
            "registration switched off: Owner",
            group("owner"),
            403,
            refused(),
        )
        .given(closed),
        case(
            "the instance allows no groups",
            group("owner"),
            403,
            refused(),
        )
        .given(|sim| sim.set(json!({"valid_runner_registrars": ["project"]}))),
        case("an administrator all the same", group("root"), 201, Any)
            .given(|sim| sim.set(json!({"valid_runner_registrars": ["project"]}))),
        case(
            "the instance allows no projects",
            project("owner"),
            403,
            refused(),
        )
        .given(|sim| sim.set(json!({"valid_runner_registrars": ["group"]}))),
        case(
            "registration switched off above: project",
            project("owner"),
            403,
            refused(),
        )
        .given(closed),
        case(
            "registration switched off: administrator",
            group("root"),
            201,
            Any,
        )
        .given(closed),
        case(
            "nobody",
            post("/user/runners").form("runner_type=instance_type"),
            401,
            message("401 Unauthorized"),
        ),
        case("15.11 has it", instance("root"), 201, Any).version(Version::V15_11),
    ]);
}

#[test]
fn s3_20_parameters() {
    let _covers = covers("3.20", "19");
    let root = |body: Value| create("root", body);
    run(vec![
        case(
            "no type",
            root(json!({})),
            400,
            error("runner_type is missing, runner_type does not have a valid value"),
        ),
        case(
            "unknown type",
            root(json!({"runner_type": "x"})),
            400,
            error("runner_type does not have a valid value"),
        ),
        case(
            "null type",
            root(json!({"runner_type": null})),
            400,
            error("runner_type does not have a valid value"),
        ),
        case(
            "no group",
            root(json!({"runner_type": "group_type"})),
            400,
            error("group_id is missing"),
        ),
        case(
            "no project",
            root(json!({"runner_type": "project_type"})),
            400,
            error("project_id is missing"),
        ),
        case(
            "a path is no id",
            root(json!({"runner_type": "group_type", "group_id": "platform"})),
            400,
            error("group_id is invalid"),
        ),
        case(
            "a path is no id",
            root(json!({"runner_type": "project_type", "project_id": "platform/web"})),
            400,
            error("project_id is invalid"),
        ),
        case(
            "an id in a string",
            root(json!({"runner_type": "group_type", "group_id": "10"})),
            201,
            Any,
        ),
        case(
            "no such group",
            root(json!({"runner_type": "group_type", "group_id": 99})),
            400,
            message("400 Bad request - Missing/invalid group"),
        ),
        case(
            "no such project",
            root(json!({"runner_type": "project_type", "project_id": 99})),
            400,
            message("400 Bad request - Missing/invalid project"),
        ),
        case(
            "looked up before the rights",
            create(
                "dev",
                json!({"runner_type": "project_type", "project_id": 99}),
            ),
            400,
            message("400 Bad request - Missing/invalid project"),
        ),
        case(
            "group_id with project_type is no error",
            root(json!({"runner_type": "project_type", "project_id": 20, "group_id": 10})),
            201,
            Any,
        ),
        case(
            "group_id with project_type is not even read",
            root(json!({"runner_type": "project_type", "project_id": 20, "group_id": "x"})),
            201,
            Any,
        ),
        case(
            "access level",
            root(json!({"runner_type": "instance_type", "access_level": "x"})),
            400,
            error("access_level does not have a valid value"),
        ),
    ]);
}

#[test]
fn s3_20_validation_is_a_sentence() {
    let _covers = covers("3.20", "19");
    let with = |more: Value| {
        let mut body = json!({ "runner_type": "instance_type" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        create("root", body)
    };
    let tags = "Tags list can not be empty when runner is not allowed to pick untagged jobs";
    let timeout = "Maximum timeout needs to be at least 10 minutes";
    let long = "Description is too long (maximum is 1024 characters)";
    let text = "x".repeat(1025);
    run(vec![
        case("one", with(json!({"run_untagged": false})), 400, message(&format!("400 Bad request - {tags}"))),
        case("two", with(json!({"run_untagged": false, "maximum_timeout": 5})), 400, message(&format!("400 Bad request - {tags} and {timeout}"))),
        case("three", with(json!({"run_untagged": false, "maximum_timeout": 5, "description": text})), 400, message(&format!("400 Bad request - {tags}, {long}, and {timeout}"))),
        case("the plan's limit", project("root"), 400, message("400 Bad request - Runner projects base Maximum number of ci registered project runners (1) exceeded"))
            .given(|sim| sim.set(json!({"ci_registered_project_runners": 1}))),
        case("the plan's limit, group", group("root"), 400, message("400 Bad request - Runner namespaces base Maximum number of ci registered group runners (1) exceeded"))
            .given(|sim| sim.set(json!({"ci_registered_group_runners": 1}))),
    ]);
}

#[test]
fn s3_20_what_is_kept() {
    let _covers = covers("3.20", "19");
    let mut sim = Sim::new();
    let body = json!({
        "runner_type": "project_type", "project_id": 20, "description": "d", "maintenance_note": "n",
        "maintainer_note": "ignored", "active": true, "paused": true, "locked": true,
        "access_level": "ref_protected", "run_untagged": false, "tag_list": ["b", "a"],
        "maximum_timeout": 3600, "info": {"name": "ignored"},
    });
    let made = sim.json(&create("webmaint", body), 201);
    let runner = sim.runner(made["id"].as_u64().unwrap());
    for (field, value) in [
        ("runner_type", json!("project_type")),
        ("projects", json!(["platform/web"])),
        ("description", json!("d")),
        ("maintenance_note", json!("n")),
        ("paused", json!(true)),
        ("locked", json!(true)),
        ("access_level", json!("ref_protected")),
        ("run_untagged", json!(false)),
        ("tag_list", json!(["b", "a"])),
        ("maximum_timeout", json!(3600)),
        ("name", Value::Null),
        ("creator", json!("webmaint")),
        ("creation_state", json!("started")),
        ("contacted_at", Value::Null),
        ("registration_type", json!("authenticated_user")),
    ] {
        assert_eq!(runner[field], value, "3.20 {field}");
    }
    assert_eq!(runner["token"], made["token"]);
    let again = sim.json(&project("webmaint"), 201);
    assert_ne!(again["id"], made["id"], "3.20 not idempotent");
}

#[test]
fn s3_20_expiry_in_the_enterprise_edition() {
    let _covers = covers("3.20", "15.11 16.10 17 18.2 19");
    let with = |expires: Option<i64>, deadline: Option<i64>| {
        let minute = |minutes: i64| (noon() + jiff::SignedDuration::from_mins(minutes)).to_string();
        create(
            "root",
            json!({
                "runner_type": "instance_type",
                "token_expires_at": expires.map(minute),
                "token_rotation_deadline": deadline.map(minute),
            }),
        )
    };
    let (day, bad) = (
        24 * 60,
        "400 Bad request - token_expires_at is too far in the future (maximum is",
    );
    run(vec![
        case("5 minutes ahead", with(Some(5), None), 201, Any),
        case("4 minutes ahead", with(Some(4), None), 400, Any),
        case("15 days", with(Some(15 * day), None), 201, Any),
        case(
            "more than 15 days",
            with(Some(15 * day + 1), None),
            400,
            message(&format!("{bad} 2026-03-19T12:00:00.250Z)")),
        ),
        case(
            "more than the setting",
            with(Some(2 * day), None),
            400,
            message(&format!("{bad} 2026-03-05T12:00:00.250Z)")),
        )
        .given(|sim| sim.set(json!({"runner_token_expiration_interval": 86400}))),
        case(
            "a deadline alone",
            with(None, Some(10)),
            400,
            message(
                "400 Bad request - token_expires_at is required when token_rotation_deadline is specified",
            ),
        ),
        case(
            "a deadline in the past",
            with(Some(60), Some(-1)),
            400,
            message("400 Bad request - token_rotation_deadline cannot be in the past"),
        ),
        case(
            "exactly now has passed",
            with(Some(60), Some(0)),
            400,
            message("400 Bad request - token_rotation_deadline cannot be in the past"),
        ),
        case(
            "a deadline after the end",
            with(Some(60), Some(61)),
            400,
            message(
                "400 Bad request - token_rotation_deadline must be less than or equal to token_expires_at",
            ),
        ),
        case(
            "the end is looked at before the deadline",
            with(Some(4), Some(-1)),
            400,
            message("400 Bad request - token_expires_at must be at least 5 minutes in the future"),
        ),
        case(
            "the place before both",
            create(
                "root",
                json!({"runner_type": "group_type", "group_id": 99, "token_expires_at": noon().to_string()}),
            ),
            400,
            message("400 Bad request - Missing/invalid group"),
        ),
        case(
            "the right too",
            create(
                "dev",
                json!({"runner_type": "group_type", "group_id": 10, "token_expires_at": noon().to_string()}),
            ),
            403,
            message("403 Forbidden - Insufficient permissions"),
        ),
        case("a deadline at the end", with(Some(60), Some(60)), 201, Any),
        case(
            "no date",
            create(
                "root",
                json!({"runner_type": "instance_type", "token_expires_at": "soon"}),
            ),
            400,
            error("token_expires_at is invalid"),
        ),
        case("undeclared before 18.10", with(Some(1), None), 201, Any)
            .between(Version::V15_11, Version::V19),
        case(
            "undeclared in the community edition",
            with(Some(1), None),
            201,
            Any,
        )
        .given(|sim| sim.set(json!({"enterprise": false}))),
    ]);
    let mut sim = Sim::new();
    sim.set(json!({ "runner_token_expiration_interval": 7200 }));
    let made = sim.json(&with(Some(60), Some(30)), 201);
    assert_eq!(made["token_expires_at"], "2026-03-04T13:00:00.250Z");
    let reset = post(&format!(
        "/runners/{}/reset_authentication_token",
        made["id"]
    ))
    .by("root");
    let shown = sim.json(&reset, 201);
    assert_eq!(
        shown["token_expires_at"], "2026-03-04T14:00:00.250Z",
        "3.20 a rotation uses the settings"
    );
    let runner = sim.runner(made["id"].as_u64().unwrap());
    assert_eq!(
        runner["token_rotation_deadline"],
        Value::Null,
        "3.20 and clears the deadline"
    );
    sim.later(hours(1));
    assert_eq!(sim.call(&reset).status, 201);
}
