//! What a seed may say, and what it is told when it is wrong.
use gitlab_sim::{GitLab, Seed};

use crate::harness::{Sim, get, noon};

fn complaint(yaml: &str) -> String {
    match Seed::from_yaml(yaml).and_then(|seed| GitLab::new(seed, noon())) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_default_is_one_administrator() {
    let mut sim = Sim {
        gitlab: GitLab::new(Seed::default(), noon()).unwrap(),
        now: noon(),
    };
    let ask = get("/user").header("private-token", Seed::ROOT_TOKEN);
    let shown = sim.json(&ask, 200);
    assert_eq!(
        (shown["username"].as_str(), shown["is_admin"].as_bool()),
        (Some("root"), Some(true))
    );
}

#[test]
fn wrong_seeds_are_told_where() {
    for (yaml, part) in [
        ("nonsense: 1", "nonsense"),
        (
            "settings: { version: 16 }",
            "version `16` is none of `13.12`, `15.2`, `15.11`, `16.10`, `17`, `18.2`, `19`",
        ),
        (
            "users: [{ username: a, tokens: [{ scopes: [apy] }] }]",
            "apy",
        ),
        (
            "users: [{ username: a }, { username: a }]",
            "users[1]: there is a user or group `a` already",
        ),
        (
            "groups: [{ path: a/b }]",
            "groups[0]: group `a/b`: list its parent `a` first",
        ),
        (
            "groups: [{ path: a, members: { x: owner } }]",
            "groups[0]: there is no user `x`",
        ),
        (
            "projects: [{ path: a/b }]",
            "projects[0]: project `a/b`: no group or user `a` is there",
        ),
        (
            "groups: [{ path: a, id: 1 }, { path: b, id: 1 }]",
            "groups[1]: there is a group with the id 1 already",
        ),
        (
            "tokens: [{ scopes: [api] }]",
            "tokens[0]: an access token belongs to exactly one",
        ),
        (
            "runners: [{ type: group }]",
            "runners[0]: a runner has `group`",
        ),
        (
            "runners: [{ type: instance, settings: { token: t } }, { type: instance, settings: { token: t } }]",
            "runners[1]: two runners have the same token",
        ),
        (
            "{ users: [{ username: a }], groups: [{ path: A }] }",
            "groups[0]: there is a `A` already",
        ),
        (
            "jobs: [{ project: a/b }]",
            "jobs[0]: there is no project `a/b`",
        ),
    ] {
        let complaint = complaint(yaml);
        assert!(
            complaint.contains(part),
            "{yaml}: {complaint:?} does not say {part:?}"
        );
    }
}

#[test]
fn what_is_required() {
    for (yaml, field) in [
        ("users: [{ name: A }]", "username"),
        ("users: [{ username: a, tokens: [{}] }]", "scopes"),
        ("groups: [{ name: A }]", "path"),
        ("projects: [{ name: A }]", "path"),
        ("runners: [{ id: 1 }]", "type"),
        ("runners: [{ type: group }]", "group"),
        ("runners: [{ type: project }]", "settings.projects"),
        ("jobs: [{ name: a }]", "project"),
        ("settings: { throttle_authenticated: {} }", "requests"),
    ] {
        let complaint = complaint(yaml);
        assert!(complaint.contains(field), "{yaml}: {complaint:?}");
    }
}

#[test]
fn a_runner_of_a_seed_has_a_name() {
    let yaml = "runners: [{ type: instance, settings: { name: gitlab-runner } }]";
    let seed = Seed::from_yaml(yaml).unwrap();
    let mut sim = Sim {
        gitlab: GitLab::new(seed, noon()).unwrap(),
        now: noon(),
    };
    assert_eq!(sim.runner(1)["name"], "gitlab-runner");
    sim.edit(1, serde_json::json!({ "name": null }));
    assert_eq!(sim.runner(1)["name"], serde_json::Value::Null);
}

/// Every scope that a personal access token of GitLab can have, and none of OAuth alone.
#[test]
fn the_scopes_that_a_token_may_have() {
    let asks =
        |scope: &str| format!("users: [{{ username: a, tokens: [{{ scopes: [{scope}] }}] }}]");
    for scope in [
        "api",
        "read_user",
        "read_api",
        "read_repository",
        "write_repository",
        "read_registry",
        "write_registry",
        "read_virtual_registry",
        "write_virtual_registry",
        "sudo",
        "admin_mode",
        "create_runner",
        "manage_runner",
        "ai_features",
        "k8s_proxy",
        "self_rotate",
        "read_service_ping",
        "read_observability",
        "write_observability",
    ] {
        assert_eq!(complaint(&asks(scope)), "", "{scope}");
    }
    for scope in ["openid", "profile", "email", "apy"] {
        assert!(complaint(&asks(scope)).contains(scope), "{scope}");
    }
}

#[test]
fn a_version_needs_no_quotes() {
    for version in [
        "13.12", "15.2", "15.11", "'15.11'", "16.10", "'16.10'", "17", "'17'", "17.11", "18.2",
        "19", "19.5",
    ] {
        assert_eq!(
            complaint(&format!("settings: {{ version: {version} }}")),
            "",
            "{version}"
        );
    }
}

#[test]
fn two_worlds_with_one_history_are_equal() {
    let create = crate::harness::post("/user/runners")
        .by("root")
        .form("runner_type=instance_type");
    let (mut one, mut two) = (Sim::new(), Sim::new());
    assert_eq!(one.json(&create, 201), two.json(&create, 201));
    assert_eq!(format!("{:?}", one.gitlab), format!("{:?}", two.gitlab));
}

#[test]
fn no_token_is_in_the_debug_text_of_the_world() {
    let sim = Sim::new();
    let text = format!("{:?}", sim.gitlab);
    for canary in ["glpat-root", "glrt-one", "GR-instance"] {
        assert!(!text.contains(canary), "{canary}");
    }
}

#[test]
fn a_command_that_fails_changes_nothing() {
    let mut sim = Sim::new();
    let before = format!("{:?}", sim.gitlab);
    for command in [
        serde_json::json!({"do": "add_user", "username": "new", "tokens": [
            {"token": "glpat-root", "scopes": ["api"]}]}),
        serde_json::json!({"do": "add_user", "username": "Platform"}),
        serde_json::json!({"do": "edit_runner", "runner": 2, "set": {"token": "glrt-one"}}),
        serde_json::json!({"do": "delete_runner", "runner": 99}),
        serde_json::json!({"do": "settings", "set": {"nonsense": 1}}),
        serde_json::json!({"do": "nothing"}),
        serde_json::json!({"do": "dump", "extra": 1}),
    ] {
        assert!(sim.try_command(command.clone()).is_err(), "{command}");
    }
    assert_eq!(format!("{:?}", sim.gitlab), before);
}

#[test]
fn the_ends_of_time_do_no_harm() {
    for now in [jiff::Timestamp::MIN, jiff::Timestamp::MAX] {
        let mut sim = Sim::new();
        sim.now = now;
        sim.set(serde_json::json!({
            "throttle_authenticated": { "requests": 1000, "period": i64::MAX },
            "runner_token_expiration_interval": i64::MAX,
        }));
        sim.call(&crate::harness::post("/jobs/request").form("token=glrt-one"));
        let create = crate::harness::post("/user/runners").by("root");
        let body = serde_json::json!({"runner_type": "instance_type", "token_expires_at": now});
        sim.call(&create.send(body));
        for status in ["online", "offline", "stale"] {
            let got = sim.call(&get(&format!("/runners/all?status={status}")).by("root"));
            assert_eq!(got.status, 200, "{now} {status}");
        }
    }
}
