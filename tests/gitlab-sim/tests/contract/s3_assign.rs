//! Contract §3.12, §3.13.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{
    Any, Ask, Empty, Has, Sim, attribute, case, delete, error, get, hours, message, noon, post,
    put, run,
};

fn assign(runner: u64, project: u64, who: &str) -> Ask {
    post(&format!("/projects/{project}/runners"))
        .by(who)
        .form(&format!("runner_id={runner}"))
}

fn unassign(runner: u64, project: u64, who: &str) -> Ask {
    delete(&format!("/projects/{project}/runners/{runner}")).by(who)
}

#[test]
fn s3_12_the_checks_in_their_order() {
    let _covers = covers("3.12 11", "all");
    fn locked(sim: &mut Sim) {
        sim.edit(3, json!({ "locked": true }));
    }
    run(vec![
        case(
            "201, a list entity",
            assign(3, 21, "owner"),
            201,
            Has(json!({"id": 3, "status": "never_contacted"})),
        ),
        case(
            "400",
            post("/projects/21/runners").by("root"),
            400,
            error("runner_id is missing"),
        ),
        case(
            "400",
            post("/projects/21/runners").by("root").form("runner_id=x"),
            400,
            error("runner_id is invalid"),
        ),
        case(
            "project unknown",
            assign(3, 99, "root"),
            404,
            message("404 Project Not Found"),
        ),
        case(
            "project invisible",
            assign(3, 21, "stranger"),
            404,
            message("404 Project Not Found"),
        ),
        case(
            "the project before the parameters",
            post("/projects/99/runners").by("root"),
            404,
            message("404 Project Not Found"),
        ),
        case(
            "the right to read its runners too",
            post("/projects/21/runners").by("dev"),
            403,
            message("403 Forbidden"),
        ),
        case(
            "which an auditor has, since NEW",
            post("/projects/21/runners").by("auditor"),
            400,
            error("runner_id is missing"),
        ),
        case(
            "but no more than that",
            assign(3, 21, "auditor"),
            403,
            message("403 Forbidden"),
        ),
        case(
            "no right on the target",
            assign(3, 21, "dev"),
            403,
            message("403 Forbidden"),
        ),
        case(
            "target before runner",
            assign(99, 21, "dev"),
            403,
            message("403 Forbidden"),
        ),
        case(
            "runner unknown",
            assign(99, 21, "owner"),
            404,
            message("404 Runner Not Found"),
        ),
        case(
            "a group runner",
            assign(2, 21, "owner"),
            403,
            message("403 Forbidden - Runner is a group runner"),
        ),
        case(
            "a group runner, administrator too",
            assign(2, 21, "root"),
            403,
            message("403 Forbidden - Runner is a group runner"),
        ),
        case(
            "locked",
            assign(3, 21, "owner"),
            403,
            message("403 Forbidden - Runner is locked"),
        )
        .given(locked),
        case("locked, administrator", assign(3, 21, "root"), 201, Any).given(locked),
        case(
            "Maintainer of the target only",
            assign(3, 21, "buildmaint"),
            403,
            message("403 Forbidden - No access granted"),
        ),
        case("Maintainer of both", assign(3, 21, "maint"), 201, Any).always(),
        case(
            "Maintainer of the target and of any one project, the owner or not",
            assign(4, 23, "buildmaint"),
            201,
            Any,
        )
        .given(|sim| {
            sim.command(json!({"do": "set_member", "user": "buildmaint", "project": 23, "role": "maintainer"}));
        })
        .always(),
        case(
            "Maintainer of the target only",
            assign(4, 23, "webmaint"),
            403,
            message("403 Forbidden - No access granted"),
        )
        .given(|sim| sim.edit(4, json!({ "projects": ["platform/tools/build"] })))
        .always(),
        case(
            "an instance runner",
            assign(1, 21, "owner"),
            403,
            message("403 Forbidden - No access granted"),
        ),
        case(
            "an instance runner, administrator",
            assign(1, 21, "root"),
            500,
            message("500 Internal Server Error"),
        )
        .since(Version::V15_2),
        case(
            "11 an instance runner, administrator: it becomes a project runner",
            assign(1, 21, "root"),
            201,
            Has(json!({"id": 1, "is_shared": false})),
        )
        .before(Version::V15_2),
        case(
            "404 text before NEW",
            assign(99, 21, "root"),
            404,
            message("404 Not found"),
        )
        .before(Version::V19),
    ]);
}

#[test]
fn s3_12_what_the_service_refuses() {
    let _covers = covers("3.12 11", "all");
    fn full(sim: &mut Sim) {
        sim.set(json!({ "ci_registered_project_runners": 1 }));
    }
    let shape_b = |text: &str| {
        attribute(
            "assign_to",
            &format!("Validation failed: Runner projects {text}"),
        )
    };
    run(vec![
        case("already there, up to 15", assign(4, 21, "root"), 400, shape_b("runner has already been taken")).before(Version::V16_10),
        case("the plan's limit, up to 15", assign(3, 21, "root"), 400, shape_b("base Maximum number of ci registered project runners (1) exceeded")).given(full).between(Version::V15_2, Version::V16_10),
        case("before 14.4 there was none", assign(3, 21, "root"), 201, Any).given(full).before(Version::V15_2),
        case("already there, since", assign(4, 21, "root"), 400, message("Assign to Validation failed: Runner projects runner has already been taken - runner_error")).since(Version::V16_10),
        case("another organisation", assign(3, 22, "root"), 201, Any).before(Version::V17),
        case("already there: never 409, not idempotent", assign(4, 21, "root"), 400, message("Assign to Validation failed: Runner projects runner has already been taken - runner_error")),
        case("the owner too", assign(4, 20, "owner"), 400, Any),
        case("the plan's limit", assign(3, 21, "root"), 400, message("Assign to Validation failed: Runner projects base Maximum number of ci registered project runners (1) exceeded - runner_error")).given(full),
        case("another organisation", assign(3, 22, "root"), 400, message("runner can only be assigned to projects in the same organization - project_not_in_same_organization")),
        case("an orphan", assign(3, 21, "root"), 400, message("Assign to Taking over an orphaned project runner is not allowed - runner_error"))
            .given(|sim| sim.edit(3, json!({"projects": []}))),
        case("registration switched off above", assign(3, 21, "owner"), 403, message("403 Forbidden")).given(|sim| {
            sim.command(json!({"do": "set_group", "group": 10, "settings": {"runner_registration_enabled": false}}));
        }),
    ]);
}

#[test]
fn s3_12_orphans_and_organisations_by_release() {
    let _covers = covers("3.12", "15.11 17 19");
    fn orphan(sim: &mut Sim) {
        sim.edit(3, json!({ "projects": [] }));
    }
    run(vec![
        case(
            "nobody owns an orphan",
            assign(3, 21, "owner"),
            403,
            message("403 Forbidden - No access granted"),
        )
        .given(orphan),
        case(
            "before 18.x an administrator could take it over",
            assign(3, 21, "root"),
            201,
            Any,
        )
        .given(orphan)
        .version(Version::V17),
        case(
            "15.11 had no organisations",
            assign(3, 22, "root"),
            201,
            Any,
        )
        .version(Version::V15_11),
    ]);
}

#[test]
fn s4_only_recent_runners_count_against_the_limit() {
    let _covers = covers("4", "19");
    let mut sim = Sim::new();
    sim.set(json!({ "ci_registered_project_runners": 1 }));
    sim.edit(4, json!({ "created_at": noon() - hours(24 * 8) }));
    assert_eq!(
        sim.call(&assign(3, 21, "root")).status,
        201,
        "4 a stale runner occupies nothing"
    );
}

fn locked(sim: &mut Sim) {
    sim.edit(4, json!({ "locked": true }));
}

fn long_ago(ask: Ask) -> Ask {
    ask.header("if-unmodified-since", "Wed, 04 Mar 2020 12:00:00 GMT")
}

#[test]
fn s3_13_unassign() {
    let _covers = covers("3.13", "all");
    let owner = || {
        message(
            "403 Forbidden - You cannot unassign a runner from the owner project. Delete the runner instead",
        )
    };
    let refused = || message("403 Forbidden - No access granted");
    let last = || {
        message(
            "403 Forbidden - Only one project associated with the runner. Please remove the runner instead",
        )
    };
    run(vec![
        case("204", unassign(4, 21, "owner"), 204, Empty).always(),
        case(
            "404 not associated",
            unassign(3, 21, "root"),
            404,
            message("404 Runner Not Found"),
        )
        .always(),
        case(
            "404 unknown",
            unassign(99, 21, "root"),
            404,
            message("404 Runner Not Found"),
        )
        .always(),
        case(
            "404 project",
            unassign(4, 99, "root"),
            404,
            message("404 Project Not Found"),
        )
        .always(),
        case(
            "404 project, before the parameters",
            delete("/projects/99/runners/x").by("root"),
            404,
            message("404 Project Not Found"),
        )
        .always(),
        case(
            "a Developer",
            unassign(4, 21, "dev"),
            403,
            message("403 Forbidden"),
        )
        .always(),
        case(
            "an auditor, since NEW",
            unassign(4, 21, "auditor"),
            403,
            refused(),
        ),
        case(
            "an auditor, before",
            unassign(4, 21, "auditor"),
            403,
            message("403 Forbidden"),
        )
        .before(Version::V19),
        case(
            "a Maintainer of the project that is left only",
            unassign(4, 21, "buildmaint"),
            204,
            Empty,
        )
        .always(),
        case(
            "the owner project stays",
            unassign(4, 20, "root"),
            403,
            owner(),
        )
        .since(Version::V17),
        case(
            "which others are not told, NEW",
            unassign(4, 20, "owner"),
            403,
            refused(),
        ),
        case(
            "which others are told before",
            unassign(4, 20, "owner"),
            403,
            owner(),
        )
        .between(Version::V17, Version::V19),
        case(
            "before, the owner may go while another stays",
            unassign(4, 20, "root"),
            204,
            Empty,
        )
        .before(Version::V17),
        case("but not the last", unassign(3, 20, "root"), 403, last()).before(Version::V17),
        case(
            "locked, since NEW",
            unassign(4, 21, "owner"),
            403,
            message("403 Forbidden - Runner is locked"),
        )
        .given(locked),
        case(
            "locked, before",
            unassign(4, 21, "owner"),
            403,
            message("403 Forbidden - User not allowed to assign runner"),
        )
        .given(locked)
        .between(Version::V17, Version::V19),
        case("locked, in silence", unassign(4, 21, "owner"), 204, Empty)
            .given(locked)
            .before(Version::V17),
        case("locked, administrator", unassign(4, 21, "root"), 204, Empty)
            .given(locked)
            .always(),
        case(
            "412 before the owner project is looked at",
            long_ago(unassign(4, 20, "root")),
            412,
            Any,
        )
        .since(Version::V17),
        case(
            "but after the lock, NEW",
            long_ago(unassign(4, 21, "owner")),
            403,
            Any,
        )
        .given(locked),
        case(
            "before: the last project comes first",
            long_ago(unassign(3, 20, "root")),
            403,
            Any,
        )
        .before(Version::V17),
        case(
            "before: 412 for others",
            long_ago(unassign(4, 20, "root")),
            412,
            Any,
        )
        .before(Version::V17),
    ]);
}

#[test]
fn s3_13_a_204_does_not_mean_that_it_was_done() {
    let _covers = covers("3.13 11", "13.12 15.2 15.11 16.10");
    for (version, left) in [
        (Version::V13_12, json!(["platform/web"])),
        (Version::V15_2, json!(["platform/web"])),
        (
            Version::V15_11,
            json!(["platform/web", "platform/tools/build"]),
        ),
        (
            Version::V16_10,
            json!(["platform/web", "platform/tools/build"]),
        ),
    ] {
        let mut sim = Sim::version(version);
        locked(&mut sim);
        assert_eq!(sim.call(&unassign(4, 21, "owner")).status, 204);
        assert_eq!(sim.runner(4)["projects"], left, "3.13 {version}");
    }
}

#[test]
fn s3_12_13_what_changes() {
    let _covers = covers("3.12 3.13", "19");
    let mut sim = Sim::new();
    sim.json(&assign(3, 21, "root"), 201);
    assert_eq!(
        sim.runner(3)["projects"],
        json!(["platform/web", "platform/tools/build"])
    );
    sim.call(&unassign(3, 21, "root"));
    assert_eq!(sim.runner(3)["projects"], json!(["platform/web"]));
    sim.json(&put("/runners/3").by("root").form("locked=1"), 200);
    let shown = sim.json(&get("/runners/3").by("root"), 200);
    assert_eq!(
        (&shown["locked"], &shown["groups"]),
        (&json!(true), &Value::Array(vec![]))
    );
}
