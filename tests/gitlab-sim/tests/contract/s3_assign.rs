//! Contract §3.12, §3.13.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{
    Any, Ask, Empty, Has, Sim, case, delete, error, get, hours, message, noon, post, put, run,
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
    let _covers = covers("3.12", "17 19");
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
        case("Maintainer of both", assign(3, 21, "maint"), 201, Any),
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
        ),
        case(
            "404 text before NEW",
            assign(99, 21, "root"),
            404,
            message("404 Not found"),
        )
        .version(Version::V17),
    ]);
}

#[test]
fn s3_12_what_the_service_refuses() {
    let _covers = covers("3.12", "19");
    fn full(sim: &mut Sim) {
        sim.set(json!({ "ci_registered_project_runners": 1 }));
    }
    run(vec![
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
    let _covers = covers("3.13", "15.11 17 19");
    let owner = || {
        message(
            "403 Forbidden - You cannot unassign a runner from the owner project. Delete the runner instead",
        )
    };
    run(vec![
        case("204", unassign(4, 21, "owner"), 204, Empty),
        case("404 not associated", unassign(3, 21, "root"), 404, message("404 Runner Not Found")),
        case("404 unknown", unassign(99, 21, "root"), 404, message("404 Runner Not Found")),
        case("404 not associated, before NEW", unassign(3, 21, "root"), 404, message("404 Runner Not Found")).version(Version::V17),
        case("404 project", unassign(4, 99, "root"), 404, message("404 Project Not Found")),
        case("404 project, before the parameters", delete("/projects/99/runners/x").by("root"), 404, message("404 Project Not Found")),
        case("an auditor, since NEW", unassign(4, 21, "auditor"), 403, message("403 Forbidden - No access granted")),
        case("an auditor, before", unassign(4, 21, "auditor"), 403, message("403 Forbidden")).version(Version::V17),
        case("the owner project stays", unassign(4, 20, "owner"), 403, owner()),
        case("the owner project stays, administrator", unassign(4, 20, "root"), 403, owner()),
        case("the owner project stays, 17", unassign(4, 20, "root"), 403, owner()).version(Version::V17),
        case("before, any one project had to: the owner may go", unassign(4, 20, "root"), 204, Empty).version(Version::V15_11),
        case("before: but not the last", unassign(3, 20, "root"), 403, message("403 Forbidden - Only one project associated with the runner. Please remove the runner instead")).version(Version::V15_11),
        case("locked, since NEW", unassign(4, 21, "owner"), 403, message("403 Forbidden - Runner is locked")).given(locked),
        case("locked, administrator", unassign(4, 21, "root"), 204, Empty).given(locked),
        case("locked, before", unassign(4, 21, "owner"), 204, Empty).given(locked).version(Version::V17),
        case("without rights on the owner, since NEW", unassign(4, 21, "buildmaint"), 403, message("403 Forbidden - No access granted")),
        case("without rights on the owner, before", unassign(4, 21, "buildmaint"), 204, Empty).version(Version::V17),
        case("a Developer", unassign(4, 21, "dev"), 403, message("403 Forbidden")),
        case("412 before the owner project is looked at", long_ago(unassign(4, 20, "root")), 412, Any),
        case("412 before the owner project is looked at, 17", long_ago(unassign(4, 20, "root")), 412, Any).version(Version::V17),
        case("before: the last project comes first", long_ago(unassign(3, 20, "root")), 403, Any).version(Version::V15_11),
        case("before: 412 for others", long_ago(unassign(4, 20, "root")), 412, Any).version(Version::V15_11),
    ]);
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
