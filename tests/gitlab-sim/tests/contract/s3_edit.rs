//! Contract §3.6, §3.7.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{
    Any, Ask, Empty, Has, Sim, case, delete, error, get, message, post, put, run,
};

fn pause(id: u64, who: &str) -> Ask {
    put(&format!("/runners/{id}")).by(who).form("paused=true")
}

#[test]
fn s3_6_who_may_change() {
    let _covers = covers("3.6", "19");
    let refused = || message("403 Forbidden - No access granted");
    run(vec![
        case("instance: administrator", pause(1, "root"), 200, Any),
        case("instance: others", pause(1, "owner"), 403, refused()),
        case("group: Owner", pause(2, "owner"), 200, Any),
        case(
            "group: Owner of the group above",
            pause(5, "owner"),
            200,
            Any,
        ),
        case("group: Maintainer", pause(2, "maint"), 403, refused()),
        case(
            "project: Maintainer of the owner",
            pause(3, "webmaint"),
            200,
            Any,
        ),
        case(
            "project: Maintainer of one of several",
            pause(4, "buildmaint"),
            200,
            Any,
        ),
        case(
            "project: Maintainer elsewhere",
            pause(3, "buildmaint"),
            403,
            refused(),
        ),
        case("project: Developer", pause(3, "dev"), 403, refused()),
        case("auditor", pause(3, "auditor"), 403, refused()),
        case(
            "404",
            pause(99, "root"),
            404,
            message("404 Runner Not Found"),
        ),
    ]);
}

#[test]
fn s3_6_only_what_is_given_is_written() {
    let _covers = covers("3.6", "19");
    let settings = [
        "description",
        "active",
        "tag_list",
        "run_untagged",
        "locked",
        "access_level",
        "maximum_timeout",
        "maintenance_note",
    ];
    for (field, value) in [
        ("description", json!("new")),
        ("active", json!(false)),
        ("tag_list", json!(["x"])),
        ("run_untagged", json!(false)),
        ("locked", json!(true)),
        ("access_level", json!("ref_protected")),
        ("maximum_timeout", json!(1234)),
        ("maintenance_note", json!("note")),
    ] {
        let mut sim = Sim::new();
        let before = sim.json(&get("/runners/2").by("root"), 200);
        let answered = sim.json(
            &put("/runners/2").by("root").send(json!({ field: value })),
            200,
        );
        let after = sim.json(&get("/runners/2").by("root"), 200);
        for other in settings {
            let expected = if other == field {
                &value
            } else {
                &before[other]
            };
            assert_eq!(&after[other], expected, "3.6 {field} changed {other}");
            assert_eq!(
                &answered[other], expected,
                "3.6 {field}: the answer's {other}"
            );
        }
    }
}

#[test]
fn s3_6_a_refused_change_changes_nothing() {
    let _covers = covers("3.6", "19");
    let mut sim = Sim::new();
    let before = sim.runner(2);
    let bad = json!({"description": "new", "maximum_timeout": 1});
    sim.json(&put("/runners/2").by("root").send(bad), 400);
    assert_eq!(sim.runner(2), before);
}

#[test]
fn s3_6_pollers_look_again_only_after_success() {
    let _covers = covers("3.6", "19");
    let mut sim = Sim::new();
    let tick = |sim: &mut Sim| {
        let got = sim.call(&post("/jobs/request").form("token=glrt-one"));
        got.header("x-gitlab-last-update").unwrap().to_owned()
    };
    let first = tick(&mut sim);
    sim.json(&put("/runners/1").by("root").form("maximum_timeout=1"), 400);
    assert_eq!(tick(&mut sim), first);
    sim.json(
        &put("/runners/1").by("root").form("maximum_timeout=600"),
        200,
    );
    assert_ne!(tick(&mut sim), first);
}

#[test]
fn s3_7_delete_by_number() {
    let _covers = covers("3.7", "15.11 19");
    let gone = |id: u64, who: &str| delete(&format!("/runners/{id}")).by(who);
    let refused = || message("403 Forbidden - No access granted");
    let shared = || message("403 Forbidden - Runner associated with more than one project");
    run(vec![
        case("administrator", gone(1, "root"), 204, Empty),
        case("instance: others", gone(1, "owner"), 403, refused()),
        case("group: Owner", gone(2, "owner"), 204, Empty),
        case("group: Maintainer", gone(2, "maint"), 403, refused()),
        case(
            "project: Maintainer of the owner",
            gone(3, "webmaint"),
            204,
            Empty,
        ),
        case("project: Developer", gone(3, "dev"), 403, refused()),
        case("project: a stranger", gone(3, "stranger"), 403, refused()),
        case(
            "several projects: its Maintainer",
            gone(4, "webmaint"),
            403,
            shared(),
        ),
        case(
            "several projects: strangers read it too",
            gone(4, "stranger"),
            403,
            shared(),
        ),
        case(
            "several projects: administrator",
            gone(4, "root"),
            204,
            Empty,
        ),
        case("400", gone(0, "root"), 404, Any),
        case(
            "400",
            delete("/runners/x").by("root"),
            400,
            error("id is invalid"),
        ),
        case("since 13.12", gone(4, "webmaint"), 403, shared()).version(Version::V15_11),
    ]);
}

#[test]
fn s3_7_managers_go_along_and_the_second_time_is_404() {
    let _covers = covers("3.7", "19");
    let mut sim = Sim::new();
    sim.command(json!({"do": "contact", "runner": 1}));
    sim.call(&delete("/runners/1").by("root"));
    assert_eq!(sim.runner(1), Value::Null);
    assert_eq!(sim.call(&delete("/runners/1").by("root")).status, 404);
    assert_eq!(
        sim.call(&post("/runners/verify").form("token=glrt-one"))
            .status,
        403
    );
    let id = sim.json(
        &post("/user/runners")
            .by("root")
            .form("runner_type=instance_type"),
        201,
    )["id"]
        .clone();
    assert_eq!(id, 6, "ids are not used again");
    assert_eq!(sim.runner(6)["managers"], json!([]));
}

#[test]
fn s3_6_the_answer_of_a_manager_of_the_runner_shows_the_note() {
    let _covers = covers("3.6", "19");
    run(vec![case(
        "3.6",
        put("/runners/3")
            .by("webmaint")
            .form("maintenance_note=hello"),
        200,
        Has(json!({"maintenance_note": "hello"})),
    )]);
}
