//! Contract §1.9.
use gitlab_sim::Version;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::covers::covers;
use crate::harness::{Ask, Sim, ask, get, post, put};

fn limited(per_user: Option<u64>, per_address: Option<u64>) -> Sim {
    let throttle = |requests: Option<u64>| requests.map(|requests| json!({ "requests": requests }));
    let mut sim = Sim::new();
    sim.set(json!({
        "throttle_authenticated": throttle(per_user),
        "throttle_unauthenticated": throttle(per_address),
    }));
    sim
}

fn statuses(sim: &mut Sim, ask: &Ask, times: usize) -> Vec<u16> {
    (0..times).map(|_| sim.call(ask).status).collect()
}

#[test]
fn s1_9_the_shape_of_a_throttled_reply() {
    let _covers = covers("1.9", "19");
    let mut sim = limited(Some(2), None);
    sim.later(SignedDuration::from_secs(17));
    let ask = get("/user").by("dev");
    assert_eq!(statuses(&mut sim, &ask, 2), [200, 200]);
    let got = sim.call(&ask);
    assert_eq!((got.status, got.text.as_str()), (429, "Retry later\n"));
    for (name, value) in [
        ("content-type", "text/plain"),
        ("ratelimit-name", "throttle_authenticated_api"),
        ("ratelimit-limit", "2"),
        ("ratelimit-observed", "3"),
        ("ratelimit-remaining", "0"),
        ("ratelimit-reset", "1772625660"),
        ("ratelimit-resettime", "Wed, 04 Mar 2026 12:01:00 GMT"),
        ("retry-after", "43"),
    ] {
        assert_eq!(got.header(name), Some(value), "1.9 {name}");
    }
}

#[test]
fn s1_9_the_window_is_fixed_and_counts_by_user_then_by_address() {
    let _covers = covers("1.9", "19");
    let mut sim = limited(Some(1), Some(1));
    let dev = get("/user").by("dev");
    assert_eq!(statuses(&mut sim, &dev, 2), [200, 429]);
    assert_eq!(
        sim.call(&get("/user").by("owner")).status,
        200,
        "another user"
    );
    assert_eq!(
        statuses(&mut sim, &get("/user"), 2),
        [401, 429],
        "nobody, by address"
    );
    assert_eq!(
        statuses(&mut sim, &get("/user").by("typo").from("10.0.0.1"), 2),
        [401, 429]
    );
    assert_eq!(
        sim.call(&get("/user").from("10.0.0.2")).status,
        401,
        "another address"
    );
    sim.later(SignedDuration::from_secs(59));
    assert_eq!(sim.call(&dev).status, 429);
    sim.later(SignedDuration::from_secs(1));
    assert_eq!(sim.call(&dev).status, 200, "a new window");
}

#[test]
fn s1_9_a_valid_runner_token_is_counted_by_nobody() {
    let _covers = covers("1.9", "19");
    let mut sim = limited(Some(1), Some(1));
    let verify = |token: &str| post("/runners/verify").form(&format!("token={token}"));
    assert_eq!(statuses(&mut sim, &verify("glrt-one"), 3), [200, 200, 200]);
    assert_eq!(statuses(&mut sim, &verify("glrt-wrong"), 2), [403, 429]);
}

#[test]
fn s1_9_limits_are_scaled_to_a_minute_and_can_be_told_always() {
    let _covers = covers("1.9", "19");
    let mut sim = Sim::new();
    assert_eq!(
        sim.call(&get("/user").by("dev")).header("ratelimit-limit"),
        None,
        "off by default"
    );
    sim.set(json!({
        "throttle_authenticated": { "requests": 7201, "period": 3600 },
        "rate_limit_headers": true,
    }));
    let got = sim.call(&get("/user").by("dev"));
    assert_eq!(got.header("ratelimit-limit"), Some("121"), "rounded up");
    assert_eq!(got.header("ratelimit-observed"), Some("1"));
    assert_eq!(got.header("retry-after"), None);
    sim.set(json!({ "rate_limit_headers": false }));
    assert_eq!(
        sim.call(&get("/user").by("dev")).header("ratelimit-limit"),
        None,
        "only on 429"
    );
}

#[test]
fn s1_9_the_text_can_be_set_and_polling_has_its_own_limit() {
    let _covers = covers("1.9", "17 19");
    let mut sim = limited(Some(0), None);
    sim.set(json!({ "rate_limiting_response_text": "Slow down" }));
    assert_eq!(sim.call(&get("/user").by("dev")).text, "Slow down\n");
    sim.set(json!({ "runner_jobs_request_api_limit": 1, "throttle_authenticated": null }));
    let poll = post("/jobs/request").form("token=glrt-one");
    assert_eq!(sim.call(&poll).status, 204);
    let got = sim.call(&poll);
    let text = "This endpoint has been requested too many times. Try again later.";
    assert_eq!(
        (got.status, got.json()),
        (429, json!({ "message": { "error": text } }))
    );
    assert_eq!(got.header("retry-after"), Some("60"), "its interval");
    sim.set(json!({ "runner_jobs_request_api_limit": 0 }));
    assert_eq!(sim.call(&poll).status, 204, "0 disables");
    sim.set(json!({ "runner_jobs_request_api_limit": 1, "version": "17" }));
    assert_eq!(statuses(&mut sim, &poll, 3), [204, 204, 204], "since 18.5");
}

#[test]
fn s1_9_polling_is_counted_by_the_token_that_was_sent() {
    let _covers = covers("1.9", "19");
    let mut sim = Sim::new();
    sim.set(json!({ "runner_jobs_request_api_limit": 1 }));
    let poll = |token: &str| post("/jobs/request").send(json!({ "token": token }));
    assert_eq!(statuses(&mut sim, &poll("glrt-one"), 2), [204, 429]);
    assert_eq!(sim.call(&poll("glrt-two")).status, 204, "another runner");
    assert_eq!(
        statuses(&mut sim, &poll("glrt-wrong"), 2),
        [403, 429],
        "before it is known whether there is such a runner"
    );
    let reset = sim.command(json!({"do": "reset_runner_token", "runner": 1}));
    let fresh = poll(reset["token"].as_str().unwrap());
    assert_eq!(
        statuses(&mut sim, &fresh, 2),
        [204, 429],
        "a new token, a new window"
    );
    assert_eq!(
        statuses(&mut sim, &post("/jobs/request"), 2),
        [400, 400],
        "after the parameters"
    );
    sim.later(SignedDuration::from_secs(60));
    assert_eq!(sim.call(&poll("glrt-two")).status, 204, "a new window");
    let text = format!("{:?}", sim.gitlab);
    assert!(!text.contains("glrt-wrong"), "tokens are kept secret");
}

fn update(token: &str) -> Ask {
    put("/jobs/1").send(json!({ "token": token, "state": "running" }))
}

/// An empty piece, which leaves the log as long as it is.
fn trace(token: &str) -> Ask {
    ask(Method::PATCH, "/jobs/1/trace")
        .header("job-token", token)
        .header("content-range", "0-0")
}

/// A world in which runner 1 has taken the job 1, and the job's token.
fn working(settings: Value) -> (Sim, String) {
    let mut sim = Sim::new();
    sim.command(json!({"do": "queue_job", "project": 20}));
    sim.command(json!({"do": "take_job", "runner": 1, "manager": {"system_id": "s1"}}));
    sim.set(settings);
    let world = sim.command(json!({"do": "dump"}));
    let token = world["jobs"][0]["token"].as_str().unwrap().to_owned();
    (sim, token)
}

#[test]
fn s1_9_what_runners_say_of_a_job_is_counted_by_the_jobs_token() {
    let _covers = covers("1.9", "17 19");
    for (setting, ask, other, done) in [
        (
            "runner_jobs_endpoints_api_limit",
            update as fn(&str) -> Ask,
            trace as fn(&str) -> Ask,
            200,
        ),
        ("runner_jobs_patch_trace_api_limit", trace, update, 202),
    ] {
        let (mut sim, token) = working(json!({ setting: 1 }));
        assert_eq!(sim.call(&ask(&token)).status, done, "{setting}");
        let got = sim.call(&ask(&token));
        let text = "This endpoint has been requested too many times. Try again later.";
        assert_eq!(
            (got.status, got.json()),
            (429, json!({ "message": { "error": text } })),
            "{setting}"
        );
        assert_ne!(sim.call(&other(&token)).status, 429, "{setting} alone");
        assert_eq!(
            statuses(&mut sim, &ask("glcbt-wrong"), 2),
            [403, 429],
            "{setting} before it is known whether there is such a job"
        );
        sim.later(SignedDuration::from_secs(60));
        assert_eq!(sim.call(&ask(&token)).status, done, "{setting} new window");
        for (settings, why) in [
            (json!({ setting: 0 }), "0 disables"),
            (json!({ setting: 1, "version": "17" }), "since 18.5"),
        ] {
            sim.set(settings);
            assert_eq!(statuses(&mut sim, &ask(&token), 3), [done; 3], "{why}");
        }
        let (mut sim, token) = working(json!({}));
        let all = statuses(&mut sim, &ask(&token), 201);
        assert_eq!(all[199..], [done, 429], "{setting} 200 by default");
    }
}

#[test]
fn s1_9_groups_and_projects_are_limited_per_user() {
    let _covers = covers("1.9", "17 18.2 19");
    for (setting, path) in [
        ("group_api_limit", "/groups/13"),
        ("project_api_limit", "/projects/open%2Fsite"),
    ] {
        for (version, statuses_seen, retry_after) in [
            (Version::V17, [200, 200], None),
            (Version::V18_2, [200, 429], None),
            (Version::V19, [200, 429], Some("60")),
        ] {
            let mut sim = Sim::version(version);
            sim.set(json!({ setting: 1 }));
            let read = get(path).by("owner");
            assert_eq!(statuses(&mut sim, &read, 2), statuses_seen, "{version}");
            let told = sim.call(&read).header("retry-after").map(str::to_owned);
            assert_eq!(told.as_deref(), retry_after, "{version} {setting}");
            assert_eq!(sim.call(&get(path).by("root")).status, 200, "another user");
            let nobody = get(path).from("203.0.113.7");
            assert_eq!(statuses(&mut sim, &nobody, 2), statuses_seen, "an address");
            sim.set(json!({ setting: 0 }));
            assert_eq!(sim.call(&read).status, 200, "0 disables");
        }
    }
    let mut sim = Sim::new();
    let all = statuses(&mut sim, &get("/groups/13").by("owner"), 401);
    assert_eq!(all[399..], [200, 429], "400 by default");
}
