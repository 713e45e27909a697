//! `GitLabRunner`: its settings, and where it takes its jobs from.
use serde_json::{Value, json};

use super::{field, holds, long, rule, some, with};
use crate::harness::story;

fn tags(count: usize) -> Value {
    (0..count).map(|n| format!("tag{n}")).collect()
}

fn by_token(more: Value) -> Value {
    let mut registration = more;
    registration["method"] = "RegistrationToken".into();
    registration["tokenSecretRef"] = json!({ "name": "a", "key": "b" });
    registration
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_checked() {
    let tag = "a tag has no comma, no quotation mark and no space at either end";
    let timeout = "maximumTimeout must be at least 10m and at most 596523h, or 0s for no limit";
    let order = "write hours, minutes and seconds in this order and each of them once, for example \
                 1h30m";
    let every = "tokenRotation.every must be at least 1h";
    let before = "tokenRotation.beforeExpiry must be at least 1m";
    let untagged = "tags can not be empty when runner is not allowed to pick untagged jobs: add a \
                    tag, or set runUntagged to true";
    let rules = vec![
        field(
            "description",
            long(1024),
            long(1025),
            "spec.description: Too long",
        ),
        field(
            "description",
            "ä".repeat(1024),
            "ä".repeat(1025),
            "spec.description: Too long",
        ),
        field("tags", tags(50), tags(51), "must have at most 50 items"),
        field(
            "tags",
            json!([long(255)]),
            json!([long(256)]),
            "spec.tags[0]: Too long",
        ),
        field("tags", json!(["a"]), json!([""]), "spec.tags[0]"),
        field("tags", json!(["a b"]), json!(["a,b"]), tag),
        field("tags", json!(["it's"]), json!(["'its"]), tag),
        field("tags", json!(["a-b"]), json!(["a\"b"]), tag),
        field("tags", json!(["a"]), json!([" a"]), tag),
        field("tags", json!(["A", "a"]), json!(["a\t"]), tag),
        rule(
            with("runUntagged", false).tagged(["a"]),
            with("runUntagged", false),
            untagged,
        ),
        rule(
            with("runUntagged", true).tagged([]),
            with("runUntagged", false).tagged([]),
            untagged,
        ),
        field(
            "accessLevel",
            "ref_protected",
            "protected",
            "should match '^(not_protected|ref_protected)$'",
        ),
        field("accessLevel", "not_protected", "", "should match"),
        rule(
            some().tagged(["a", "b"]),
            some().tagged(["a", "b", "a"]),
            ".spec.tags: duplicate entries for key",
        ),
        field("maximumTimeout", "10m", "9m59s", timeout),
        field("maximumTimeout", "0s", "1s", timeout),
        field("maximumTimeout", "596523h", "596524h", timeout),
        field("maximumTimeout", "1h30m15s", "30m1h", order),
        field("maximumTimeout", "1h15s", "1h1h", order),
        field(
            "maximumTimeout",
            "1h30m",
            "1.5h",
            "spec.maximumTimeout in body should match",
        ),
        field(
            "maximumTimeout",
            "24h",
            "1d",
            "spec.maximumTimeout in body should match",
        ),
        field(
            "maximumTimeout",
            "1h1m1s",
            "1h1m1s1h1m1s1h1m1s",
            "spec.maximumTimeout: Too long",
        ),
        field(
            "maintenanceNote",
            long(896),
            long(897),
            "spec.maintenanceNote: Too long",
        ),
        field(
            "tokenSecret.extraKeys",
            json!(["config.toml"]),
            json!(["config.yaml"]),
            "Unsupported value",
        ),
        rule(
            with(
                "tokenSecret",
                json!({ "extraKeys": ["config.toml"], "configTemplate": "a" }),
            ),
            with("tokenSecret", json!({ "configTemplate": "a" })),
            "write extraKeys: [config.toml] too",
        ),
        field("tokenRotation.every", "1h", "59m59s", every),
        field("tokenRotation.every", "720h", "30d", "should match"),
        field(
            "tokenRotation.every",
            "1h30m",
            "30m1h",
            "write hours, minutes",
        ),
        field("tokenRotation.beforeExpiry", "1m", "59s", before),
        field(
            "tokenRotation.owner",
            "Runner",
            "Nobody",
            "Unsupported value",
        ),
        rule(
            with(
                "tokenRotation",
                json!({ "owner": "Operator", "every": "2h" }),
            ),
            with("tokenRotation", json!({ "owner": "Runner", "every": "2h" })),
            "with owner Runner the runner processes decide when the token is renewed",
        ),
        rule(
            with("tokenRotation", json!({ "overlap": "Twin" })),
            with(
                "tokenRotation",
                json!({ "owner": "Runner", "overlap": "Twin" }),
            ),
            "overlap Twin is for the owner Operator",
        ),
        field(
            "registration.expiresIn",
            "10m",
            "9m59s",
            "registration.expiresIn must be at least 10m",
        ),
        field(
            "registration",
            json!({ "expiresIn": "1h", "rotationDeadline": "5m" }),
            json!({ "expiresIn": "1h", "rotationDeadline": "4m" }),
            "registration.rotationDeadline must be at least 5m",
        ),
        field(
            "registration",
            json!({ "expiresIn": "1h", "rotationDeadline": "59m" }),
            json!({ "expiresIn": "1h", "rotationDeadline": "60m" }),
            "rotationDeadline must be shorter than expiresIn",
        ),
        field(
            "registration",
            json!({ "expiresIn": "1h" }),
            json!({ "rotationDeadline": "1h" }),
            "rotationDeadline goes with expiresIn",
        ),
        field(
            "registration",
            by_token(json!({})),
            by_token(json!({ "expiresIn": "1h" })),
            "expiresIn and rotationDeadline go with method User",
        ),
        field("paused", true, "yes", "spec.paused"),
        field("locked", true, "yes", "spec.locked"),
        field("suspend", true, "yes", "spec.suspend"),
        field(
            "deletionPolicy",
            "Orphan",
            "Keep",
            "Unsupported value: \"Keep\"",
        ),
        field(
            "driftPolicy",
            "Report",
            "Ignore",
            "Unsupported value: \"Ignore\"",
        ),
        rule(some(), with("tag", "a"), "tag"),
    ];
    story("validation-settings")
        .without_an_operator()
        .tell(async |story| holds(story, rules).await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_and_projects_are_checked() {
    let one_scope = "set exactly one of instance, group and project, for example {group: {path: \
                     platform}}";
    let one_target = "set exactly one of id and path, for example {path: platform/tools}";
    let slash = "write the full path without a slash at either end, for example platform/tools";
    let not_project = "projects can only be set with scope.project: remove projects, or register \
                       the runner for a project";
    let in_project = |projects: Value| some().in_project("a/b").with("projects", projects);
    let group = |group: Value| json!({ "group": group });
    let project = |project: Value| json!({ "project": project });
    let many = |count: u64| (1..=count).map(|id| json!({ "id": id })).collect::<Value>();
    let rules = vec![
        field("scope", json!({ "instance": {} }), json!({}), one_scope),
        field(
            "scope",
            group(json!({ "id": 1 })),
            json!({ "group": { "id": 1 }, "instance": {} }),
            one_scope,
        ),
        field(
            "scope",
            group(json!({ "path": "a" })),
            group(json!({})),
            one_target,
        ),
        field(
            "scope",
            project(json!({ "id": 1 })),
            project(json!({ "id": 1, "path": "a/b" })),
            one_target,
        ),
        field(
            "scope",
            group(json!({ "id": 1 })),
            group(json!({ "id": 0 })),
            "spec.scope.group.id",
        ),
        field(
            "scope",
            group(json!({ "path": "a" })),
            group(json!({ "path": "" })),
            "path",
        ),
        field(
            "scope",
            group(json!({ "path": "a/b" })),
            group(json!({ "path": "/a" })),
            slash,
        ),
        field(
            "scope",
            project(json!({ "path": "a:b" })),
            project(json!({ "path": "https://gitlab.example.com/a/b" })),
            "write the full path and not the address",
        ),
        field(
            "scope",
            project(json!({ "path": "a/b" })),
            project(json!({ "path": "a/" })),
            slash,
        ),
        field(
            "scope",
            project(json!({ "path": long(512) })),
            project(json!({ "path": long(513) })),
            "spec.scope.project.path: Too long",
        ),
        rule(
            in_project(many(100)),
            in_project(many(101)),
            "must have at most 100 items",
        ),
        rule(
            in_project(json!([{ "id": 7 }])),
            in_project(json!([{ "id": 0 }])),
            "projects[0].id",
        ),
        rule(
            in_project(json!([{ "path": "c" }])),
            in_project(json!([{}])),
            one_target,
        ),
        rule(
            in_project(json!([{ "path": "c" }])),
            in_project(json!([{ "path": "/c" }])),
            slash,
        ),
        rule(
            in_project(json!([])),
            with("projects", json!([])),
            not_project,
        ),
        rule(
            in_project(many(1)),
            some().in_group("a").with("projects", many(1)),
            not_project,
        ),
    ];
    story("validation-scopes")
        .without_an_operator()
        .tell(async |story| holds(story, rules).await)
        .await;
}
