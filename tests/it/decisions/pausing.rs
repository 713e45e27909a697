//! When a runner is paused by the clock: one row per case, with the next change. In 2026 Berlin puts its
//! clocks forward on 29 March at 01:00Z and back on 25 October at 01:00Z.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::plan::{Pausing, Wanted, desired};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A schedule, how long it lasts, and a zone.
type Window = (&'static str, &'static str, &'static str);

const BERLIN: &str = "Europe/Berlin";

fn object(windows: &[Window], paused: Option<bool>) -> GitLabRunner {
    let windows = windows.iter().map(|(schedule, duration, zone)| {
        json!({ "schedule": schedule, "duration": duration, "timeZone": zone })
    });
    let spec = json!({
        "connectionRef": { "name": "gitlab" },
        "scope": { "instance": {} },
        "paused": paused,
        "pauseWindows": windows.collect::<Value>(),
    });
    let metadata = json!({ "name": "one" });
    serde_json::from_value(json!({ "metadata": metadata, "spec": spec })).unwrap()
}

fn want(windows: &[Window], paused: Option<bool>, now: &str) -> Result<Wanted, String> {
    let now: Timestamp = now.parse().unwrap();
    let want = desired(&object(windows, paused), "space", "one", now);
    want.map_err(|complaint| complaint.0)
}

/// A sentence, the windows, the time, whether one is open, and when that changes.
type Row = (
    &'static str,
    &'static [Window],
    &'static str,
    bool,
    Option<&'static str>,
);

fn hold(rows: &[Row]) {
    let mut bad = Vec::new();
    for (sentence, windows, now, window_open, next) in rows {
        let expected = Pausing {
            window_open: *window_open,
            next_change: next.map(|next| next.parse().unwrap()),
        };
        let mut turned = windows.to_vec();
        turned.reverse();
        for windows in [windows.to_vec(), turned] {
            let pausing = want(&windows, None, now).unwrap().pausing;
            if pausing != Some(expected) {
                bad.push(format!("{sentence}: {pausing:?}"));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn a_window_opens_and_ends_by_its_schedule() {
    const NIGHTS: &[Window] = &[("0 22 * * 1-5", "8h", BERLIN)];
    const MORNING: &[Window] = &[("0 10 * * *", "1m", "UTC")];
    hold(&[
        (
            "before it opens",
            NIGHTS,
            "2026-03-02T20:59:59.9Z",
            false,
            Some("2026-03-02T21:00:00Z"),
        ),
        (
            "when it opens",
            NIGHTS,
            "2026-03-02T21:00:00Z",
            true,
            Some("2026-03-03T05:00:00Z"),
        ),
        (
            "just before it ends",
            NIGHTS,
            "2026-03-03T04:59:59.9Z",
            true,
            Some("2026-03-03T05:00:00Z"),
        ),
        (
            "when it has ended",
            NIGHTS,
            "2026-03-03T05:00:00Z",
            false,
            Some("2026-03-03T21:00:00Z"),
        ),
        (
            "over the weekend",
            NIGHTS,
            "2026-03-07T05:00:00Z",
            false,
            Some("2026-03-09T21:00:00Z"),
        ),
        (
            "in the middle of a minute",
            MORNING,
            "2026-03-02T10:00:59.5Z",
            true,
            Some("2026-03-02T10:01:00Z"),
        ),
        (
            "a minute later",
            MORNING,
            "2026-03-02T10:01:00Z",
            false,
            Some("2026-03-03T10:00:00Z"),
        ),
        (
            "in two years",
            &[("0 0 29 2 *", "1h", "UTC")],
            "2026-03-01T00:00:00Z",
            false,
            Some("2028-02-29T00:00:00Z"),
        ),
    ]);
}

#[test]
fn windows_that_touch_or_overlap_are_one() {
    hold(&[
        (
            "five days",
            &[("0 0 * * 1-5", "24h", "UTC")],
            "2026-03-04T12:00:00Z",
            true,
            Some("2026-03-07T00:00:00Z"),
        ),
        (
            "two that overlap",
            &[("0 10 * * *", "2h", "UTC"), ("0 11 * * *", "3h", "UTC")],
            "2026-03-04T10:30:00Z",
            true,
            Some("2026-03-04T14:00:00Z"),
        ),
        (
            "one within another",
            &[("0 10 * * *", "4h", "UTC"), ("0 11 * * *", "1h", "UTC")],
            "2026-03-04T11:30:00Z",
            true,
            Some("2026-03-04T14:00:00Z"),
        ),
        (
            "two in other zones",
            &[("0 10 * * *", "1h", "UTC"), ("0 12 * * *", "1h", BERLIN)],
            "2026-03-04T10:30:00Z",
            true,
            Some("2026-03-04T12:00:00Z"),
        ),
        (
            "whichever comes first",
            &[("0 10 * * *", "1h", "UTC"), ("0 9 * * *", "1h", BERLIN)],
            "2026-03-04T07:00:00Z",
            false,
            Some("2026-03-04T08:00:00Z"),
        ),
        (
            "short ones all day",
            &[("*/5 8-17 * * *", "5m", "UTC")],
            "2026-03-04T08:00:00Z",
            true,
            Some("2026-03-04T18:00:00Z"),
        ),
        (
            "no end",
            &[("* * * * *", "1m", "UTC")],
            "2026-03-04T12:00:00Z",
            true,
            None,
        ),
        (
            "no end of weeks",
            &[("0 0 * * 0", "168h", "UTC")],
            "2026-03-04T12:00:00Z",
            true,
            None,
        ),
    ]);
}

#[test]
fn a_time_that_the_clocks_skip_is_when_they_are_put_forward() {
    const SKIPPED: &[Window] = &[("30 2 * * *", "1h", BERLIN)];
    const TWICE: &[Window] = &[("0 2,3 * * *", "30m", BERLIN)];
    const MIDNIGHT: &[Window] = &[("0 0 * * *", "1h", "Africa/Cairo")];
    hold(&[
        (
            "before the change",
            SKIPPED,
            "2026-03-29T00:59:59Z",
            false,
            Some("2026-03-29T01:00:00Z"),
        ),
        (
            "at the change",
            SKIPPED,
            "2026-03-29T01:00:00Z",
            true,
            Some("2026-03-29T02:00:00Z"),
        ),
        (
            "not once more when it would have been",
            SKIPPED,
            "2026-03-29T02:00:00Z",
            false,
            Some("2026-03-30T00:30:00Z"),
        ),
        (
            "one that is open meanwhile lasts as long as ever",
            &[("0 1 * * *", "2h", BERLIN)],
            "2026-03-29T01:30:00Z",
            true,
            Some("2026-03-29T02:00:00Z"),
        ),
        (
            "two that come to one time",
            TWICE,
            "2026-03-29T01:00:00Z",
            true,
            Some("2026-03-29T01:30:00Z"),
        ),
        (
            "and are two the day after",
            TWICE,
            "2026-03-29T01:30:00Z",
            false,
            Some("2026-03-30T00:00:00Z"),
        ),
        (
            "a day that begins an hour late",
            MIDNIGHT,
            "2026-04-23T21:59:00Z",
            false,
            Some("2026-04-23T22:00:00Z"),
        ),
        (
            "and the day after it",
            MIDNIGHT,
            "2026-04-23T23:00:00Z",
            false,
            Some("2026-04-24T21:00:00Z"),
        ),
    ]);
}

#[test]
fn of_a_time_that_comes_twice_the_first_is_taken() {
    const REPEATED: &[Window] = &[("30 2 * * *", "30m", BERLIN)];
    const HOURLY: &[Window] = &[("0 * * * *", "10m", BERLIN)];
    hold(&[
        (
            "before it",
            REPEATED,
            "2026-10-25T00:29:00Z",
            false,
            Some("2026-10-25T00:30:00Z"),
        ),
        (
            "the first time",
            REPEATED,
            "2026-10-25T00:30:00Z",
            true,
            Some("2026-10-25T01:00:00Z"),
        ),
        (
            "the second time",
            REPEATED,
            "2026-10-25T01:30:00Z",
            false,
            Some("2026-10-26T01:30:00Z"),
        ),
        (
            "between the two",
            REPEATED,
            "2026-10-25T01:00:00Z",
            false,
            Some("2026-10-26T01:30:00Z"),
        ),
        (
            "one that is open meanwhile lasts as long as ever",
            &[("0 1 * * *", "3h", BERLIN)],
            "2026-10-25T01:59:00Z",
            true,
            Some("2026-10-25T02:00:00Z"),
        ),
        (
            "every hour by the clock",
            HOURLY,
            "2026-10-25T00:10:00Z",
            false,
            Some("2026-10-25T02:00:00Z"),
        ),
    ]);
}

#[test]
fn a_window_goes_before_paused_and_outside_paused_says() {
    const ALWAYS: &[Window] = &[("* * * * *", "1m", "UTC")];
    const YEARLY: &[Window] = &[("0 0 1 1 *", "1m", "UTC")];
    for (windows, paused, expected) in [
        (ALWAYS, None, Some(true)),
        (ALWAYS, Some(false), Some(true)),
        (ALWAYS, Some(true), Some(true)),
        (YEARLY, None, Some(false)),
        (YEARLY, Some(false), Some(false)),
        (YEARLY, Some(true), Some(true)),
        (&[], None, None),
        (&[], Some(true), Some(true)),
    ] {
        let want = want(windows, paused, "2026-03-04T12:00:00Z").unwrap();
        assert_eq!(want.settings.paused, expected, "{windows:?} {paused:?}");
        assert_eq!(want.pausing.is_some(), !windows.is_empty());
    }
}

#[test]
fn what_no_window_can_be_is_said() {
    for (window, words) in [
        (("0 22 * *", "1h", "UTC"), "the five fields of cron"),
        (("@daily", "1h", "UTC"), "the five fields of cron"),
        (
            ("0 2 * * * Europe/Berlin", "1h", "UTC"),
            "the five fields of cron",
        ),
        (
            ("61 * * * *", "1h", "UTC"),
            r#"schedule "61 * * * *" is no schedule of cron: "#,
        ),
        (("0 0 30 2 *", "1h", "UTC"), "never comes"),
        (("0 0 * * *", "59s", "UTC"), "must be from 1m to 168h"),
        (("0 0 * * *", "168h1s", "UTC"), "must be from 1m to 168h"),
        (("0 0 * * *", "soon", "UTC"), "must be from 1m to 168h"),
        (
            ("0 0 * * *", "1h", "Europe/Berlln"),
            r#"timeZone "Europe/Berlln" is no zone of the IANA database"#,
        ),
    ] {
        let complaint = want(&[window], None, "2026-03-04T12:00:00Z").unwrap_err();
        assert!(complaint.starts_with("pauseWindows: "), "{complaint}");
        assert!(complaint.contains(words), "{complaint}");
    }
}
