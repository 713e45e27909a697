//! Contract §3.9, §3.18, §3.19.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{Any, Ask, Is, Sim, case, error, hours, keys, message, noon, post, run};

fn by_id(id: u64, who: &str) -> Ask {
    post(&format!("/runners/{id}/reset_authentication_token")).by(who)
}

fn by_token(token: &str) -> Ask {
    post("/runners/reset_authentication_token").form(&format!("token={token}"))
}

fn verify(token: &str) -> Ask {
    post("/runners/verify").form(&format!("token={token}"))
}

#[test]
fn s3_9_roles_are_those_of_put() {
    let _covers = covers("3.9", "19");
    let refused = || message("403 Forbidden - No access granted");
    run(vec![
        case("administrator", by_id(1, "root"), 201, Any),
        case("instance: others", by_id(1, "owner"), 403, refused()),
        case("group: Owner", by_id(2, "owner"), 201, Any),
        case("group: Maintainer", by_id(2, "maint"), 403, refused()),
        case("project: Maintainer", by_id(3, "webmaint"), 201, Any),
        case("project: Developer", by_id(3, "dev"), 403, refused()),
        case(
            "404",
            by_id(99, "root"),
            404,
            message("404 Runner Not Found"),
        ),
        case(
            "400",
            post("/runners/x/reset_authentication_token").by("root"),
            400,
            error("id is invalid"),
        ),
    ]);
}

#[test]
fn s3_9_the_old_token_stops_at_once() {
    let _covers = covers("2.4 3.9", "19");
    let mut sim = Sim::new();
    let shown = sim.json(&by_id(1, "root"), 201);
    assert_eq!(keys(&shown), ["token", "token_expires_at"], "2.4");
    assert_eq!(shown["token_expires_at"], Value::Null);
    assert_eq!(sim.call(&verify("glrt-one")).status, 403);
    assert_eq!(
        sim.call(&verify(shown["token"].as_str().unwrap())).status,
        200
    );
    assert_eq!(sim.runner(1)["id"], 1, "same runner");
}

#[test]
fn s3_9_expired_tokens_are_reset_by_number_only() {
    let _covers = covers("3.9", "19");
    let mut sim = Sim::new();
    sim.edit(1, json!({ "token_expires_at": noon() - hours(1) }));
    let got = sim.call(&by_token("glrt-one"));
    assert_eq!(
        (got.status, got.json()),
        (403, json!({"message": "403 Forbidden"})),
        "3.18"
    );
    sim.set(json!({ "runner_token_expiration_interval": 3600 }));
    let shown = sim.json(&by_id(1, "root"), 201);
    assert_eq!(
        shown["token_expires_at"], "2026-03-04T13:00:00.250Z",
        "3.9 recomputed"
    );
}

#[test]
fn s3_9_a_deadline_that_has_passed() {
    let _covers = covers("3.9", "17 19");
    fn overdue(sim: &mut Sim) {
        sim.edit(1, json!({ "token_rotation_deadline": noon() - hours(1) }));
    }
    let refused = || error("Token rotation deadline has passed");
    run(vec![
        case("3.9 by number", by_id(1, "root"), 403, refused()).given(overdue),
        case("3.18 by token", by_token("glrt-one"), 403, refused()).given(overdue),
        case("a deadline just now", by_id(1, "root"), 403, refused())
            .given(|sim| sim.edit(1, json!({ "token_rotation_deadline": noon() }))),
        case("a deadline ahead", by_id(1, "root"), 201, Any)
            .given(|sim| sim.edit(1, json!({ "token_rotation_deadline": noon() + hours(1) }))),
    ]);
    let mut sim = Sim::new();
    overdue(&mut sim);
    sim.call(&by_id(1, "root"));
    assert_eq!(sim.runner(1)["token"], "glrt-one", "the token stays");
    sim.set(json!({ "version": "17" }));
    let shown = sim.json(&by_id(1, "root"), 201);
    assert_eq!(
        shown["token"], "glrt-one",
        "3.9 before NEW: 201 with the old token"
    );
}

#[test]
fn s3_18_by_token() {
    let _covers = covers("2.4 3.18", "15.11 19");
    run(vec![
        case(
            "missing",
            post("/runners/reset_authentication_token"),
            400,
            error("token is missing"),
        ),
        case(
            "wrong",
            by_token("glrt-none"),
            403,
            message("403 Forbidden"),
        ),
        case("15.11", by_token("glrt-one"), 201, Any).version(Version::V15_11),
    ]);
    let mut sim = Sim::new();
    let shown = sim.json(&by_token("glrt-one"), 201);
    assert_eq!(keys(&shown), ["token", "token_expires_at"], "2.4");
    let runner = sim.runner(1);
    assert_eq!(runner["token"], shown["token"]);
    assert_eq!(
        runner["managers"][0]["system_id"], "<legacy>",
        "3.18 it heartbeats"
    );
    assert_eq!(sim.call(&by_token("glrt-one")).status, 403);
}

#[test]
fn s3_19_registration_tokens() {
    let _covers = covers("3.19", "15.11 17 19");
    fn off(sim: &mut Sim) {
        sim.set(json!({ "allow_runner_registration_token": null }));
    }
    fn closed(sim: &mut Sim) {
        sim.command(json!({"do": "set_group", "group": 10, "settings": {"allow_runner_registration_token": false}}));
    }
    let instance = |who: &str| post("/runners/reset_registration_token").by(who);
    let group = |who: &str| post("/groups/10/runners/reset_registration_token").by(who);
    let project = |who: &str| post("/projects/20/runners/reset_registration_token").by(who);
    let forbidden = || message("403 Forbidden");
    run(vec![
        case("instance: administrator", instance("root"), 201, Any),
        case("instance: others", instance("owner"), 403, forbidden()),
        case(
            "instance: nobody",
            post("/runners/reset_registration_token"),
            401,
            message("401 Unauthorized"),
        ),
        case("group: Owner", group("owner"), 201, Any),
        case("group: Maintainer", group("maint"), 403, forbidden()),
        case(
            "group: a stranger",
            group("stranger"),
            404,
            message("404 Group Not Found"),
        ),
        case(
            "group: malformed",
            post("/groups/some%20thing/runners/reset_registration_token").by("root"),
            404,
            message("404 Group Not Found"),
        ),
        case("project: Maintainer", project("webmaint"), 201, Any),
        case("project: Owner", project("owner"), 201, Any),
        case("project: Developer", project("dev"), 403, forbidden()),
        case(
            "project: a stranger",
            project("stranger"),
            404,
            message("404 Project Not Found"),
        ),
        case(
            "off by default since 17.0: instance",
            instance("root"),
            403,
            forbidden(),
        )
        .given(off),
        case(
            "off by default since 17.0: group",
            group("owner"),
            403,
            forbidden(),
        )
        .given(off)
        .version(Version::V17),
        case(
            "off by default since 17.0: project",
            project("owner"),
            403,
            forbidden(),
        )
        .given(off),
        case(
            "off in the top-level group",
            group("root"),
            403,
            forbidden(),
        )
        .given(closed),
        case(
            "off above a subgroup",
            post("/groups/11/runners/reset_registration_token").by("owner"),
            403,
            forbidden(),
        )
        .given(closed),
        case("off above a project", project("owner"), 403, forbidden()).given(closed),
        case(
            "which is nothing to the instance",
            instance("root"),
            201,
            Any,
        )
        .given(closed),
        case("on before", instance("root"), 201, Any)
            .given(off)
            .version(Version::V15_11),
        case("which no group could change", group("root"), 201, Any)
            .given(closed)
            .version(Version::V15_11),
    ]);
    for (ask, used) in [
        (instance("root"), "GR-instance"),
        (group("root"), "GR-platform"),
        (project("root"), "GR-web"),
    ] {
        let mut sim = Sim::new();
        let shown = sim.json(&ask, 201);
        assert_eq!(keys(&shown), ["token"], "2.4 only the token");
        let register = |token: &str| post("/runners").form(&format!("token={token}"));
        assert_eq!(
            sim.call(&register(used)).status,
            403,
            "the old one is unknown"
        );
        assert_eq!(
            sim.call(&register(shown["token"].as_str().unwrap())).status,
            201
        );
    }
    run(vec![case(
        "2.4",
        instance("dev"),
        403,
        Is(json!({"message": "403 Forbidden"})),
    )]);
}
