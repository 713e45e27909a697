//! Windows in which a runner is paused, and what becomes of them.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::shared::duration_schema;

/// A time in which the runner is paused, again and again.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PauseWindow {
    /// When it opens, as the five fields of cron: minute, hour, day of the month, month and day of the
    /// week (0 and 7 are Sunday). If both days are given, either will do. Example: `0 22 * * 1-5`.
    #[schemars(length(max = 128))]
    #[x_kube(validation = Rule::new("self.matches('^[0-9A-Za-z*,/#-]+( [0-9A-Za-z*,/#-]+){4}$')")
        .message("write the five fields of cron with a space between them: minute, hour, day of the month, month and day of the week, for example 0 22 * * 1-5; the zone goes into timeZone"))]
    pub schedule: String,
    /// For how long it stays open, from `1m` to `168h`. Time is counted as it passes, also where the clocks
    /// change meanwhile. Example: `2h30m`.
    #[schemars(schema_with = "duration_schema")]
    #[x_kube(
        validation = Rule::new("self.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?$')")
            .message("write hours, minutes and seconds in this order and each of them once, for example 1h30m"),
        validation = Rule::new("duration(self) >= duration('1m') && duration(self) <= duration('168h')")
            .message("the duration of a window must be at least 1m and at most 168h; to pause the runner for good, set paused")
    )]
    pub duration: String,
    /// The time zone that schedule is meant in, by its name in the IANA database. When omitted it is `UTC`.
    /// A time that the clocks skip is taken for the moment at which they are put forward, and of a time that
    /// comes twice the first is taken. Example: `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 64),
        regex(pattern = r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$")
    )]
    pub time_zone: Option<String>,
}

/// Whether one of spec.pauseWindows is open.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PausingStatus {
    /// Whether one is open now. Windows that overlap or touch are one.
    pub window_open: bool,
    /// When that changes next; absent where it does not in sight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_change: Option<Time>,
}
