//! Contract §3.15, §3.16, §3.17, §3.21.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{
    Any, Empty, Is, Sim, case, delete, error, get, hours, message, noon, post, run,
};

fn expired(sim: &mut Sim) {
    sim.edit(1, json!({ "token_expires_at": noon() - hours(1) }));
}

#[test]
fn s3_15_delete_by_token() {
    let _covers = covers("3.15", "19");
    run(vec![
        case("204", delete("/runners").form("token=glrt-one"), 204, Empty),
        case(
            "in the query",
            delete("/runners?token=glrt-one"),
            204,
            Empty,
        ),
        case(
            "a runner of several projects",
            delete("/runners").form("token=glrt-four"),
            204,
            Empty,
        ),
        case(
            "missing",
            delete("/runners"),
            400,
            error("token is missing"),
        ),
        case(
            "unknown",
            delete("/runners").form("token=x"),
            403,
            message("403 Forbidden"),
        ),
        case(
            "expired",
            delete("/runners").form("token=glrt-one"),
            403,
            message("403 Forbidden"),
        )
        .given(expired),
        case(
            "PRIVATE-TOKEN is ignored",
            delete("/runners").form("token=glrt-one").by("nobody"),
            204,
            Empty,
        ),
    ]);
    let mut sim = Sim::new();
    sim.call(&delete("/runners").form("token=glrt-one"));
    assert_eq!(sim.runner(1), Value::Null);
}

#[test]
fn s3_16_delete_a_manager() {
    let _covers = covers("3.16", "19");
    fn two(sim: &mut Sim) {
        for id in ["s1", "s2"] {
            sim.command(json!({"do": "contact", "runner": 1, "manager": {"system_id": id}}));
        }
    }
    let ask = |body: &str| delete("/runners/managers").form(body);
    run(vec![
        case("204", ask("token=glrt-one&system_id=s1"), 204, Empty).given(two),
        case(
            "missing",
            ask(""),
            400,
            error("token is missing, system_id is missing"),
        ),
        case(
            "missing",
            ask("token=glrt-one"),
            400,
            error("system_id is missing"),
        ),
        case(
            "unknown token",
            ask("token=x&system_id=s1"),
            403,
            message("403 Forbidden"),
        ),
        case(
            "unknown machine, doubled words",
            ask("token=glrt-one&system_id=s3"),
            404,
            message("404 Runner manager not found Not Found"),
        )
        .given(two),
    ]);
    let mut sim = Sim::new();
    two(&mut sim);
    sim.call(&ask("token=glrt-one&system_id=s1"));
    let managers = sim.runner(1)["managers"].clone();
    assert_eq!(
        managers.as_array().unwrap().len(),
        1,
        "the runner stays, and the other one"
    );
    assert_eq!(managers[0]["system_id"], "s2");
}

#[test]
fn s3_17_verify() {
    let _covers = covers("3.17", "19");
    let ask = |token: &str| post("/runners/verify").form(&format!("token={token}"));
    run(vec![
        case("200, the token echoed", ask("glrt-one"), 200, Is(json!({"id": 1, "token": "glrt-one", "token_expires_at": null}))),
        case("its expiry", ask("glrt-one"), 200, Is(json!({"id": 1, "token": "glrt-one", "token_expires_at": "2026-03-04T13:00:00.250Z"})))
            .given(|sim| sim.edit(1, json!({ "token_expires_at": noon() + hours(1) }))),
        case("missing", post("/runners/verify"), 400, error("token is missing")),
        case("unknown", ask("x"), 403, message("403 Forbidden")),
        case("empty", ask(""), 403, message("403 Forbidden")),
        case("expired", ask("glrt-one"), 403, message("403 Forbidden")).given(expired),
        case("what `register --token glrt-` sends", post("/runners/verify").send(json!({"token": "glrt-one", "system_id": "s"})).header("private-token", "glrt-one"), 200, Any),
    ]);
}

#[test]
fn s3_17_verify_is_not_read_only() {
    let _covers = covers("3.17", "19");
    let mut sim = Sim::new();
    let body = json!({"token": "glrt-one", "info": {"version": "17.0.0", "platform": "linux"}});
    sim.json(&post("/runners/verify").send(body).from("10.0.0.9"), 200);
    let manager = sim.runner(1)["managers"][0].clone();
    for (field, value) in [
        ("system_id", "<legacy>"),
        ("version", "17.0.0"),
        ("platform", "linux"),
        ("ip_address", "10.0.0.9"),
        ("contacted_at", "2026-03-04T12:00:00.250Z"),
        ("creation_state", "finished"),
    ] {
        assert_eq!(manager[field], value, "3.17 {field}");
    }
    sim.json(
        &post("/runners/verify").send(json!({"token": "glrt-one", "system_id": "s2"})),
        200,
    );
    assert_eq!(sim.runner(1)["managers"].as_array().unwrap().len(), 2);
}

#[test]
fn s3_17_whether_the_runner_itself_is_touched() {
    let _covers = covers("3.17", "15.11 17 19");
    let touched = json!("2026-03-04T12:00:00.250Z");
    for (version, by_registration, contacted) in [
        (Version::V15_11, false, Value::Null),
        (Version::V15_11, true, touched.clone()),
        (Version::V17, false, Value::Null),
        (Version::V17, true, touched.clone()),
        (Version::V19, false, touched.clone()),
        (Version::V19, true, touched),
    ] {
        let mut sim = Sim::version(version);
        let ask = if by_registration {
            post("/runners").form("token=GR-instance")
        } else {
            post("/user/runners")
                .by("root")
                .form("runner_type=instance_type")
        };
        let made = sim.json(&ask, 201);
        sim.json(
            &post("/runners/verify").send(json!({"token": made["token"]})),
            200,
        );
        let runner = sim.runner(made["id"].as_u64().unwrap());
        assert_eq!(
            runner["contacted_at"], contacted,
            "3.17 {version:?} {by_registration}"
        );
        if version == Version::V19 {
            assert_eq!(
                runner["creation_state"], "started",
                "3.17 until the first job request"
            );
        }
    }
}

#[test]
fn s3_21_discovery() {
    let _covers = covers("3.21", "17 19");
    fn router(sim: &mut Sim) {
        sim.set(json!({ "job_router_url": "wss://kas.example.com" }));
    }
    let ask = || get("/runners/router/discovery").header("runner-token", "glrt-one");
    run(vec![
        case(
            "200",
            ask(),
            200,
            Is(json!({"server_url": "wss://kas.example.com"})),
        )
        .given(router),
        case(
            "403",
            get("/runners/router/discovery"),
            403,
            message("403 Forbidden"),
        )
        .given(router),
        case(
            "501",
            ask(),
            501,
            message("Job Router is not available. Please contact your administrator."),
        ),
        case("since 18.7", ask(), 404, error("404 Not Found"))
            .given(router)
            .version(Version::V17),
    ]);
}
