//! The windows in which a runner is paused: whether one is open, and when that changes next.
//!
//! The schedule is read by the clock on the wall, without a zone, and only what it comes to is put into the
//! zone. So a time that the clocks skip is not lost, and one that comes twice does not open a window twice.
use std::sync::LazyLock;

use cronexpr::Crontab;
use jiff::{
    SignedDuration, Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::quoted::quoted;
use crate::api::v1alpha1::{GitLabRunnerStatus, PauseWindow, PausingStatus};

/// The zones that were built in, so that a manifest means the same wherever the operator runs.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// The longest that a window may stay open.
const LONGEST: SignedDuration = SignedDuration::from_hours(168);
/// So many windows that touch are looked through for an end. Even if each is a minute long that is more than
/// the hour after which every object is looked at again.
const MOST_JOINED: usize = 500;
/// No zone puts its clocks back by as many minutes.
const MOST_REPEATED: usize = 24 * 60;
/// A time from which four years have a leap day, as far ahead as a schedule is looked through.
const SOME_TIME: Timestamp = Timestamp::UNIX_EPOCH;

/// What becomes of the windows of a runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pausing {
    /// Whether one is open.
    pub window_open: bool,
    /// When that changes next, where an end or a beginning is in sight.
    pub next_change: Option<Timestamp>,
}

/// How things stand with these windows; `None` without any. What cannot be a window is complained of.
pub(super) fn pausing(windows: &[PauseWindow], now: Timestamp) -> Result<Option<Pausing>, String> {
    if windows.is_empty() {
        return Ok(None);
    }
    let windows: Result<Vec<Window>, String> = windows.iter().map(Window::read).collect();
    let windows = windows?;
    let open_until = |at| windows.iter().filter_map(|it| it.open_until(at)).max();
    let Some(mut end) = open_until(now) else {
        return Ok(Some(Pausing {
            window_open: false,
            next_change: windows.iter().filter_map(|it| it.opens_after(now)).min(),
        }));
    };
    for _ in 0..MOST_JOINED {
        let Some(later) = open_until(end) else {
            return Ok(Some(Pausing {
                window_open: true,
                next_change: Some(end),
            }));
        };
        end = later;
    }
    Ok(Some(Pausing {
        window_open: true,
        next_change: None,
    }))
}

/// What status says of it.
pub(super) fn shown(pausing: Pausing) -> PausingStatus {
    PausingStatus {
        window_open: pausing.window_open,
        next_change: pausing.next_change.map(Time),
    }
}

/// What status goes on saying while nobody has read spec: what was to come is no longer told when its time
/// has passed.
pub(super) fn still(previous: &GitLabRunnerStatus, now: Timestamp) -> Option<PausingStatus> {
    let is_to_come = |pausing: &PausingStatus| {
        let next = pausing.next_change.as_ref();
        next.is_none_or(|next| next.0 > now)
    };
    previous.pausing.clone().filter(is_to_come)
}

/// A window that can be carried out.
struct Window {
    opens: Crontab,
    lasts: SignedDuration,
    zone: TimeZone,
}

impl Window {
    fn read(window: &PauseWindow) -> Result<Self, String> {
        let PauseWindow {
            schedule,
            duration,
            time_zone,
        } = window;
        let of = |complaint: &str| format!("pauseWindows: {complaint}");
        if schedule.split_whitespace().count() != 5 {
            return Err(of(&format!(
                "schedule {} must be the five fields of cron, such as 0 22 * * 1-5",
                quoted(schedule)
            )));
        }
        let opens = cronexpr::parse_crontab(&format!("{schedule} UTC"));
        let opens = opens.map_err(|error| {
            let error = error.to_string();
            // The library draws an arrow below the expression, and says after that what is wrong.
            let why = error.rsplit_once("^ ").map_or("", |(_, why)| why);
            let schedule = quoted(schedule);
            of(&format!(
                "schedule {schedule} is no schedule of cron: {why}; write it such as 0 22 * * 1-5"
            ))
        })?;
        if opens.find_next(SOME_TIME).is_err() {
            let schedule = quoted(schedule);
            return Err(of(&format!(
                "schedule {schedule} never comes within four years: correct its day or month"
            )));
        }
        let lasts: Option<SignedDuration> = duration.parse().ok();
        let lasts = lasts.filter(|lasts| (MINUTE..=LONGEST).contains(lasts));
        let lasts = lasts.ok_or_else(|| {
            let duration = quoted(duration);
            of(&format!(
                "duration {duration} must be from 1m to 168h, such as 8h"
            ))
        })?;
        let name = time_zone.as_deref().unwrap_or("UTC");
        let zone = ZONES.get(name).map_err(|_| {
            let name = quoted(name);
            of(&format!(
                "timeZone {name} is no zone of the IANA database: write one such as Europe/Berlin, or UTC"
            ))
        })?;
        Ok(Self { opens, lasts, zone })
    }

    /// When the window ends that is open at that time, if one is: not of necessity the last of several. It
    /// has opened within `lasts`, and most likely lately.
    fn open_until(&self, at: Timestamp) -> Option<Timestamp> {
        let mut back = MINUTE;
        loop {
            let opened = self.opens_after(at.checked_sub(back).ok()?)?;
            if opened <= at {
                return opened.checked_add(self.lasts).ok();
            }
            if back >= self.lasts {
                return None;
            }
            back = back.saturating_mul(2).min(self.lasts);
        }
    }

    /// When one opens next after that time.
    fn opens_after(&self, after: Timestamp) -> Option<Timestamp> {
        let mut clock = self.zone.to_datetime(after);
        for _ in 0..MOST_REPEATED {
            clock = self.by_the_clock(clock)?;
            let at = self.first_time(clock)?;
            // Where the clocks were put back it has come before.
            if at > after {
                return Some(at);
            }
        }
        None
    }

    fn by_the_clock(&self, clock: DateTime) -> Option<DateTime> {
        let from = TimeZone::UTC.to_timestamp(clock).ok()?;
        let next = self.opens.find_next(from).ok()?;
        Some(next.datetime())
    }

    /// The time at which clocks in the zone first show that, or are put forward over it.
    fn first_time(&self, clock: DateTime) -> Option<Timestamp> {
        let shown = self.zone.to_ambiguous_timestamp(clock);
        match shown.offset() {
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
                shown.earlier().ok()
            }
            AmbiguousOffset::Gap { before, after: _ } => {
                let unchanged = before.to_timestamp(clock).ok()?;
                let later = unchanged.checked_add(SignedDuration::from_secs(1)).ok()?;
                let change = self.zone.preceding(later).next()?;
                Some(change.timestamp())
            }
        }
    }
}
