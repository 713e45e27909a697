//! How cost grows with the number of runners: a model world up to a hundred thousand of them.
//!
//! There is no socket and no clock in it. The operator's own budget and roster, and the rule by which it
//! spaces its sweeps, meet a GitLab that is a list of runners, and time is a number that goes on to the
//! next thing that happens. What is assumed is told on the page ([`assumptions`]).
mod place;
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use super::figure::{Figure, Measured, number, percentile};
use place::Place;
use world::World;

/// How many runners, in columns of the table.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// How many connections share them, each with a credential of its own.
const CONNECTIONS: usize = 20;
/// How many groups the objects of a connection are in.
const GROUPS: usize = 10;
/// For every so many of our runners a group has one of somebody else.
const STRANGERS: usize = 10;
/// How many requests each connection allows.
const PER_MINUTE: u32 = 600;
const RESYNC: Duration = Duration::from_mins(1);
/// How long GitLab takes for an answer.
const ANSWER: Duration = Duration::from_millis(50);
/// One of so many runners is edited in GitLab by hand in an hour, and one of so many objects is changed
/// by its user.
const ONE_IN: usize = 10;
/// What the first sweeps and the news in them cost is not what idle objects cost.
const SETTLED: Duration = Duration::from_mins(5);
const HOUR: Duration = Duration::from_hours(1);

/// What is told of each size, by the heads of the table's columns.
pub(super) async fn all() -> Vec<(String, Measured)> {
    let one = |runners: usize| (format!("{runners} runners"), told(runners));
    let all = tokio::task::spawn_blocking(move || SIZES.map(one).into());
    all.await.unwrap()
}

/// What is told of so many runners.
fn told(runners: usize) -> Measured {
    let seen = Seen::of(runners, HOUR);
    let (all, hours) = (number(runners), seen.hours());
    let hourly = |count: usize| number(count) / hours;
    let requests = hourly(seen.requests());
    let mib = number(seen.bytes) / 1024.0 / 1024.0;
    let figure = Figure::new;
    let figures = vec![
        figure("GitLab requests per hour", "/h", requests),
        figure("… of which sweeps", "/h", hourly(seen.asked["sweep"])),
        figure("… per runner", "/h", requests / all),
        figure("asking for each runner each minute", "/h", all * 60.0),
        figure(
            "the most that one credential asks in a minute",
            "",
            number(seen.busiest),
        ),
        Figure::seconds("time between two sweeps, the longest", seen.period),
        Figure::seconds(
            "a tag changed in GitLab → corrected, p50",
            percentile(&seen.corrected, 50),
        ),
        Figure::seconds(
            "a tag changed in GitLab → corrected, max",
            percentile(&seen.corrected, 100),
        ),
        Figure::seconds("a change by a user waits at most", seen.waited),
        figure("objects woken by sweeps", "/h", hourly(seen.woken)),
        figure("rows that rosters keep", "", number(seen.rows)),
        figure("memory of these rows", "MiB", mib),
    ];
    Measured::figures(figures)
}

/// On what this rests.
pub(super) fn assumptions() -> String {
    let (answer, period) = (ANSWER.as_millis(), RESYNC.as_secs());
    format!(
        "The operator's own budget and roster and its rule for the time between sweeps, in a model without \
         sockets, a cluster or a clock, for an hour after the first {} minutes. Assumed are {CONNECTIONS} \
         connections with a credential each, their objects spread evenly over {GROUPS} groups each, one \
         runner of somebody else for every {STRANGERS} of ours, a GitLab that answers GraphQL after {answer} ms \
         and shows 100 runners a page, {PER_MINUTE} requests a minute allowed, a sweep every {period} s, all \
         runners in use, and in an hour one runner in {ONE_IN} edited in GitLab by hand and one object in \
         {ONE_IN} changed by its user. Each correction and each change is one request. Memory is counted \
         from what a row holds; it is not a resident set.",
        SETTLED.as_secs() / 60
    )
}

/// What was seen in the model world.
struct Seen {
    took: Duration,
    /// Requests by lane.
    asked: BTreeMap<&'static str, usize>,
    busiest: usize,
    period: Duration,
    corrected: Vec<Duration>,
    waited: Duration,
    woken: usize,
    rows: usize,
    bytes: usize,
}

impl Seen {
    fn of(runners: usize, took: Duration) -> Self {
        let mut world = World::new(runners);
        world.runs_until(SETTLED);
        world.places().for_each(Place::forgets_what_was);
        world.runs_until(SETTLED + took);
        let mut seen = Self {
            took,
            asked: ["change", "due", "sweep"].map(|lane| (lane, 0)).into(),
            busiest: 0,
            period: Duration::ZERO,
            corrected: Vec::new(),
            waited: Duration::ZERO,
            woken: 0,
            rows: 0,
            bytes: 0,
        };
        world.places().for_each(|place| seen.add(place));
        seen
    }

    fn add(&mut self, place: &Place) {
        let tally = &place.tally;
        for (lane, at) in &tally.asked {
            *self.asked.entry(lane).or_default() += at.len();
        }
        self.busiest = self.busiest.max(tally.busiest_minute());
        self.period = self.period.max(tally.longest_period);
        self.corrected.extend(&tally.corrected);
        self.waited = self.waited.max(tally.longest_wait);
        self.woken += tally.woken;
        let (rows, bytes) = place.kept();
        self.rows += rows;
        self.bytes += bytes;
    }

    fn requests(&self) -> usize {
        self.asked.values().sum()
    }

    fn hours(&self) -> f64 {
        self.took.as_secs_f64() / HOUR.as_secs_f64()
    }
}

/// The counts of a small world, as `make test` holds them.
#[test]
fn sweeps_are_pages_and_all_else_is_what_has_changed() {
    let runners = 1_000;
    let seen = Seen::of(runners, Duration::from_mins(30));
    let each_group = runners / CONNECTIONS / GROUPS;
    let pages = CONNECTIONS * GROUPS * (each_group + each_group / STRANGERS).div_ceil(100);
    let sweeps = seen.asked["sweep"];
    // Thirty each, give or take the tenth by which they are spread and the one that is under way.
    let (least, most) = (pages * 26, pages * 34);
    assert!(
        (least..=most).contains(&sweeps),
        "{sweeps} of {pages} pages each"
    );
    // One in ten each hour, give or take those that are seen to soon.
    let edits = runners / ONE_IN / 2;
    let corrected = seen.corrected.len();
    assert!(corrected.abs_diff(edits) <= 5, "{corrected}");
    assert_eq!(seen.asked["due"], seen.corrected.len());
    assert!(
        seen.corrected
            .iter()
            .all(|took| *took < RESYNC.mul_f64(1.2)),
        "{:?}",
        seen.corrected
    );
    assert!(
        seen.woken <= seen.corrected.len() + CONNECTIONS,
        "{}",
        seen.woken
    );
    assert_eq!(seen.rows, runners, "strangers take no room");
    assert_eq!(seen.waited, Duration::ZERO, "a change waits for no sweep");
    assert!(seen.busiest <= PER_MINUTE as usize, "{}", seen.busiest);
}
