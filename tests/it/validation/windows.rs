//! `GitLabRunner`: the windows in which it is paused.
use serde_json::{Value, json};

use super::{field, holds, long, rule, some, with};
use crate::harness::story;

fn window(field: &str, value: impl Into<Value>) -> Value {
    let mut window = json!({ "schedule": "0 22 * * 1-5", "duration": "8h" });
    window[field] = value.into();
    json!([window])
}

#[tokio::test(flavor = "multi_thread")]
async fn selectors_are_checked() {
    let one_target = "set exactly one of id and path, for example {path: platform/tools}";
    let topics = |count: usize| -> Value { (0..count).map(|n| format!("topic{n}")).collect() };
    let selector = |field: &str, value: Value| {
        let mut selector = json!({ "group": { "path": "a" } });
        selector[field] = value;
        some().in_project("a/b").with("projectSelector", selector)
    };
    let rules = vec![
        rule(
            selector("topics", json!(["gpu"])),
            some().with("projectSelector", json!({ "group": { "path": "a" } })),
            "projectSelector can only be set with scope.project",
        ),
        rule(
            selector("group", json!({ "id": 1 })),
            selector("group", json!({ "id": 1, "path": "a" })),
            one_target,
        ),
        rule(
            selector("topics", topics(16)),
            selector("topics", topics(17)),
            "must have at most 16 items",
        ),
        rule(
            selector("topics", json!([long(255)])),
            selector("topics", json!([long(256)])),
            "Too long",
        ),
        rule(
            selector("topics", json!(["a"])),
            selector("topics", json!([""])),
            "topics",
        ),
    ];
    story("validation-selector")
        .without_an_operator()
        .tell(async |story| holds(story, rules).await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_windows_are_checked() {
    let cron = "write the five fields of cron with a space between them";
    let length = "the duration of a window must be at least 1m and at most 168h";
    let order = "write hours, minutes and seconds in this order";
    let windows = |count: usize| -> Value {
        let one = json!({ "schedule": "0 22 * * *", "duration": "1h" });
        std::iter::repeat_n(one, count).collect()
    };
    let of = |name: &'static str, keeps: &str, breaks: &str, words| {
        rule(
            with("pauseWindows", window(name, keeps)),
            with("pauseWindows", window(name, breaks)),
            words,
        )
    };
    let long = |length: usize| {
        let minutes = "1,".repeat(length);
        format!("{minutes}1 * * * *")
    };
    let rules = vec![
        field(
            "pauseWindows",
            windows(16),
            windows(17),
            "must have at most 16 items",
        ),
        of("schedule", "*/5 8-17 1,15 JAN-MAR MON#1", "0 22 * *", cron),
        of(
            "schedule",
            "0 22 * * 1-5",
            "0 22 * * 1-5 Europe/Berlin",
            cron,
        ),
        of("schedule", "0 0 * * *", "@daily", cron),
        of("schedule", "0 0 L * *", "0  0 * * *", cron),
        of("schedule", &long(59), &long(60), "Too long"),
        of("duration", "1m", "59s", length),
        of("duration", "168h", "168h1s", length),
        of("duration", "1h30m", "30m1h", order),
        of("duration", "1h", "1.5h", "should match"),
        of("timeZone", "Etc/GMT+5", "Europe/", "timeZone"),
        of(
            "timeZone",
            "America/Port-au-Prince",
            "Europe Berlin",
            "timeZone",
        ),
        rule(
            with("pauseWindows", window("timeZone", "UTC")),
            with("pauseWindows", json!([{ "schedule": "0 22 * * *" }])),
            "duration: Required value",
        ),
        rule(
            with("pauseWindows", json!([])),
            with("pauseWindows", json!([{ "duration": "1h" }])),
            "schedule: Required value",
        ),
    ];
    story("validation-windows")
        .without_an_operator()
        .tell(async |story| holds(story, rules).await)
        .await;
}
