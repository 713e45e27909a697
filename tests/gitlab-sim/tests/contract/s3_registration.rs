//! Contract §3.14.
use gitlab_sim::Version;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{Any, Ask, Is, Sim, attribute, case, error, hours, message, noon, post, run};

fn register(token: &str) -> Ask {
    post("/runners").form(&format!("token={token}"))
}

#[test]
fn s3_14_tokens_that_work_and_tokens_that_do_not() {
    let _covers = covers("3.14", "15.11 17 19");
    fn off(sim: &mut Sim) {
        sim.set(json!({ "allow_runner_registration_token": false }));
    }
    fn top_off(sim: &mut Sim) {
        sim.command(json!({"do": "set_group", "group": 10, "settings": {"allow_runner_registration_token": false}}));
    }
    fn no_groups(sim: &mut Sim) {
        sim.set(json!({ "valid_runner_registrars": ["project"] }));
    }
    fn no_projects(sim: &mut Sim) {
        sim.set(json!({ "valid_runner_registrars": ["group"] }));
    }
    let invalid = || message("403 Forbidden - invalid token supplied");
    let gone = || message("410 Gone - runner registration disallowed");
    run(vec![
        case("instance", register("GR-instance"), 201, Any),
        case("group", register("GR-platform"), 201, Any),
        case("project", register("GR-web"), 201, Any),
        case("missing", post("/runners"), 400, error("token is missing")),
        case("unknown", register("GR-none"), 403, invalid()),
        case("off: instance", register("GR-instance"), 410, gone()).given(off),
        case("off: group", register("GR-platform"), 410, gone()).given(off),
        case("off: project", register("GR-web"), 410, gone()).given(off),
        case("off: unknown is gone too", register("GR-none"), 410, gone()).given(off),
        case("off: empty is not", register(""), 403, invalid()).given(off),
        case("off at the top: project", register("GR-web"), 410, gone()).given(top_off),
        case(
            "off at the top: subgroup",
            register("GR-tools"),
            410,
            gone(),
        )
        .given(top_off),
        case(
            "off at the top: unknown",
            register("GR-none"),
            403,
            invalid(),
        )
        .given(top_off),
        case(
            "groups may not: unknown",
            register("GR-platform"),
            403,
            invalid(),
        )
        .given(no_groups),
        case("groups may not: projects may", register("GR-web"), 201, Any).given(no_groups),
        case(
            "projects may not: unknown",
            register("GR-web"),
            403,
            invalid(),
        )
        .given(no_projects),
        case("since 16.0: 17", register("GR-instance"), 410, gone())
            .given(off)
            .version(Version::V17),
        case(
            "before there was no switch",
            register("GR-instance"),
            201,
            Any,
        )
        .given(off)
        .version(Version::V15_11),
        case("nor one of a group", register("GR-platform"), 201, Any)
            .given(top_off)
            .version(Version::V15_11),
        case("nor for its projects", register("GR-web"), 201, Any)
            .given(top_off)
            .version(Version::V15_11),
        case(
            "an access token is none",
            register("glpat-root"),
            403,
            invalid(),
        ),
        case(
            "a runner token is none",
            register("glrt-one"),
            403,
            invalid(),
        ),
    ]);
}

#[test]
fn s3_14_what_is_kept() {
    let _covers = covers("3.14", "19");
    let mut sim = Sim::new();
    let body = json!({
        "token": "GR-platform", "description": "d", "maintainer_note": "n", "paused": true,
        "locked": true, "run_untagged": false, "tag_list": "b,a", "access_level": "ref_protected",
        "maximum_timeout": 700,
        "info": {"name": "gitlab-runner", "version": "1", "platform": "linux"},
    });
    let id = sim.json(&post("/runners").send(body), 201)["id"]
        .as_u64()
        .unwrap();
    let made = sim.runner(id);
    for (field, value) in [
        ("runner_type", json!("group_type")),
        ("group", json!("platform")),
        ("description", json!("d")),
        ("maintenance_note", json!("n")),
        ("paused", json!(true)),
        ("locked", json!(true)),
        ("run_untagged", json!(false)),
        ("tag_list", json!(["b", "a"])),
        ("access_level", json!("ref_protected")),
        ("maximum_timeout", json!(700)),
        ("name", json!("gitlab-runner")),
        ("managers", json!([])),
        ("creator", Value::Null),
        ("registration_type", json!("registration_token")),
    ] {
        assert_eq!(made[field], value, "3.14 {field}");
    }
    let id = sim.json(
        &post("/runners").form("token=GR-web&info[name]=x&info[version]=2"),
        201,
    )["id"]
        .as_u64()
        .unwrap();
    assert_eq!(sim.runner(id)["name"], "x", "1.4 brackets");
    assert_eq!(sim.runner(id)["projects"], json!(["platform/web"]));
}

#[test]
fn s3_14_validation() {
    let _covers = covers("3.14", "19");
    let with = |more: Value| {
        let mut body = json!({ "token": "GR-instance" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        post("/runners").send(body)
    };
    run(vec![
        case(
            "B",
            with(json!({"run_untagged": false})),
            400,
            attribute(
                "tags_list",
                "can not be empty when runner is not allowed to pick untagged jobs",
            ),
        ),
        case(
            "B",
            with(json!({"maximum_timeout": 10})),
            400,
            attribute("maximum_timeout", "needs to be at least 10 minutes"),
        ),
        case(
            "C",
            with(json!({"access_level": "x"})),
            400,
            error("access_level does not have a valid value"),
        ),
        case(
            "notes",
            with(json!({"maintainer_note": "a", "maintenance_note": "b"})),
            400,
            error("maintainer_note, maintenance_note are mutually exclusive"),
        ),
        case(
            "active and paused",
            with(json!({"active": true, "paused": true})),
            400,
            error("active, paused are mutually exclusive"),
        ),
        case("active=false", with(json!({"active": false})), 201, Any),
    ]);
}

#[test]
fn s3_14_limits() {
    let _covers = covers("3.14", "15.11 19");
    fn full(sim: &mut Sim) {
        sim.set(json!({ "ci_registered_project_runners": 1, "ci_registered_group_runners": 1 }));
    }
    fn stale(sim: &mut Sim) {
        full(sim);
        for id in [2, 3, 4] {
            sim.edit(id, json!({ "created_at": noon() - hours(24 * 8) }));
        }
    }
    run(vec![
        case("project", register("GR-web"), 400, Is(json!({"message": {"runner_projects.base": ["Maximum number of ci registered project runners (1) exceeded"]}}))).given(full),
        case("group", register("GR-platform"), 400, Is(json!({"message": {"runner_namespaces.base": ["Maximum number of ci registered group runners (1) exceeded"]}}))).given(full),
        case("instance: none", register("GR-instance"), 201, Any).given(full),
        case("4 stale ones do not count: project", register("GR-web"), 201, Any).given(stale),
        case("4 stale ones do not count: group", register("GR-platform"), 201, Any).given(stale),
        case("4 three months, once", register("GR-web"), 400, Any).given(stale).version(Version::V15_11),
        case("4 contacted of late counts", register("GR-platform"), 400, Any).given(|sim| {
            stale(sim);
            sim.edit(2, json!({ "contacted_at": noon() - hours(24) }));
        }),
    ]);
}

#[test]
fn s3_20_what_tokens_look_like() {
    let _covers = covers("3.20 11", "all");
    let create = |kind: &str| post("/user/runners").by("root").form(kind);
    let (instance, group, project) = (
        create("runner_type=instance_type"),
        create("runner_type=group_type&group_id=10"),
        create("runner_type=project_type&project_id=20"),
    );
    let (by_instance, by_web) = (register("GR-instance"), register("GR-web"));
    let (plain, routable) = (20, 68);
    for (version, rows) in [
        (
            Version::V13_12,
            vec![(&by_instance, "", plain), (&by_web, "", plain)],
        ),
        (
            Version::V15_2,
            vec![(&by_instance, "", plain), (&by_web, "", plain)],
        ),
        (
            Version::V15_11,
            vec![
                (&instance, "glrt-", plain),
                (&group, "glrt-", plain),
                (&by_web, "", plain),
            ],
        ),
        (
            Version::V16_10,
            vec![
                (&instance, "glrt-", plain),
                (&project, "glrt-", plain),
                (&by_web, "", plain),
            ],
        ),
        (
            Version::V17,
            vec![
                (&instance, "glrt-t1_", plain),
                (&group, "glrt-t2_", plain),
                (&project, "glrt-t3_", plain),
                (&by_instance, "t1_", plain),
                (&by_web, "t3_", plain),
            ],
        ),
        (
            Version::V18_2,
            vec![
                (&instance, "glrt-", plain),
                (&group, "glrt-", routable),
                (&project, "glrt-", routable),
                (&by_instance, "glrtr-", plain),
                (&by_web, "glrtr-", plain),
            ],
        ),
        (
            Version::V19,
            vec![
                (&instance, "glrt-", routable),
                (&group, "glrt-", routable),
                (&project, "glrt-", routable),
                (&by_instance, "glrtr-", plain),
                (&by_web, "glrtr-", routable),
            ],
        ),
    ] {
        for (ask, prefix, length) in rows {
            let shown = Sim::version(version).json(ask, 201);
            let token = shown["token"].as_str().unwrap();
            let rest = token.strip_prefix(prefix).unwrap_or_default();
            assert_eq!(rest.len(), length, "3.20 {version} {token}");
            let dots = if length == routable { 2 } else { 0 };
            assert_eq!(token.matches('.').count(), dots, "3.20 {version} {token}");
        }
    }
}
