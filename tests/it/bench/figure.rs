//! What was measured.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// How many points of a curve are kept: no eye sees more.
const POINTS: usize = 200;

/// All that a scenario tells of one subject.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) figures: Vec<Figure>,
    /// What the scenario's plot shows of it.
    pub(super) curve: Vec<(f64, f64)>,
}

impl Measured {
    /// Figures without a curve.
    pub(super) fn figures(figures: Vec<Figure>) -> Self {
        let curve = Vec::new();
        Self { figures, curve }
    }
}

/// One number and what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) value: f64,
}

impl Figure {
    pub(super) fn seconds(name: &str, took: Duration) -> Self {
        Self::new(name, "s", took.as_secs_f64())
    }

    pub(super) fn new(name: &str, unit: &str, value: f64) -> Self {
        let (name, unit) = (name.to_owned(), unit.to_owned());
        Self { name, unit, value }
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) floor: Option<f64>,
    /// One for each subject, if it was measured.
    pub(super) values: Vec<Option<f64>>,
}

impl Row {
    /// Puts what was measured of each subject beside each other, and the floor of the same name.
    pub(super) fn of(floor: &Measured, subjects: &[Option<&Measured>]) -> Vec<Self> {
        let value = |of: &Measured, name: &str| {
            let found = of.figures.iter().find(|figure| figure.name == name);
            found.map(|figure| figure.value)
        };
        let Some(first) = subjects.iter().find_map(|one| *one) else {
            return Vec::new();
        };
        let rows = first.figures.iter().map(|Figure { name, unit, .. }| Self {
            name: name.clone(),
            unit: unit.clone(),
            floor: value(floor, name),
            values: subjects.iter().map(|of| value((*of)?, name)).collect(),
        });
        rows.collect()
    }
}

/// A count as a number that can be divided.
pub(super) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// The value that so many of a hundred do not exceed.
pub(super) fn percentile(values: &[Duration], percent: usize) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

/// Median and 99th percentile under these names.
pub(super) fn spread(what: &str, values: &[Duration]) -> Vec<Figure> {
    [50, 99]
        .map(|percent| Figure::seconds(&format!("{what}, p{percent}"), percentile(values, percent)))
        .into()
}

/// How many were there after so many seconds.
pub(super) fn cumulative(
    begin: Instant,
    all: impl IntoIterator<Item = Instant>,
) -> Vec<(f64, f64)> {
    let all: Vec<Duration> = all.into_iter().map(|one| one - begin).collect();
    let count = number(all.len());
    let curve = distribution(&all);
    curve
        .into_iter()
        .map(|(x, share)| (x, share * count / 100.0))
        .collect()
}

/// Which share of all, in percent, took no longer than so many seconds.
pub(super) fn distribution(values: &[Duration]) -> Vec<(f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort();
    let all = number(sorted.len());
    let step = sorted.len().div_ceil(POINTS).max(1);
    let points = sorted.iter().enumerate().filter(|(at, _)| {
        let last = at + 1 == sorted.len();
        at % step == 0 || last
    });
    let point =
        |(at, value): (usize, &Duration)| (value.as_secs_f64(), number(at + 1) / all * 100.0);
    points.map(point).collect()
}

#[test]
fn a_percentile_is_a_value_that_was_measured() {
    let values: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
    let found = [1, 50, 99, 100].map(|percent| percentile(&values, percent).as_millis());
    assert_eq!(found, [2, 100, 198, 200]);
    assert_eq!(percentile(&values[..1], 50).as_millis(), 200);
}

#[test]
fn a_curve_of_many_keeps_its_ends() {
    let values: Vec<Duration> = (1..=1000).map(Duration::from_secs).collect();
    let curve = distribution(&values);
    assert!(curve.len() <= POINTS + 1, "{}", curve.len());
    assert_eq!(
        (curve[0], *curve.last().unwrap()),
        ((1.0, 0.1), (1000.0, 100.0))
    );
}
