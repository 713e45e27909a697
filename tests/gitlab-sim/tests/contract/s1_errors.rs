//! Contract §1.3: the catalogue of refusals that no endpoint's own table has.
use gitlab_sim::Version;
use http::Method;
use jiff::SignedDuration;
use serde_json::json;

use crate::covers::covers;
use crate::harness::{
    Any, Empty, Sim, UNREADABLE_JSON, ask, case, delete, error, get, message, post, put, run,
};

#[test]
fn s1_3_routes_and_numbers() {
    let _covers = covers("1.3", "15.11 17 19");
    run(vec![
        case(
            "1.3 404 no such route",
            get("/nothing").by("root"),
            404,
            error("404 Not Found"),
        ),
        case(
            "1.3 404 before 401",
            get("/nothing"),
            404,
            error("404 Not Found"),
        ),
        case(
            "1.3 410 v3",
            get("/api/v3/runners"),
            410,
            error("API V3 is no longer supported. Use API V4 instead."),
        ),
        case(
            "3.10 the `/all` of projects does not exist",
            get("/projects/20/runners/all").by("root"),
            404,
            error("404 Not Found"),
        ),
        case(
            "3.11 the `/all` of groups does not exist",
            get("/groups/10/runners/all").by("root"),
            404,
            error("404 Not Found"),
        ),
        case(
            "1.3 404 runner, NEW",
            get("/runners/99").by("root"),
            404,
            message("404 Runner Not Found"),
        ),
        case(
            "1.3 404 runner, 17",
            get("/runners/99").by("root"),
            404,
            message("404 Not found"),
        )
        .version(Version::V17),
        case(
            "1.3 404 runner, 15.11",
            put("/runners/99").by("root").form("paused=1"),
            404,
            message("404 Not found"),
        )
        .version(Version::V15_11),
        case(
            "1.3 404 delete, NEW",
            delete("/runners/99").by("root"),
            404,
            message("404 Runner Not Found"),
        ),
        case(
            "1.3 404 project",
            get("/projects/99/runners").by("root"),
            404,
            message("404 Project Not Found"),
        ),
        case(
            "1.3 404 invisible project",
            get("/projects/20/runners").by("stranger"),
            404,
            message("404 Project Not Found"),
        ),
        case(
            "1.3 404 group",
            get("/groups/99/runners").by("root"),
            404,
            message("404 Group Not Found"),
        ),
        case(
            "1.3 404 invisible group",
            get("/groups/10/runners").by("stranger"),
            404,
            message("404 Group Not Found"),
        ),
        case(
            "1.3 400 id",
            get("/runners/x").by("root"),
            400,
            error("id is invalid"),
        ),
        case(
            "1.3 404 a method that the path does not have",
            ask(Method::PATCH, "/runners/1").by("root"),
            404,
            error("404 Not Found"),
        ),
        case(
            "slashes more than one",
            get("/api/v4//runners//1/").by("root"),
            200,
            Any,
        ),
        case(
            "HEAD is GET without a body",
            ask(Method::HEAD, "/runners/1").by("root"),
            200,
            Empty,
        ),
        case(
            "HEAD refuses like GET",
            ask(Method::HEAD, "/runners/99").by("root"),
            404,
            Empty,
        ),
    ]);
}

#[test]
fn s1_3_the_order_is_credential_then_parameters_then_record() {
    let _covers = covers("1.3", "19");
    run(vec![
        case(
            "401 before 400",
            put("/runners/x"),
            401,
            message("401 Unauthorized"),
        ),
        case("400 before 404", put("/runners/99").by("root"), 400, Any),
        case(
            "404 before 403",
            put("/runners/99").by("dev").form("paused=1"),
            404,
            Any,
        ),
        case(
            "a body that is no JSON comes first of all",
            put("/runners/1").body("application/json", "{"),
            400,
            error(UNREADABLE_JSON),
        ),
    ]);
}

#[test]
fn s1_3_unmodified_since() {
    let _covers = covers("1.3", "19");
    let at = |text: &str| {
        delete("/runners/1")
            .by("root")
            .header("if-unmodified-since", text)
    };
    run(vec![
        case(
            "412 older than the record",
            at("Wed, 04 Mar 2026 11:59:59 GMT"),
            412,
            message("412 Precondition Failed"),
        ),
        case(
            "a fraction of a second older",
            at("Wed, 04 Mar 2026 12:00:00 GMT"),
            412,
            Any,
        ),
        case(
            "the very moment will do",
            at("2026-03-04T12:00:00.250Z"),
            204,
            Empty,
        ),
        case(
            "a second later",
            at("Wed, 04 Mar 2026 12:00:01 GMT"),
            204,
            Empty,
        ),
        case("an unreadable date is ignored", at("yesterday"), 204, Empty),
        case("an empty one too", at(""), 204, Empty),
        case(
            "3.6 PUT ignores it",
            put("/runners/1")
                .by("root")
                .form("paused=1")
                .header("if-unmodified-since", "Wed, 04 Mar 2020 12:00:00 GMT"),
            200,
            Any,
        ),
        case(
            "3.13 unassign",
            delete("/projects/21/runners/4")
                .by("root")
                .header("if-unmodified-since", "Wed, 04 Mar 2020 12:00:00 GMT"),
            412,
            Any,
        ),
        case(
            "3.15 by token",
            delete("/runners")
                .form("token=glrt-one")
                .header("if-unmodified-since", "Wed, 04 Mar 2020 12:00:00 GMT"),
            412,
            Any,
        ),
    ]);
}

/// GitLab reads the date with Ruby's `Time.parse`; its own specs send the first two.
#[test]
fn s1_3_unmodified_since_reads_what_ruby_reads() {
    let _covers = covers("1.3", "19");
    // The runner was made at 2026-03-04T12:00:00.250Z.
    for (text, status) in [
        ("1990-01-12T00:00:48-0600", 412),
        ("2026-07-09 12:00:00 +0000", 204),
        ("Wed, 04 Mar 2026 12:00:00 GMT", 412),
        ("Wed, 04 Mar 2026 12:00:01 GMT", 204),
        ("Wednesday, 04-Mar-26 12:00:00 GMT", 412),
        ("Wednesday, 04-Mar-26 12:00:01 GMT", 204),
        ("Wed Mar  4 12:00:00 2026", 412),
        ("Wed Mar  4 12:00:01 2026", 204),
        ("Wed, 04 Mar 2026 13:00:00 +0100", 412),
        ("Wed, 04 Mar 2026 13:00:01 +0100", 204),
        ("Mon, 04 Mar 2026 07:00:00 -0500", 412),
        ("4 Mar 2026 12:00:01 +0000", 204),
        ("2026-03-04T12:00:00Z", 412),
        ("2026-03-04T12:00:01Z", 204),
        ("2026-03-04 12:00:00 UTC", 412),
        ("2026-03-04 12:00:01 UTC", 204),
        ("2026-03-04T06:00:00-06:00", 412),
        ("2026-03-04T06:00:01-06:00", 204),
        ("2026-03-04 06:00:00 -06:00", 412),
        ("2026-03-04 06:00:01 -0600", 204),
        ("2026-03-04T12:00:00.249Z", 412),
        ("2026-03-04T12:00:00.250Z", 204),
        ("2026-03-04 12:00:00.251 +0000", 204),
        ("2026-03-04T12:00:00", 412),
        ("2026-03-04 12:00:01", 204),
        ("2026-03-04T12:00", 412),
        ("2026-03-04 12:01", 204),
        ("2026-03-04", 412),
        ("2026-03-05", 204),
        // Not a time: the request goes on.
        ("yesterday", 204),
        ("1990-13-45", 204),
        ("1990-01-12T25:00:00Z", 204),
        ("Wed, 99 Mar 1990 12:00:00 GMT", 204),
        ("7", 204),
    ] {
        let mut sim = Sim::new();
        let ask = delete("/runners/1")
            .by("root")
            .header("if-unmodified-since", text);
        assert_eq!(sim.call(&ask).status, status, "1.3 {text}");
    }
}

/// Each record is compared by its own time, and not by that of what belongs to it.
#[test]
fn s1_3_unmodified_since_when_a_record_changed() {
    let _covers = covers("1.3", "19");
    let at_noon = "2026-03-04T12:00:01Z";
    let mut sim = Sim::new();
    sim.later(SignedDuration::from_secs(60));
    sim.json(&put("/runners/4").by("root").form("paused=1"), 200);
    let assign = post("/projects/21/runners").by("root").form("runner_id=3");
    sim.json(&assign, 201);
    sim.command(json!({"do": "contact", "runner": 1, "manager": {"system_id": "s1"}}));
    sim.later(SignedDuration::from_secs(60));
    sim.command(json!({"do": "contact", "runner": 1, "manager": {"system_id": "s1"}}));
    let manager = || delete("/runners/managers").form("token=glrt-one&system_id=s1");
    for (name, ask, since, status) in [
        (
            "3.13 an association that is older than the runner's last change",
            delete("/projects/21/runners/4").by("root"),
            at_noon,
            204,
        ),
        (
            "3.13 an association that is younger than its runner",
            delete("/projects/21/runners/3").by("root"),
            at_noon,
            412,
        ),
        (
            "3.13 at the same time",
            delete("/projects/21/runners/3").by("root"),
            "2026-03-04T12:01:00.250Z",
            204,
        ),
        (
            "3.12 an assignment changes no runner",
            delete("/runners/3").by("root"),
            at_noon,
            204,
        ),
        (
            "3.7 what was edited is newer",
            delete("/runners/4").by("root"),
            at_noon,
            412,
        ),
        (
            "3.15 a contact changes no runner",
            delete("/runners").form("token=glrt-one"),
            at_noon,
            204,
        ),
        ("3.16 a manager made later", manager(), at_noon, 412),
        (
            "3.16 a contact changes no manager",
            manager(),
            "2026-03-04T12:01:00.250Z",
            204,
        ),
        (
            "3.16 404 comes first",
            delete("/runners/managers").form("token=glrt-one&system_id=s2"),
            at_noon,
            404,
        ),
    ] {
        let mut sim = sim.clone();
        let ask = ask.header("if-unmodified-since", since);
        assert_eq!(sim.call(&ask).status, status, "{name}");
    }
}

#[test]
fn s1_3_migrations_hold_up_runners_only() {
    let _covers = covers("1.3", "19");
    fn migrating(sim: &mut Sim) {
        sim.set(json!({ "database_migrations_running": true }));
    }
    let wait = || message("Executing database migrations. Please retry later.");
    run(vec![
        case(
            "register",
            post("/runners").form("token=GR-instance"),
            429,
            wait(),
        )
        .given(migrating),
        case(
            "delete",
            delete("/runners").form("token=glrt-one"),
            429,
            wait(),
        )
        .given(migrating),
        case(
            "verify",
            post("/runners/verify").form("token=glrt-one"),
            429,
            wait(),
        )
        .given(migrating),
        case(
            "reset by token",
            post("/runners/reset_authentication_token").form("token=glrt-one"),
            429,
            wait(),
        )
        .given(migrating),
        case(
            "jobs",
            post("/jobs/request").form("token=glrt-one"),
            429,
            wait(),
        )
        .given(migrating),
        case(
            "users are not held up",
            get("/runners/1").by("root"),
            200,
            Any,
        )
        .given(migrating),
        case(
            "nor is creation by a user",
            post("/user/runners")
                .by("root")
                .form("runner_type=instance_type"),
            201,
            Any,
        )
        .given(migrating),
    ]);
    let mut sim = Sim::new();
    migrating(&mut sim);
    let got = sim.call(&post("/runners/verify").form("token=glrt-one"));
    assert_eq!(got.header("retry-after"), Some("60"));
}

#[test]
fn s1_3_orphans_between_17_9_and_18_0() {
    let _covers = covers("1.3", "15.11 17 19");
    fn orphan(sim: &mut Sim) {
        sim.edit(3, json!({ "projects": [] }));
    }
    fn tolerant(sim: &mut Sim) {
        orphan(sim);
        sim.set(json!({ "reject_orphaned_runners": false }));
    }
    let verify = || post("/runners/verify").form("token=glrt-three");
    run(vec![
        case(
            "1.3 403 with the flag",
            verify(),
            403,
            message("403 Forbidden - Runner is orphaned"),
        )
        .given(orphan)
        .version(Version::V17),
        case(
            "1.3 422 without",
            verify(),
            422,
            message("Runner is orphaned"),
        )
        .given(tolerant)
        .version(Version::V17),
        case("1.3 neither since", verify(), 200, Any).given(orphan),
        case("1.3 nor before", verify(), 200, Any)
            .given(orphan)
            .version(Version::V15_11),
    ]);
}

#[test]
fn s1_3_json_is_said_to_be_json() {
    let _covers = covers("1.3", "19");
    let mut sim = Sim::new();
    for ask in [
        get("/runners/1").by("root"),
        get("/runners/1"),
        get("/none"),
    ] {
        let got = sim.call(&ask);
        assert_eq!(
            got.header("content-type"),
            Some("application/json"),
            "{}",
            got.text
        );
    }
    let got = sim.call(&delete("/runners/1").by("root"));
    assert_eq!((got.status, got.header("content-type")), (204, None));
}
