//! A backup that is restored: what a client recorded of a runner may be another's by then.
use serde_json::{Value, json};

use crate::harness::{Sim, delete, get, post};

fn remember(sim: &mut Sim) {
    sim.command(json!({ "do": "remember", "name": "backup" }));
}

fn go_back(sim: &mut Sim, more: Value) {
    let mut command = json!({ "do": "go_back", "name": "backup" });
    let fields = command.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    sim.command(command);
}

fn create(sim: &mut Sim) -> (u64, String) {
    let body = json!({ "runner_type": "instance_type", "description": "ours" });
    let made = sim.json(&post("/user/runners").by("root").send(body), 201);
    let token = made["token"].as_str().unwrap().to_owned();
    (made["id"].as_u64().unwrap(), token)
}

#[test]
fn a_restore_forgets_what_came_after() {
    let mut sim = Sim::new();
    remember(&mut sim);
    let (id, token) = create(&mut sim);
    sim.json(&delete("/runners/1").by("root"), 204);
    sim.edit(2, json!({ "description": "changed since" }));
    sim.command(json!({ "do": "revoke_token", "token": "glpat-owner" }));
    go_back(&mut sim, json!({}));
    sim.json(&get(&format!("/runners/{id}")).by("root"), 404);
    sim.json(
        &post("/runners/verify").form(&format!("token={token}")),
        403,
    );
    sim.json(&get("/runners/1").by("root"), 200);
    assert_eq!(sim.runner(2)["description"], Value::Null);
    sim.json(&get("/user").by("owner"), 200);
}

/// The sequence went back too, and its next number was somebody's already.
#[test]
fn a_number_comes_to_belong_to_another_runner() {
    let mut sim = Sim::new();
    remember(&mut sim);
    let (id, token) = create(&mut sim);
    go_back(&mut sim, json!({}));
    let (again, other) = create(&mut sim);
    assert_eq!(again, id);
    assert_ne!(other, token, "tokens are never made twice");
}

#[test]
fn the_sequence_can_be_kept() {
    let mut sim = Sim::new();
    remember(&mut sim);
    let (id, _) = create(&mut sim);
    go_back(&mut sim, json!({ "keep_sequences": true }));
    let (again, _) = create(&mut sim);
    assert!(again > id);
}

#[test]
fn runners_can_be_kept() {
    let mut sim = Sim::new();
    remember(&mut sim);
    let (kept, token) = create(&mut sim);
    let (lost, _) = create(&mut sim);
    let manager = json!({ "system_id": "s_1" });
    sim.command(json!({ "do": "contact", "runner": kept, "manager": manager }));
    sim.edit(2, json!({ "description": "changed since" }));
    go_back(
        &mut sim,
        json!({ "keep_runners": [kept, 2], "keep_sequences": true }),
    );
    assert_eq!(sim.runner(kept)["managers"][0]["system_id"], "s_1");
    sim.json(
        &post("/runners/verify").form(&format!("token={token}")),
        200,
    );
    assert_eq!(sim.runner(2)["description"], "changed since");
    assert_eq!(sim.runner(lost), Value::Null);
}

/// A kept runner holds its number against the sequence, too.
#[test]
fn a_kept_runners_number_is_not_given_out_again() {
    let mut sim = Sim::new();
    remember(&mut sim);
    let (kept, _) = create(&mut sim);
    go_back(&mut sim, json!({ "keep_runners": [kept] }));
    let (next, _) = create(&mut sim);
    assert!(next > kept);
}

#[test]
fn a_moment_can_be_gone_back_to_again_and_must_have_been_remembered() {
    let mut sim = Sim::new();
    remember(&mut sim);
    for _ in 0..2 {
        let (id, _) = create(&mut sim);
        go_back(&mut sim, json!({}));
        sim.json(&get(&format!("/runners/{id}")).by("root"), 404);
    }
    let refused = sim.try_command(json!({ "do": "go_back", "name": "nothing" }));
    assert_eq!(refused.unwrap_err(), "no moment `nothing` is remembered");
}

/// What a kept runner served may be gone.
#[test]
fn a_kept_runner_loses_what_is_not_there() {
    let mut sim = Sim::new();
    remember(&mut sim);
    sim.command(json!({ "do": "add_project", "path": "platform/late", "id": 40 }));
    let settings = json!({ "projects": [40, 20] });
    let runner = json!({ "do": "add_runner", "type": "project", "id": 50, "settings": settings });
    sim.command(runner);
    sim.command(json!({ "do": "add_group", "path": "late", "id": 41 }));
    sim.command(json!({ "do": "add_runner", "type": "group", "id": 51, "group": 41 }));
    go_back(&mut sim, json!({ "keep_runners": [50, 51] }));
    assert_eq!(sim.runner(50)["projects"], json!(["platform/web"]));
    assert_eq!(sim.runner(51), Value::Null);
}
