//! Contract §3.20: a prefix of the instance's own before `glrt-`.
use gitlab_sim::Version;
use serde_json::json;

use crate::covers::covers;
use crate::harness::{Sim, post};

/// A new token, and the `shortSha` that GraphQL shows of it.
fn token(sim: &mut Sim, path: &str, body: serde_json::Value) -> (String, String) {
    let made = sim.json(&post(path).by("root").send(body), 201);
    let query = format!(
        "{{ runner(id: \"gid://gitlab/Ci::Runner/{}\") {{ shortSha }} }}",
        made["id"]
    );
    let asked = post("/api/graphql")
        .by("root")
        .send(json!({ "query": query }));
    let sha = sim.json(&asked, 200)["data"]["runner"]["shortSha"].clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (text(&made["token"]), text(&sha))
}

#[test]
fn s3_20_the_instances_own_prefix() {
    let _covers = covers("3.20 5.3", "19");
    let instance = json!({ "runner_type": "instance_type" });
    let group = json!({ "runner_type": "group_type", "group_id": 10 });
    for body in [&instance, &group] {
        for (set, begins) in [
            ("acme", "acme-glrt-"),
            ("my-gitlab", "my-gitlab-glrt-"),
            ("gl", "glrt-"),
            ("", "glrt-"),
        ] {
            let mut sim = Sim::new();
            sim.set(json!({ "instance_token_prefix": set }));
            let (token, sha) = token(&mut sim, "/user/runners", body.clone());
            assert!(token.starts_with(begins), "3.20 {set}: {token}");
            assert_eq!(sha, token[begins.len()..][..8], "3.20 {set}");
        }
    }
}

#[test]
fn s3_20_no_prefix_before_glrtr_and_none_in_older_releases() {
    let _covers = covers("3.14 3.20", "17 19");
    let mut sim = Sim::new();
    sim.set(json!({ "instance_token_prefix": "acme" }));
    let (by_registration, _) = token(&mut sim, "/runners", json!({ "token": "GR-instance" }));
    assert!(by_registration.starts_with("glrtr-"), "{by_registration}");
    let mut sim = Sim::version(Version::V17);
    sim.set(json!({ "instance_token_prefix": "acme" }));
    let instance = json!({ "runner_type": "instance_type" });
    let (token, _) = token(&mut sim, "/user/runners", instance);
    assert!(token.starts_with("glrt-"), "{token}");
}

/// The prefix belongs to new tokens; those that are there go on working.
#[test]
fn s3_20_a_reset_gives_the_prefix_of_now() {
    let _covers = covers("3.9 3.20", "19");
    let mut sim = Sim::new();
    sim.set(json!({ "instance_token_prefix": "acme" }));
    sim.json(&post("/runners/verify").form("token=glrt-one"), 200);
    let reset = post("/runners/1/reset_authentication_token").by("root");
    let token = sim.json(&reset, 201)["token"].clone();
    let token = token.as_str().unwrap();
    assert!(token.starts_with("acme-glrt-"), "{token}");
    sim.json(
        &post("/runners/verify").form(&format!("token={token}")),
        200,
    );
}
