//! Contract §1.9.
use jiff::SignedDuration;
use serde_json::json;

use crate::harness::{Ask, Sim, get, post};

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
    let mut sim = limited(Some(1), Some(1));
    let verify = |token: &str| post("/runners/verify").form(&format!("token={token}"));
    assert_eq!(statuses(&mut sim, &verify("glrt-one"), 3), [200, 200, 200]);
    assert_eq!(statuses(&mut sim, &verify("glrt-wrong"), 2), [403, 429]);
}

#[test]
fn s1_9_limits_are_scaled_to_a_minute_and_can_be_told_always() {
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
    let mut sim = limited(Some(0), None);
    sim.set(json!({ "rate_limiting_response_text": "Slow down" }));
    assert_eq!(sim.call(&get("/user").by("dev")).text, "Slow down\n");
    sim.set(json!({ "runner_jobs_request_limit": 1, "throttle_authenticated": null }));
    let poll = post("/jobs/request").form("token=glrt-one");
    assert_eq!(sim.call(&poll).status, 204);
    let got = sim.call(&poll);
    let text = "This endpoint has been requested too many times. Try again later.";
    assert_eq!(
        (got.status, got.json()),
        (429, json!({ "message": { "error": text } }))
    );
    assert_eq!(got.header("retry-after"), None, "no Retry-After");
    sim.set(json!({ "runner_jobs_request_limit": 0 }));
    assert_eq!(sim.call(&poll).status, 204, "0 disables");
    sim.set(json!({ "runner_jobs_request_limit": 1, "era": "17" }));
    assert_eq!(statuses(&mut sim, &poll, 3), [204, 204, 204], "since 18.5");
}
