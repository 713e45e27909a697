//! Contract §4.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{Ask, Sim, get, hours, noon, post};

fn create(body: &str) -> Ask {
    post("/user/runners").by("root").form(body)
}

#[test]
fn s4_ownership_moves_to_the_next_oldest_project() {
    let _covers = covers("4", "17 18.2 19");
    for version in [Version::V17, Version::V18_2, Version::V19] {
        let mut sim = Sim::version(version);
        sim.command(json!({"do": "delete_project", "project": "platform/web"}));
        assert_eq!(
            sim.runner(4)["projects"],
            json!(["platform/tools/build"]),
            "4 moved"
        );
        let unassign = crate::harness::delete("/projects/21/runners/4").by("root");
        assert!(
            sim.call(&unassign).text.contains("owner project"),
            "4 the new owner stays"
        );
        assert_eq!(sim.call(&get("/projects/20").by("root")).status, 404);
        let alone = sim.call(&get("/runners/3").by("root"));
        if version < Version::V19 {
            assert_eq!(alone.status, 404, "4 nothing left");
        } else {
            assert_eq!(
                alone.json()["projects"],
                json!([]),
                "4 since 18.4 an orphan"
            );
        }
    }
}

#[test]
fn s4_a_group_takes_everything_below_along() {
    let _covers = covers("4", "19");
    let mut sim = Sim::new();
    sim.command(json!({"do": "delete_group", "group": "platform/tools"}));
    assert_eq!(sim.runner(5), Value::Null);
    assert_eq!(sim.runner(4)["projects"], json!(["platform/web"]));
    assert_eq!(sim.runner(2)["id"], 2);
    sim.command(json!({"do": "delete_group", "group": "platform"}));
    assert_eq!(sim.runner(2), Value::Null);
    for id in [3, 4] {
        assert_eq!(sim.runner(id)["projects"], json!([]), "orphans since 18.4");
    }
    assert_eq!(sim.runner(1)["id"], 1);
}

#[test]
fn s4_tokens_expire_by_the_shortest_interval() {
    let _covers = covers("4", "19");
    let at = |hour: i64| json!(format!("2026-03-04T{:02}:00:00.250Z", 12 + hour));
    let hour = |hours: i64| hours * 3600;
    let mut sim = Sim::new();
    let group = create("runner_type=group_type&group_id=11");
    let project = create("runner_type=project_type&project_id=21");
    let expiry = |sim: &mut Sim, ask: &Ask| sim.json(ask, 201)["token_expires_at"].clone();
    assert_eq!(expiry(&mut sim, &group), Value::Null, "4 none set");
    sim.set(json!({
        "runner_token_expiration_interval": hour(1),
        "group_runner_token_expiration_interval": hour(6),
        "project_runner_token_expiration_interval": hour(7),
    }));
    assert_eq!(
        expiry(&mut sim, &create("runner_type=instance_type")),
        at(1)
    );
    assert_eq!(expiry(&mut sim, &group), at(6));
    assert_eq!(expiry(&mut sim, &project), at(7));
    sim.command(json!({"do": "set_group", "group": 10, "settings": {
        "runner_token_expiration_interval": hour(1),
        "project_runner_token_expiration_interval": hour(4)}}));
    assert_eq!(
        expiry(&mut sim, &group),
        at(6),
        "4 not inherited by subgroups"
    );
    sim.command(json!({"do": "set_group", "group": 10, "settings": {
        "subgroup_runner_token_expiration_interval": hour(5)}}));
    assert_eq!(
        expiry(&mut sim, &group),
        at(5),
        "4 what it has for subgroups is"
    );
    let above = create("runner_type=group_type&group_id=10");
    assert_eq!(
        expiry(&mut sim, &above),
        at(1),
        "4 its own runners have its own"
    );
    sim.command(json!({"do": "set_group", "group": 11, "settings": {
        "runner_token_expiration_interval": hour(3),
        "subgroup_runner_token_expiration_interval": hour(2)}}));
    assert_eq!(expiry(&mut sim, &group), at(3), "4 the smallest of them");
    assert_eq!(expiry(&mut sim, &project), at(4));
    sim.command(json!({"do": "set_project", "project": 21, "settings": {
        "runner_token_expiration_interval": hour(9)}}));
    assert_eq!(expiry(&mut sim, &project), at(4), "4 the smallest applies");
    sim.command(json!({"do": "set_project", "project": 21, "settings": {
        "runner_token_expiration_interval": hour(2)}}));
    let reset = post("/runners/4/reset_authentication_token").by("root");
    assert_eq!(
        expiry(&mut sim, &reset),
        at(2),
        "4 the smallest of all of its projects, not only of the owner"
    );
}

#[test]
fn s4_an_expired_token_is_403_everywhere_and_the_row_stays() {
    let _covers = covers("4", "19");
    let mut sim = Sim::new();
    sim.set(json!({ "runner_token_expiration_interval": 3600 }));
    let made = sim.json(&create("runner_type=instance_type"), 201);
    let token = made["token"].as_str().unwrap().to_owned();
    let asks = [
        "/runners/verify",
        "/runners/reset_authentication_token",
        "/jobs/request",
    ];
    sim.later(hours(1));
    for path in asks {
        let ask = post(path).form(&format!("token={token}"));
        assert_eq!(sim.call(&ask).status, 403, "4 {path}");
    }
    assert_eq!(
        sim.call(&get(&format!("/runners/{}", made["id"])).by("root"))
            .status,
        200
    );
}

#[test]
fn s4_null_empties_what_can_be_empty() {
    let _covers = covers("4", "19");
    let mut sim = Sim::new();
    let full = json!({
        "description": "d", "maintenance_note": "n", "maximum_timeout": 600,
        "token_expires_at": noon(), "token_rotation_deadline": noon(),
        "contacted_at": noon(), "stored_contacted_at": noon(),
    });
    let fields = full.as_object().unwrap().keys();
    let empty: Value = fields
        .map(|name| (name.clone(), Value::Null))
        .collect::<serde_json::Map<_, _>>()
        .into();
    sim.edit(2, full.clone());
    sim.edit(2, json!({}));
    let kept = sim.runner(2);
    sim.edit(2, empty);
    let emptied = sim.runner(2);
    for name in full.as_object().unwrap().keys() {
        assert_ne!(kept[name], Value::Null, "{name}");
        assert_eq!(emptied[name], Value::Null, "{name}");
    }
}

#[test]
fn s4_the_world_can_be_changed_behind_our_back() {
    let _covers = covers("4", "19");
    let mut sim = Sim::new();
    let token = sim.command(json!({"do": "reset_runner_token", "runner": 1}))["token"].clone();
    assert_eq!(
        sim.call(&post("/runners/verify").form("token=glrt-one"))
            .status,
        403
    );
    assert_eq!(
        sim.call(&post("/runners/verify").send(json!({"token": token})))
            .status,
        200
    );
    sim.edit(1, json!({ "tag_list": ["surprise"], "paused": true }));
    let shown = sim.json(&get("/runners/1").by("root"), 200);
    assert_eq!(
        (&shown["tag_list"], &shown["paused"]),
        (&json!(["surprise"]), &json!(true))
    );
    sim.command(json!({"do": "delete_runner", "runner": token}));
    assert_eq!(sim.call(&get("/runners/1").by("root")).status, 404);
    sim.command(json!({"do": "add_user", "username": "new", "tokens": [{"token": "glpat-new", "scopes": ["api"]}]}));
    sim.command(json!({"do": "add_group", "path": "fresh"}));
    sim.command(json!({"do": "set_member", "user": "new", "group": "fresh", "role": "owner"}));
    let group = sim.json(&get("/groups/fresh").by("new"), 200)["id"].clone();
    let ask = post("/user/runners")
        .by("new")
        .send(json!({"runner_type": "group_type", "group_id": group}));
    sim.json(&ask, 201);
    sim.command(json!({"do": "set_member", "user": "new", "group": "fresh"}));
    assert_eq!(sim.call(&ask).status, 403);
    sim.command(json!({"do": "add_project", "path": "fresh/app"}));
    assert_eq!(
        sim.call(&get("/projects/fresh%2Fapp").by("root")).status,
        200
    );
}
