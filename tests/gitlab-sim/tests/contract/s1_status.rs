//! Contract §1.7.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{Ids, Sim, case, get, hours, noon, post, run};

fn contacted(sim: &mut Sim, hours_ago: i64) {
    sim.edit(1, json!({ "created_at": noon() - hours(24 * 365), "contacted_at": noon() - hours(hours_ago) }));
}

fn shown(sim: &mut Sim) -> (Value, Value) {
    let shown = sim.json(&get("/runners/1").by("root"), 200);
    (shown["status"].clone(), shown["online"].clone())
}

#[test]
fn s1_7_the_first_word_that_fits() {
    let _covers = covers("1.7", "19");
    // (created days ago, contacted hours ago, paused) -> (status, online)
    let cases = [
        ("never", 0, None, false, "never_contacted", Value::Null),
        (
            "a paused one that never contacted",
            0,
            None,
            true,
            "never_contacted",
            Value::Null,
        ),
        ("never, for a week", 7, None, false, "stale", Value::Null),
        ("just now", 9, Some(0), false, "online", json!(true)),
        ("1 h ago", 9, Some(1), false, "online", json!(true)),
        (
            "2 h ago is not newer than 2 h",
            9,
            Some(2),
            false,
            "offline",
            json!(false),
        ),
        ("paused", 9, Some(0), true, "paused", json!(true)),
        (
            "paused and offline",
            9,
            Some(3),
            true,
            "paused",
            json!(false),
        ),
        (
            "silent for a week",
            9,
            Some(24 * 7),
            false,
            "stale",
            json!(false),
        ),
        (
            "a paused stale one",
            9,
            Some(24 * 7),
            true,
            "stale",
            json!(false),
        ),
        (
            "too young to be stale",
            6,
            Some(24 * 7),
            false,
            "offline",
            json!(false),
        ),
    ];
    for (name, created, contact, paused, status, online) in cases {
        let mut sim = Sim::new();
        sim.edit(
            1,
            json!({ "created_at": noon() - hours(24 * created), "paused": paused }),
        );
        if let Some(ago) = contact {
            sim.edit(1, json!({ "contacted_at": noon() - hours(ago) }));
        }
        assert_eq!(shown(&mut sim), (json!(status), online), "1.7 {name}");
    }
}

#[test]
fn s1_7_stale_took_three_months_once() {
    let _covers = covers("1.7", "15.11");
    let mut sim = Sim::version(Version::V15_11);
    contacted(&mut sim, 24 * 8);
    assert_eq!(shown(&mut sim).0, json!("offline"));
    contacted(&mut sim, 24 * 91);
    assert_eq!(shown(&mut sim).0, json!("stale"));
}

#[test]
fn s1_7_filters() {
    let _covers = covers("1.7", "19");
    fn world(sim: &mut Sim) {
        sim.edit(1, json!({ "contacted_at": noon() }));
        sim.edit(
            2,
            json!({ "contacted_at": noon() - hours(3), "paused": true }),
        );
        sim.edit(
            3,
            json!({ "created_at": noon() - hours(24 * 8), "contacted_at": noon() - hours(24 * 7) }),
        );
        sim.edit(4, json!({ "created_at": noon() - hours(24 * 8) }));
    }
    let list = |query: &str| get(&format!("/runners/all?{query}")).by("root");
    run([
        ("status=online", vec![1]),
        ("status=offline", vec![2, 3]),
        ("status=stale", vec![3, 4]),
        ("status=never_contacted", vec![4, 5]),
        ("status=paused", vec![2]),
        ("status=active", vec![1, 3, 4, 5]),
        ("paused=true", vec![2]),
        ("paused=false", vec![1, 3, 4, 5]),
        ("scope=online", vec![1]),
        ("scope=paused", vec![2]),
        ("status=offline&paused=false", vec![3]),
    ]
    .into_iter()
    .map(|(query, ids)| case("1.7 filter", list(query), 200, Ids(ids)).given(world))
    .collect());
}

#[test]
fn s1_7_replies_show_the_cached_contact_and_filters_the_stored_one() {
    let _covers = covers("1.7", "19");
    let mut sim = Sim::new();
    let poll = post("/jobs/request").send(json!({"token": "glrt-one", "system_id": "s"}));
    let online = get("/runners/all?status=online").by("root");
    assert_eq!(sim.call(&poll).status, 204);
    let stored = sim.runner(1)["stored_contacted_at"].clone();
    sim.later(hours(0) + jiff::SignedDuration::from_mins(39));
    sim.call(&poll);
    assert_eq!(
        sim.runner(1)["stored_contacted_at"],
        stored,
        "not written within 40 minutes"
    );
    assert_ne!(sim.runner(1)["contacted_at"], stored, "but cached");
    sim.later(jiff::SignedDuration::from_mins(90));
    assert_eq!(
        shown(&mut sim).0,
        json!("online"),
        "39 + 90 minutes: 90 since the cached contact"
    );
    assert_eq!(
        sim.json(&online, 200),
        json!([]),
        "and yet no filter finds it"
    );
    sim.call(&poll);
    assert_eq!(
        sim.json(&online, 200).as_array().unwrap().len(),
        1,
        "older than 55 minutes: written"
    );
}

#[test]
fn s1_7_creation_state() {
    let _covers = covers("1.7", "15.11 17 19");
    for (version, after_verify, after_job) in [
        (Version::V15_11, "started", "finished"),
        (Version::V17, "started", "finished"),
        (Version::V19, "started", "finished"),
    ] {
        let mut sim = Sim::version(version);
        sim.json(&post("/runners/verify").form("token=glrt-one"), 200);
        assert_eq!(sim.runner(1)["creation_state"], after_verify, "{version:?}");
        sim.call(&post("/jobs/request").form("token=glrt-one"));
        assert_eq!(sim.runner(1)["creation_state"], after_job, "{version:?}");
    }
}
