//! What has been measured is kept for each scenario, so that a run that was cut short can be ended by
//! another one.
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::figure::{Measured, Row};
use super::options::Setting;
use super::scenario::Scenario;
use super::subject::THIS_BUILD;
use crate::harness::repository;

/// What one scenario told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) scenario: Scenario,
    /// Results of different settings do not stand on one page.
    pub(super) setting: Setting,
    /// How long it took to measure.
    pub(super) seconds: f64,
    pub(super) floor: Measured,
    /// By name.
    pub(super) subjects: Vec<(String, Measured)>,
}

impl Told {
    pub(super) fn of(&self, subject: &str) -> Option<&Measured> {
        let found = self.subjects.iter().find(|(name, _)| name == subject);
        found.map(|(_, measured)| measured)
    }

    /// Whether nothing of that subject is left to measure here.
    pub(super) fn knows(&self, subject: &str) -> bool {
        self.scenario == Scenario::Growth || self.of(subject).is_some()
    }

    /// Its lines of a table of its own.
    pub(super) fn own_rows(&self) -> (Vec<String>, Vec<Row>) {
        let names: Vec<String> = self.subjects.iter().map(|(name, _)| name.clone()).collect();
        let rows = self.rows(&names);
        (names, rows)
    }

    /// Its lines of the table, with a column for each of these.
    pub(super) fn rows(&self, subjects: &[String]) -> Vec<Row> {
        let columns: Vec<_> = subjects.iter().map(|name| self.of(name)).collect();
        Row::of(&self.floor, &columns)
    }

    pub(super) fn keep(&self) {
        let file = file(self.scenario, &self.setting);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, serde_json::to_string(self).unwrap()).unwrap();
    }
}

/// What that scenario told with that setting, if it was measured.
pub(super) fn kept(scenario: Scenario, setting: &Setting) -> Option<Told> {
    let text = fs::read_to_string(file(scenario, setting)).ok()?;
    let told: Told = serde_json::from_str(&text).ok()?;
    (told.setting == *setting).then_some(told)
}

fn file(scenario: Scenario, setting: &Setting) -> PathBuf {
    let name = format!("{}-{}.json", scenario.name(), setting.runners);
    repository().join("target/bench/results").join(name)
}

/// Everybody who was measured, this build first.
pub(super) fn subjects<'a>(all: impl IntoIterator<Item = &'a Told>) -> Vec<String> {
    let mut names = vec![THIS_BUILD.to_owned()];
    for (name, _) in all.into_iter().flat_map(|told| &told.subjects) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}
