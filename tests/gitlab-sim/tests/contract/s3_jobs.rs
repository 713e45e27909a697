//! Contract §3.8, §3.25.
use gitlab_sim::Version;
use http::Method;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{
    Any, Ask, Empty, Ids, Sim, ask, case, error, get, keys, message, post, put, run,
};

/// Runner 2 has run jobs 1 to 3 in `web` and 4 in `build`; 4 runs still, 3 failed.
fn busy(sim: &mut Sim) {
    sim.edit(2, json!({ "tag_list": ["a"] }));
    for (project, system_id, end) in [
        (20, "s1", Some("success")),
        (20, "s1", Some("success")),
        (20, "s2", Some("failed")),
        (21, "s2", None),
    ] {
        sim.command(
            json!({"do": "queue_job", "project": project, "tag_list": ["a"], "user": "dev"}),
        );
        let took = sim
            .command(json!({"do": "take_job", "runner": 2, "manager": {"system_id": system_id}}));
        if let Some(end) = end {
            sim.command(json!({"do": "finish_job", "job": took["job"], "status": end}));
        }
    }
}

#[test]
fn s3_8_a_runners_jobs() {
    let _covers = covers("3.8 11", "all");
    let list = |query: &str| get(&format!("/runners/2/jobs?{query}")).by("root");
    let rows = vec![
        case(
            "ascending without order_by, whatever `sort` defaults to",
            list(""),
            200,
            Ids(vec![1, 2, 3, 4]),
        ),
        case(
            "descending with it",
            list("order_by=id"),
            200,
            Ids(vec![4, 3, 2, 1]),
        ),
        case(
            "ascending with it",
            list("order_by=id&sort=asc"),
            200,
            Ids(vec![1, 2, 3, 4]),
        ),
        case(
            "order_by takes nothing else",
            list("order_by=name"),
            400,
            error("order_by does not have a valid value"),
        ),
        case(
            "sort takes nothing else",
            list("sort=up"),
            400,
            error("sort does not have a valid value"),
        ),
        case("status", list("status=running"), 200, Ids(vec![4])),
        case(
            "status, a pending one has no runner",
            list("status=pending"),
            200,
            Ids(vec![]),
        ),
        case(
            "status, not declared",
            list("status=x"),
            400,
            error("status does not have a valid value"),
        ),
        case("machine", list("system_id=s2"), 200, Ids(vec![3, 4])),
        case("unknown machine", list("system_id=s9"), 200, Ids(vec![])),
        case(
            "a blank machine is none",
            list("system_id="),
            200,
            Ids(vec![1, 2, 3, 4]),
        ),
        case(
            "auditor",
            get("/runners/2/jobs").by("auditor"),
            200,
            Ids(vec![1, 2, 3, 4]),
        ),
        case(
            "group Maintainer, NEW",
            get("/runners/2/jobs").by("maint"),
            200,
            Ids(vec![1, 2, 3, 4]),
        ),
        case(
            "group Maintainer, before",
            get("/runners/2/jobs").by("maint"),
            403,
            message("403 Forbidden - No access granted"),
        )
        .before(Version::V19),
        case("group Owner", get("/runners/2/jobs").by("owner"), 200, Any).always(),
        case(
            "group Developer",
            get("/runners/2/jobs").by("dev"),
            403,
            message("403 Forbidden - No access granted"),
        ),
        case(
            "a reader of the runner only",
            get("/runners/2/jobs").by("buildmaint"),
            403,
            Any,
        ),
        case(
            "instance: administrator",
            get("/runners/1/jobs").by("root"),
            200,
            Ids(vec![]),
        ),
        case(
            "instance: others",
            get("/runners/1/jobs").by("owner"),
            403,
            message("403 Forbidden - No access granted"),
        ),
        case(
            "project Maintainer",
            get("/runners/3/jobs").by("webmaint"),
            200,
            Ids(vec![]),
        ),
    ];
    run(rows.into_iter().map(|row| row.given(busy)).collect());
}

#[test]
fn s3_8_jobs_of_projects_below_reporter_are_left_out() {
    let _covers = covers("3.8", "19");
    let mut sim = Sim::new();
    sim.command(json!({"do": "queue_job", "project": 21}));
    sim.command(json!({"do": "take_job", "runner": 4}));
    let seen = |sim: &mut Sim, who: &str| {
        sim.json(&get("/runners/4/jobs").by(who), 200)
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(seen(&mut sim, "buildmaint"), 1);
    assert_eq!(seen(&mut sim, "webmaint"), 0);
}

#[test]
fn s3_8_totals_and_keyset() {
    let _covers = covers("3.8", "19");
    let mut sim = Sim::new();
    busy(&mut sim);
    let got = sim.call(&get("/runners/2/jobs").by("root"));
    assert_eq!(got.header("x-total"), Some("4"));
    let got = sim.call(&get("/runners/2/jobs?system_id=s1").by("root"));
    assert_eq!(
        (got.header("x-total"), got.header("x-page")),
        (None, Some("1")),
        "3.8 no totals"
    );
    let mut ids = Vec::new();
    let mut path = "/runners/2/jobs?pagination=keyset&order_by=id&sort=asc&per_page=3".to_owned();
    for _ in 0..2 {
        let got = sim.call(&get(&path).by("root"));
        assert_eq!(got.header("x-total"), None, "1.8 keyset counts nothing");
        ids.extend(
            got.json()
                .as_array()
                .unwrap()
                .iter()
                .map(|job| job["id"].as_u64().unwrap()),
        );
        let Some(link) = got.header("link") else {
            break;
        };
        let url = link.strip_prefix('<').unwrap().split('>').next().unwrap();
        path = url
            .strip_prefix("http://gitlab.example.com")
            .unwrap()
            .to_owned();
    }
    assert_eq!(ids, [1, 2, 3, 4], "1.8 the cursor leads on");
}

#[test]
fn s2_6_the_job_entity() {
    let _covers = covers("2.6", "19");
    let mut sim = Sim::new();
    busy(&mut sim);
    let jobs = sim.json(&get("/runners/2/jobs").by("root"), 200);
    let mut expected = vec![
        "allow_failure",
        "commit",
        "coverage",
        "created_at",
        "duration",
        "erased_at",
        "finished_at",
        "id",
        "name",
        "pipeline",
        "project",
        "queued_duration",
        "ref",
        "stage",
        "started_at",
        "status",
        "tag",
        "user",
        "web_url",
    ];
    assert_eq!(keys(&jobs[0]), expected);
    expected.push("failure_reason");
    expected.sort_unstable();
    assert_eq!(keys(&jobs[2]), expected, "2.6 only when failed");
    assert_eq!(jobs[0]["user"]["username"], "dev");
    assert_eq!(jobs[0]["project"]["path_with_namespace"], "platform/web");
    assert!(
        jobs[0]["project"]
            .get("ci_job_token_scope_enabled")
            .is_some()
    );
    let runner = sim.json(&get("/runners/2").by("root"), 200);
    assert_eq!(runner["job_execution_status"], "active");
    let managers = sim.json(&get("/runners/2/managers").by("root"), 200);
    assert_eq!(managers[0]["job_execution_status"], "idle");
    assert_eq!(managers[1]["job_execution_status"], "active");
}

fn poll(token: &str) -> Ask {
    post("/jobs/request").send(json!({
        "token": token, "system_id": "s_1746f8786189",
        "info": {"name": "gitlab-runner", "version": "18.0.1", "revision": "abc",
            "platform": "linux", "architecture": "amd64", "executor": "shell",
            "features": {"variables": true}, "config": {"gpus": ""}},
    }))
}

#[test]
fn s3_25_polling() {
    let _covers = covers("3.25", "15.11 19");
    run(vec![
        case("nothing to do", poll("glrt-one"), 204, Empty),
        case(
            "its own PRIVATE-TOKEN is ignored",
            poll("glrt-one").header("private-token", "glrt-one"),
            204,
            Empty,
        ),
        case("unknown", poll("glrt-none"), 403, message("403 Forbidden")),
        case("expired", poll("glrt-one"), 403, message("403 Forbidden"))
            .given(|sim| sim.edit(1, json!({"token_expires_at": sim.now}))),
        case(
            "missing",
            post("/jobs/request").send(json!({})),
            400,
            error("token is missing"),
        ),
        case("a paused runner", poll("glrt-one"), 204, Empty).given(|sim| {
            sim.edit(1, json!({"paused": true}));
            sim.command(json!({"do": "queue_job", "project": 20}));
        }),
        case("a job", poll("glrt-one"), 201, Any).given(|sim| {
            sim.command(json!({"do": "queue_job", "project": 20}));
        }),
        case("15.11 too", poll("glrt-one"), 204, Empty).version(Version::V15_11),
    ]);
}

#[test]
fn s3_25_what_a_poll_leaves_behind() {
    let _covers = covers("3.25", "19");
    let mut sim = Sim::new();
    let got = sim.call(&poll("glrt-one").from("10.1.1.1"));
    assert!(got.header("x-gitlab-last-update").is_some());
    let runner = sim.runner(1);
    assert_eq!(runner["creation_state"], "finished");
    assert_eq!(runner["contacted_at"], "2026-03-04T12:00:00.250Z");
    let manager = &runner["managers"][0];
    for (field, value) in [
        ("system_id", "s_1746f8786189"),
        ("version", "18.0.1"),
        ("revision", "abc"),
        ("platform", "linux"),
        ("architecture", "amd64"),
        ("executor", "shell"),
        ("ip_address", "10.1.1.1"),
        ("creation_state", "finished"),
    ] {
        assert_eq!(manager[field], value, "3.25 {field}");
    }
    sim.call(&poll("glrt-one"));
    assert_eq!(
        sim.runner(1)["managers"].as_array().unwrap().len(),
        1,
        "found again"
    );
}

#[test]
fn s3_25_last_update_saves_work_until_something_happens() {
    let _covers = covers("3.25", "19");
    let mut sim = Sim::new();
    let first = sim.call(&poll("glrt-one"));
    let seen = first.header("x-gitlab-last-update").unwrap().to_owned();
    let again =
        |seen: &str| post("/jobs/request").send(json!({"token": "glrt-one", "last_update": seen}));
    assert_eq!(sim.call(&again(&seen)).status, 204);
    sim.command(json!({"do": "queue_job", "project": 20}));
    assert_eq!(sim.call(&again(&seen)).status, 201);
}

#[test]
fn s3_25_which_job_goes_where() {
    let _covers = covers("3.25", "19");
    for (name, job, runner, taken) in [
        ("an untagged one", json!({}), json!({}), true),
        (
            "a tagged one",
            json!({"tag_list": ["x"]}),
            json!({"tag_list": ["x", "y"]}),
            true,
        ),
        (
            "missing tags",
            json!({"tag_list": ["x", "z"]}),
            json!({"tag_list": ["x"]}),
            false,
        ),
        (
            "run_untagged=false",
            json!({}),
            json!({"run_untagged": false, "tag_list": ["x"]}),
            false,
        ),
        (
            "protected runner, open ref",
            json!({}),
            json!({"access_level": "ref_protected"}),
            false,
        ),
        (
            "protected runner, protected ref",
            json!({"protected": true}),
            json!({"access_level": "ref_protected"}),
            true,
        ),
        (
            "another project's",
            json!({"project": 21}),
            json!({}),
            false,
        ),
    ] {
        let mut sim = Sim::new();
        sim.edit(3, runner);
        let mut queued = json!({"do": "queue_job", "project": 20});
        queued
            .as_object_mut()
            .unwrap()
            .extend(job.as_object().unwrap().clone());
        sim.command(queued);
        let job = sim.command(json!({"do": "take_job", "runner": 3}))["job"].clone();
        assert_eq!(job != Value::Null, taken, "3.25 {name}");
    }
}

#[test]
fn s3_25_a_job_from_start_to_end() {
    let _covers = covers("3.25", "19");
    let mut sim = Sim::new();
    sim.command(json!({"do": "queue_job", "project": 20, "script": ["make"]}));
    let job = sim.json(&poll("glrt-one"), 201);
    assert_eq!(job["steps"][0]["script"], json!(["make"]));
    assert_eq!(job["job_info"]["project_id"], 20);
    let token = job["token"].as_str().unwrap();
    let path = format!("/jobs/{}", job["id"]);
    let piece = |range: &str, text: &str| {
        ask(Method::PATCH, &format!("{path}/trace"))
            .header("job-token", token)
            .header("content-range", range)
            .body("text/plain", text)
    };
    let got = sim.call(&piece("0-4", "hello"));
    assert_eq!((got.status, got.header("range")), (202, Some("0-5")));
    assert_eq!(sim.call(&piece("9-9", "x")).status, 416);
    assert_eq!(sim.call(&piece("5-6", " w")).status, 202);
    let no_range = ask(Method::PATCH, &format!("{path}/trace")).header("job-token", token);
    assert_eq!(sim.call(&no_range).status, 400);
    let foreign = put(&path)
        .header("job-token", "glcbt-x")
        .send(json!({"state": "success"}));
    assert_eq!(sim.call(&foreign).status, 403);
    let end = put(&path).send(json!({"token": token, "state": "success"}));
    assert_eq!(sim.call(&end).status, 200);
    let got = sim.call(&end);
    assert_eq!(
        (got.status, got.header("job-status")),
        (403, Some("success")),
        "3.25 it is over"
    );
    assert_eq!(
        got.json(),
        json!({"message": "403 Forbidden - Job is not processing on runner"})
    );
    let world = sim.command(json!({"do": "dump"}));
    assert_eq!(
        (&world["jobs"][0]["trace"], &world["jobs"][0]["status"]),
        (&json!("hello w"), &json!("success"))
    );
}

#[test]
fn a_machine_can_be_played_although_the_token_has_expired() {
    let mut sim = Sim::new();
    sim.edit(1, json!({ "token_expires_at": sim.now }));
    assert_eq!(sim.call(&poll("glrt-one")).status, 403, "3.25");
    sim.command(json!({"do": "queue_job", "project": 20}));
    let took = sim.command(json!({"do": "take_job", "runner": 1}));
    assert_eq!(took, json!({"job": 1}));
    sim.command(json!({"do": "contact", "runner": "glrt-one"}));
}

#[test]
fn s3_25_a_job_that_is_over_by_release() {
    let _covers = covers("3.25", "15.11 17 19");
    for (version, text) in [
        (Version::V15_11, "403 Forbidden - Job is not running"),
        (
            Version::V17,
            "403 Forbidden - Job is not processing on runner",
        ),
        (
            Version::V19,
            "403 Forbidden - Job is not processing on runner",
        ),
    ] {
        let mut sim = Sim::version(version);
        sim.command(json!({"do": "queue_job", "project": 20}));
        let job = sim.json(&poll("glrt-one"), 201);
        sim.command(json!({"do": "finish_job", "job": job["id"]}));
        let end = put(&format!("/jobs/{}", job["id"])).send(json!({"token": job["token"]}));
        assert_eq!(
            sim.json(&end, 403),
            json!({ "message": text }),
            "{version:?}"
        );
    }
}

#[test]
fn s3_25_whoever_reports_on_a_job_is_heard_of() {
    let _covers = covers("3.25", "15.11 17 19");
    let later = json!("2026-03-04T12:10:00.250Z");
    let before = json!("2026-03-04T12:00:00.250Z");
    for (version, managers, address) in [
        (Version::V15_11, &before, "10.1.1.1"),
        (Version::V17, &later, "10.2.2.2"),
        (Version::V19, &later, "10.2.2.2"),
    ] {
        for name in ["PUT", "PATCH"] {
            let mut sim = Sim::version(version);
            sim.command(json!({"do": "queue_job", "project": 20}));
            let job = sim.json(&poll("glrt-one").from("10.1.1.1"), 201);
            let token = job["token"].as_str().unwrap();
            let report = |token: &str| {
                let path = format!("/jobs/{}", job["id"]);
                let ask = match name {
                    "PUT" => put(&path),
                    _ => {
                        ask(Method::PATCH, &format!("{path}/trace")).header("content-range", "0-0")
                    }
                };
                ask.header("job-token", token).from("10.2.2.2")
            };
            sim.later(jiff::SignedDuration::from_mins(10));
            sim.json(&report("glcbt-wrong"), 403);
            assert_eq!(
                sim.runner(1)["contacted_at"],
                before,
                "{version:?} {name} 403"
            );
            let got = sim.call(&report(token));
            assert!([200, 202].contains(&got.status), "{name} {}", got.text);
            let runner = sim.runner(1);
            assert_eq!(
                runner["contacted_at"], later,
                "{version:?} {name} the runner"
            );
            let manager = &runner["managers"][0];
            assert_eq!(manager["contacted_at"], *managers, "{version:?} {name}");
            assert_eq!(manager["ip_address"], address, "{version:?} {name}");
        }
    }
}

#[test]
fn s3_25_a_report_does_not_finish_a_creation() {
    let _covers = covers("3.25", "19");
    let mut sim = Sim::new();
    sim.command(json!({"do": "queue_job", "project": 20}));
    let job = sim.json(&poll("glrt-one"), 201);
    sim.edit(1, json!({ "contacted_at": null }));
    let report = put(&format!("/jobs/{}", job["id"])).send(json!({"token": job["token"]}));
    assert_eq!(sim.call(&report).status, 200);
    let runner = sim.runner(1);
    assert_eq!(runner["creation_state"], "started", "1.7");
    assert_ne!(runner["contacted_at"], Value::Null);
}
