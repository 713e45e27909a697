//! Contract §10: a server that does not write.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{
    Any, Ask, Case, Empty, Has, Ids, Sim, ask, case, delete, get, message, post, put, run,
};

const READ_ONLY: &str = "You cannot perform write operations on a read-only instance";

fn maintenance(sim: &mut Sim) {
    sim.set(json!({ "maintenance_mode": true }));
}

fn database(sim: &mut Sim) {
    sim.set(json!({ "database_read_only": true }));
}

fn typed(ask: Ask) -> Ask {
    ask.header("content-type", "application/json")
}

fn every_write(status: u16, text: &'static str, given: fn(&mut Sim)) -> Vec<Case> {
    let refused = |name, ask: Ask| case(name, typed(ask), status, message(text)).given(given);
    vec![
        refused("a creation", post("/user/runners").by("root")),
        refused("a change", put("/runners/1").by("root")),
        refused("a deletion", delete("/runners/1").by("root")),
        refused(
            "a reset",
            post("/runners/1/reset_authentication_token").by("root"),
        ),
        refused("before anybody is asked who it is", put("/runners/1")),
        refused("before a path is looked for", post("/nonsense")),
        refused("a runner that polls", post("/jobs/request")),
        refused("a runner that registers", post("/runners")),
        refused("a runner that verifies its token", post("/runners/verify")),
        case("a read goes on", get("/runners/1").by("root"), 200, Any).given(given),
        case(
            "GraphQL is let through",
            post("/api/graphql")
                .by("root")
                .send(json!({ "query": "{ __typename }" })),
            200,
            Any,
        )
        .given(given),
    ]
}

#[test]
fn s10_maintenance_mode() {
    let _covers = covers("10", "19");
    let unavailable = "GitLab Maintenance: system is in maintenance mode";
    run(every_write(503, unavailable, maintenance));
    let mut sim = Sim::new();
    maintenance(&mut sim);
    let got = sim.call(&typed(delete("/runners/1").by("root")));
    assert_eq!(got.header("retry-after"), Some("60"));
}

#[test]
fn s10_maintenance_mode_by_release() {
    let _covers = covers("10", "all");
    let mut rows = Vec::new();
    for version in Version::ALL {
        let (status, text) = if version >= Version::V18_2 {
            (503, "GitLab Maintenance: system is in maintenance mode")
        } else {
            (403, READ_ONLY)
        };
        let ask = typed(post("/runners/verify"));
        rows.push(
            case("by release", ask, status, message(text))
                .version(version)
                .given(maintenance),
        );
    }
    run(rows);
}

#[test]
fn s10_a_database_that_is_read_only() {
    let _covers = covers("10", "all");
    let rows = every_write(403, READ_ONLY, database);
    run(rows.into_iter().map(Case::always).collect());
}

/// What is not said to be JSON is sent back to where it came from, as a browser would be.
#[test]
fn s10_what_is_not_json_is_sent_elsewhere() {
    let _covers = covers("10", "19");
    let start_page = "http://gitlab.example.com/";
    let asks = [
        ("no body and no type", delete("/runners/1").by("root")),
        ("a form", put("/runners/1").by("root").form("paused=1")),
        (
            "a reset",
            post("/runners/1/reset_authentication_token").by("root"),
        ),
    ];
    for given in [maintenance as fn(&mut Sim), database] {
        for (name, ask) in asks.clone() {
            let mut sim = Sim::new();
            given(&mut sim);
            let got = sim.call(&ask);
            assert_eq!((got.status, got.text.as_str()), (301, ""), "10 {name}");
            assert_eq!(got.header("location"), Some(start_page), "10 {name}");
            let got = sim.call(&ask.header("referer", "https://there.example/page"));
            let there = Some("https://there.example/page");
            assert_eq!(got.header("location"), there, "10 {name}");
        }
    }
    let mut sim = Sim::new();
    maintenance(&mut sim);
    let typed = delete("/runners/1").by("root");
    let typed = typed.header("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(
        sim.call(&typed).status,
        503,
        "10 with parameters of the type"
    );
    assert_ne!(sim.runner(1), Value::Null, "10 and nothing was done");
}

fn for_a_time(sim: &mut Sim) {
    sim.command(json!({ "do": "set_organization", "organization": 1, "read_only": "for_a_time" }));
}

fn for_good(sim: &mut Sim) {
    sim.command(json!({ "do": "set_organization", "organization": 1, "read_only": "for_good" }));
}

fn the_other_for_good(sim: &mut Sim) {
    sim.command(json!({ "do": "set_organization", "organization": 2, "read_only": "for_good" }));
}

#[test]
fn s10_an_organisation_that_is_read_only() {
    let _covers = covers("10", "18.2 19");
    let later = || {
        message(
            "This organization is currently in read-only mode. Write operations are temporarily \
             disabled.",
        )
    };
    let never = || {
        message(
            "403 Forbidden - This organization is currently in read-only mode. Write operations \
             are disabled.",
        )
    };
    let create = || {
        post("/user/runners")
            .by("root")
            .send(json!({ "runner_type": "instance_type" }))
    };
    run(vec![
        case("for a time", create(), 503, later()).given(for_a_time),
        case("for good", create(), 403, never()).given(for_good),
        case(
            "a deletion without a type",
            delete("/runners/1").by("root"),
            403,
            never(),
        )
        .given(for_good),
        case(
            "after authentication",
            post("/user/runners"),
            401,
            message("401 Unauthorized"),
        )
        .given(for_good),
        case(
            "a read goes on",
            get("/runners/all").by("root"),
            200,
            Ids(vec![1, 2, 3, 4, 5]),
        )
        .given(for_good),
        case(
            "a runner's own calls go on",
            delete("/runners").form("token=glrt-one"),
            204,
            Empty,
        )
        .given(for_good),
        case(
            "where a project of it is looked up",
            post("/projects/22/runners").by("root").form("runner_id=3"),
            403,
            never(),
        )
        .given(the_other_for_good),
        case(
            "where a group of it is looked up",
            post("/groups/12/runners/reset_registration_token").by("root"),
            403,
            never(),
        )
        .given(the_other_for_good),
        case(
            "another goes on",
            put("/runners/3").by("root").form("paused=1"),
            200,
            Has(json!({})),
        )
        .given(the_other_for_good),
        case(
            "and is read",
            get("/projects/22/runners").by("root"),
            200,
            Any,
        )
        .given(the_other_for_good),
        case("not before", create(), 201, Any)
            .version(Version::V18_2)
            .given(for_good),
    ]);
    let mut sim = Sim::new();
    for_a_time(&mut sim);
    assert_eq!(sim.call(&create()).header("retry-after"), Some("60"));
    sim.command(json!({ "do": "set_organization", "organization": 1 }));
    assert_eq!(sim.call(&create()).status, 201, "10 and open again");
    let unknown = json!({ "do": "set_organization", "organization": 9 });
    let refused = sim.try_command(unknown).unwrap_err();
    assert_eq!(refused, "there is no organization 9");
}

#[test]
fn s10_options_are_no_write() {
    let _covers = covers("10", "19");
    run(vec![
        case(
            "OPTIONS",
            ask(http::Method::OPTIONS, "/runners/1"),
            204,
            Empty,
        )
        .given(maintenance),
    ]);
}
