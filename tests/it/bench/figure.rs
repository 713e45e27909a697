//! What was measured.
use std::time::Duration;

/// One number and what it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) value: f64,
}

impl Figure {
    pub(super) fn seconds(name: &str, took: Duration) -> Self {
        Self::new(name, "s", took.as_secs_f64())
    }

    pub(super) fn new(name: &str, unit: &'static str, value: f64) -> Self {
        let name = name.to_owned();
        Self { name, unit, value }
    }
}

/// One line of the table.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) floor: Option<f64>,
    /// One for each subject.
    pub(super) values: Vec<f64>,
}

impl Row {
    /// Puts what was measured of each subject beside each other, and the floor of the same name.
    pub(super) fn of(floor: &[Figure], figures: &[Vec<Figure>]) -> Vec<Self> {
        let Some(first) = figures.first() else {
            return Vec::new();
        };
        let rows = first.iter().enumerate().map(|(place, figure)| Self {
            name: figure.name.clone(),
            unit: figure.unit,
            floor: floor
                .iter()
                .find(|floor| floor.name == figure.name)
                .map(|floor| floor.value),
            values: figures.iter().map(|of| of[place].value).collect(),
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

#[test]
fn a_percentile_is_a_value_that_was_measured() {
    let values: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
    let found = [1, 50, 99, 100].map(|percent| percentile(&values, percent).as_millis());
    assert_eq!(found, [2, 100, 198, 200]);
    assert_eq!(percentile(&values[..1], 50).as_millis(), 200);
}
