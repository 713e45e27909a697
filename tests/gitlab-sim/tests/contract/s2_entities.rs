//! Contract §2.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{Sim, get, keys, post, put};

const LIST: [&str; 12] = [
    "active",
    "created_at",
    "description",
    "id",
    "ip_address",
    "is_shared",
    "job_execution_status",
    "name",
    "online",
    "paused",
    "runner_type",
    "status",
];

fn without(keys: &[&'static str], gone: &[&str]) -> Vec<&'static str> {
    keys.iter()
        .copied()
        .filter(|key| !gone.contains(key))
        .collect()
}

#[test]
fn s2_1_list_entity() {
    let _covers = covers("2.1 11", "all");
    let list = get("/runners/all").by("root");
    let later = ["created_at", "job_execution_status"];
    for version in Version::ALL {
        let expected = match version {
            Version::V19 => LIST.to_vec(),
            Version::V13_12 => without(
                &LIST,
                &[
                    "created_at",
                    "job_execution_status",
                    "paused",
                    "runner_type",
                ],
            ),
            _ => without(&LIST, &later),
        };
        let shown = Sim::version(version).json(&list, 200);
        assert_eq!(keys(&shown[0]), expected, "2.1 {version}");
    }
    let shown = Sim::new().json(&list, 200);
    assert_eq!(
        shown[0],
        json!({
            "id": 1, "description": "for all", "ip_address": null, "active": true, "paused": false,
            "is_shared": true, "runner_type": "instance_type", "name": null, "online": null,
            "status": "never_contacted", "job_execution_status": "idle",
            "created_at": "2026-03-04T12:00:00.250Z",
        }),
    );
    assert_eq!(shown[1]["is_shared"], false);
}

#[test]
fn s2_1_who_made_a_runner_is_told_since_19_3() {
    let _covers = covers("2.1 2.2", "18.2 19");
    for (version, told) in [(Version::V18_2, false), (Version::V19, true)] {
        let mut sim = Sim::version(version);
        let form = "runner_type=group_type&group_id=10";
        let made = sim.json(&post("/user/runners").by("owner").form(form), 201);
        let rows = sim.json(&get("/runners/all?per_page=100").by("root"), 200);
        let row = rows.as_array().unwrap().last().unwrap().clone();
        let details = sim.json(&get(&format!("/runners/{}", made["id"])).by("root"), 200);
        for shown in [row, details] {
            assert_eq!(shown["created_at"].is_string(), told, "2.1 {version}");
            let creator = shown.get("created_by");
            assert_eq!(creator.is_some(), told, "2.1 {version}");
            if let Some(creator) = creator {
                let fields = [
                    "avatar_url",
                    "id",
                    "locked",
                    "name",
                    "public_email",
                    "state",
                    "username",
                    "web_url",
                ];
                assert_eq!(keys(creator), fields);
                assert_eq!(creator["username"], "owner");
            }
        }
        let by_token = post("/runners").form("token=GR-instance");
        let id = sim.json(&by_token, 201)["id"].clone();
        let shown = sim.json(&get(&format!("/runners/{id}")).by("root"), 200);
        assert!(
            shown.get("created_by").is_none(),
            "2.1 the key is absent, not null"
        );
    }
}

#[test]
fn s2_1_the_address_was_shown_before_17() {
    let _covers = covers("2.1", "15.11 17 19");
    let poll = post("/jobs/request")
        .form("token=glrt-one")
        .from("10.1.2.3");
    for (version, address) in [
        (Version::V15_11, json!("10.1.2.3")),
        (Version::V17, Value::Null),
        (Version::V19, Value::Null),
    ] {
        let mut sim = Sim::version(version);
        sim.call(&poll);
        let shown = sim.json(&get("/runners/1").by("root"), 200);
        assert_eq!(shown["ip_address"], address, "2.1 {version:?}");
    }
}

/// As Rails finds it: backwards through the proxies to the first address that is none.
#[test]
fn s2_5_the_address_behind_proxies() {
    let _covers = covers("2.5", "15.11 17 19");
    for (peer, forwarded, shown) in [
        ("127.0.0.1", vec![], "127.0.0.1"),
        ("127.0.0.1", vec!["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", vec!["203.0.113.7"], "203.0.113.7"),
        ("fd00::1", vec!["2001:db8::7"], "2001:db8::7"),
        ("::1", vec!["203.0.113.7"], "203.0.113.7"),
        ("::ffff:127.0.0.1", vec!["203.0.113.7"], "203.0.113.7"),
        // Whoever comes in directly says of itself what it likes.
        ("198.51.100.1", vec!["203.0.113.7"], "198.51.100.1"),
        ("127.0.0.1", vec!["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
        (
            "127.0.0.1",
            vec!["203.0.113.7, 10.0.0.2,192.168.1.1, 172.16.0.1"],
            "203.0.113.7",
        ),
        ("127.0.0.1", vec!["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
        (
            "127.0.0.1",
            vec!["203.0.113.7, ::1, fc00::5"],
            "203.0.113.7",
        ),
        // All of them are proxies: where it started.
        ("127.0.0.1", vec!["10.0.0.9, 10.0.0.2"], "10.0.0.9"),
        ("127.0.0.1", vec!["unknown, 203.0.113.7, -"], "203.0.113.7"),
        ("127.0.0.1", vec!["nonsense"], "127.0.0.1"),
    ] {
        for version in [Version::V15_11, Version::V17, Version::V19] {
            let mut sim = Sim::version(version);
            let mut poll = post("/jobs/request").form("token=glrt-one").from(peer);
            for value in &forwarded {
                poll = poll.header("x-forwarded-for", value);
            }
            sim.call(&poll);
            let manager = &sim.runner(1)["managers"][0];
            assert_eq!(manager["ip_address"], shown, "2.5 {peer} {forwarded:?}");
            let runner = sim.json(&get("/runners/1").by("root"), 200);
            let expected = if version == Version::V15_11 {
                json!(shown)
            } else {
                Value::Null
            };
            assert_eq!(runner["ip_address"], expected, "2.1 {version:?}");
        }
    }
}

#[test]
fn s2_2_details() {
    let _covers = covers("2.2", "19");
    let more = [
        "access_level",
        "architecture",
        "contacted_at",
        "groups",
        "locked",
        "maintenance_note",
        "maximum_timeout",
        "platform",
        "projects",
        "revision",
        "run_untagged",
        "tag_list",
        "token_expires_at",
        "version",
    ];
    let mut all: Vec<&str> = LIST.iter().copied().chain(more).collect();
    all.sort_unstable();
    let mut sim = Sim::new();
    let shown = sim.json(&get("/runners/4").by("root"), 200);
    assert_eq!(keys(&shown), all);
    assert_eq!(
        keys(&shown["projects"][0]),
        [
            "created_at",
            "description",
            "id",
            "name",
            "name_with_namespace",
            "path",
            "path_with_namespace"
        ],
    );
    assert_eq!(
        shown["projects"][1]["path_with_namespace"],
        "platform/tools/build"
    );
    assert_eq!(
        shown["projects"][1]["name_with_namespace"],
        "platform / tools / build"
    );
    assert_eq!(
        shown["projects"][1]["created_at"], "2026-03-04T12:00:00.250Z",
        "2 milliseconds, Z"
    );
    let group = sim.json(&get("/runners/5").by("root"), 200)["groups"].clone();
    assert_eq!(
        group,
        json!([{"id": 11, "name": "tools", "web_url": "http://gitlab.example.com/groups/platform/tools"}]),
    );
}

#[test]
fn s2_2_put_has_no_projects_since_new() {
    let _covers = covers("2.2", "15.11 17 19");
    let edit = put("/runners/4").by("root").form("paused=1");
    assert!(Sim::new().json(&edit, 200).get("projects").is_none());
    for version in [Version::V15_11, Version::V17] {
        assert_eq!(
            Sim::version(version).json(&edit, 200)["projects"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }
    let bare = get("/runners/4?include_projects=false").by("root");
    assert!(Sim::new().json(&bare, 200).get("projects").is_none());
    assert!(
        Sim::version(Version::V17)
            .json(&bare, 200)
            .get("projects")
            .is_some(),
        "undeclared, ignored"
    );
}

#[test]
fn s2_2_others_than_administrators_see_their_own_projects_and_groups() {
    let _covers = covers("2.2", "19");
    let mut sim = Sim::new();
    let shown = sim.json(&get("/runners/4").by("buildmaint"), 200);
    assert_eq!(shown["projects"].as_array().unwrap().len(), 1);
    assert_eq!(shown["projects"][0]["id"], 21);
    let shown = sim.json(&get("/runners/2").by("buildmaint"), 200);
    assert_eq!(shown["groups"], json!([]));
    let shown = sim.json(&get("/runners/2").by("maint"), 200);
    assert_eq!(shown["groups"][0]["id"], 10);
}

#[test]
fn s2_2_the_note_is_shown_since_16_10_and_hidden_from_readers_since_new() {
    let _covers = covers("2.2 11", "all");
    for version in Version::ALL {
        for who in ["maint", "owner"] {
            let mut sim = Sim::version(version);
            sim.edit(2, json!({ "maintenance_note": "ask ops" }));
            let got = sim.call(&get("/runners/2").by(who));
            // A group's Maintainer reads nothing of it in 13 and 15.2.
            let readable = who == "owner" || version >= Version::V15_11;
            assert_eq!(got.status == 200, readable, "11 {version} {who}");
            let hidden = who == "maint" && version >= Version::V19;
            let expected = match version {
                _ if !readable || version < Version::V16_10 => None,
                _ if hidden => Some(Value::Null),
                _ => Some(json!("ask ops")),
            };
            let shown = got.json().get("maintenance_note").cloned();
            assert_eq!(shown, expected, "2.2 {version} {who}");
        }
    }
}

#[test]
fn s2_2_when_the_token_ends_is_told_after_19_3() {
    let _covers = covers("2.2", "all");
    let end = "2026-06-01T00:00:00Z";
    for version in Version::ALL {
        let mut sim = Sim::version(version);
        let read = get("/runners/2").by("owner");
        let expected = (version >= Version::V19).then_some(Value::Null);
        let shown = sim.json(&read, 200).get("token_expires_at").cloned();
        assert_eq!(
            shown, expected,
            "2.2 {version} null is never, absent is unknown"
        );
        sim.edit(2, json!({ "token_expires_at": end }));
        let expected = (version >= Version::V19).then(|| json!("2026-06-01T00:00:00.000Z"));
        let shown = sim.json(&read, 200).get("token_expires_at").cloned();
        assert_eq!(shown, expected, "2.2 {version}");
        let rows = sim.json(&get("/runners/all").by("root"), 200);
        assert!(
            rows[1].get("token_expires_at").is_none(),
            "2.2 not in lists"
        );
    }
}

#[test]
fn s2_2_version_is_that_of_the_manager_heard_of_last() {
    let _covers = covers("2.2", "19");
    let mut sim = Sim::new();
    for (id, version) in [("a", "17.1.0"), ("b", "18.2.0"), ("a", "17.1.1")] {
        sim.command(json!({"do": "contact", "runner": 1, "manager": {
            "system_id": id, "version": version, "revision": "abc", "platform": "linux",
            "architecture": "amd64"}}));
        sim.later(jiff::SignedDuration::from_secs(1));
    }
    let shown = sim.json(&get("/runners/1").by("root"), 200);
    assert_eq!(shown["version"], "17.1.1");
    assert_eq!(shown["platform"], "linux");
    assert_eq!(shown["contacted_at"], "2026-03-04T12:00:02.250Z");
}

#[test]
fn s2_3_registration_has_exactly_three_keys() {
    let _covers = covers("2.3", "19");
    let mut sim = Sim::new();
    for (ask, status) in [
        (post("/runners").form("token=GR-instance"), 201),
        (
            post("/user/runners")
                .by("root")
                .form("runner_type=instance_type"),
            201,
        ),
        (post("/runners/verify").form("token=glrt-one"), 200),
    ] {
        let shown = sim.json(&ask, status);
        assert_eq!(keys(&shown), ["id", "token", "token_expires_at"]);
        assert!(shown["id"].is_u64(), "2.3 an integer");
        assert_eq!(shown["token_expires_at"], Value::Null);
    }
}

#[test]
fn s2_5_managers() {
    let _covers = covers("2.5", "17 19");
    let mut sim = Sim::new();
    sim.command(json!({"do": "contact", "runner": 1, "manager": {
        "system_id": "s_1", "version": "18.0.0", "ip_address": "10.9.8.7"}}));
    let shown = sim.json(&get("/runners/1/managers").by("guest"), 200);
    assert_eq!(
        shown,
        json!([{
            "id": 1, "system_id": "s_1", "version": "18.0.0", "revision": null, "platform": null,
            "architecture": null, "created_at": "2026-03-04T12:00:00.250Z",
            "contacted_at": "2026-03-04T12:00:00.250Z", "ip_address": "10.9.8.7",
            "status": "online", "job_execution_status": "idle",
        }]),
        "2.5 the real address; instance runners' are anybody's to read",
    );
    sim.set(json!({ "version": "17" }));
    let shown = sim.json(&get("/runners/1/managers").by("guest"), 200);
    assert!(shown[0].get("job_execution_status").is_none());
}
