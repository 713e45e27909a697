//! Durations, and windows in which a runner is paused.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::plan::{Pausing, desired};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::driver::Target;

pub(super) const TARGET: Target = Target {
    name: "windows",
    runs: 500,
    words: &[
        "*",
        "*/5",
        "1-5",
        "L",
        "W",
        "#",
        ",",
        "0 22 * * 1-5",
        "30 2 * 3 0",
        "0 0 29 2 *",
        "0 0 31 2 *",
        "Europe/Berlin",
        "America/St_Johns",
        "Pacific/Apia",
        "Australia/Lord_Howe",
        "UTC",
        "8h",
        "168h",
        "1m",
        "59s",
        "999999h",
        "2026-03-29T01:59:59Z",
        "2026-10-25T00:30:00Z",
        "2099-12-31T23:59:59Z",
        "1969-12-31T23:59:59Z",
        "PT1H",
        "1.5h",
        "-1h",
    ],
    check,
};

/// Eight thousand years, in seconds.
const FAR: i64 = 250_000_000_000;

/// The lines: a time, a schedule, a duration, a zone, and a limit for jobs.
fn check(input: &[u8]) -> Result<String, String> {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.lines();
    let now: Option<Timestamp> = lines.next().and_then(|line| line.parse().ok());
    // The operator's own clock, which nobody types.
    let now = now
        .filter(|now| now.as_second().abs() < FAR)
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let mut line = || lines.next().unwrap_or_default();
    let (schedule, duration, zone, limit) = (line(), line(), line(), line());
    let mut window = json!({ "schedule": schedule, "duration": duration });
    if !zone.is_empty() {
        window["timeZone"] = zone.into();
    }
    let one = at(&json!({ "pauseWindows": [window] }), now);
    let kind = match one {
        Ok(Some(pausing)) => holds_until_it_changes(&window, now, pausing)?,
        Ok(None) => return Err("a window is none".to_owned()),
        Err(why) => is_one_line(&why)?,
    };
    Ok(format!("{kind} {}", timeout(limit)?))
}

/// Nothing changes before it is said to, and then it does.
fn holds_until_it_changes(
    window: &Value,
    now: Timestamp,
    told: Pausing,
) -> Result<&'static str, String> {
    let Some(next) = told.next_change else {
        return Ok(if told.window_open {
            "open for good"
        } else {
            "shut for good"
        });
    };
    let windows = json!({ "pauseWindows": [window] });
    let opens = |then: Timestamp| at(&windows, then).map(|it| it.map(|it| it.window_open));
    let before = next
        .checked_sub(SignedDuration::from_secs(1))
        .unwrap_or(now);
    let (before, after) = (opens(before.max(now)), opens(next));
    let same = before == Ok(Some(told.window_open));
    if next <= now || !same || after == Ok(Some(told.window_open)) {
        return Err(format!(
            "{window} at {now}: {told:?}, then {before:?} and {after:?}"
        ));
    }
    Ok(if told.window_open { "open" } else { "shut" })
}

fn at(spec: &Value, now: Timestamp) -> Result<Option<Pausing>, String> {
    let wanted = desired(&runner(spec), "ci", "linux", now);
    wanted
        .map(|wanted| wanted.pausing)
        .map_err(|complaint| complaint.0)
}

fn timeout(limit: &str) -> Result<&'static str, String> {
    let spec = json!({ "maximumTimeout": limit });
    match desired(&runner(&spec), "ci", "linux", Timestamp::UNIX_EPOCH) {
        Ok(wanted) => match wanted.settings.maximum_timeout {
            Some(None) => Ok("no limit"),
            Some(Some(600..)) => Ok("a limit"),
            other => Err(format!("{limit:?} is {other:?}")),
        },
        Err(why) => is_one_line(&why.0),
    }
}

fn is_one_line(why: &str) -> Result<&'static str, String> {
    if why.chars().any(char::is_control) || why.is_empty() {
        return Err(format!("{why:?} is complained"));
    }
    Ok("a complaint")
}

fn runner(more: &Value) -> GitLabRunner {
    let mut spec = json!({ "connectionRef": { "name": "gitlab" }, "scope": { "instance": {} } });
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
    }
    serde_json::from_value(json!({ "metadata": { "name": "linux" }, "spec": spec })).unwrap()
}
