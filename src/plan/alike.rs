//! The settings by which one runner is made like another.
use super::mark::Mark;
use crate::gitlab::model::{Runner, Settings};

/// What a runner is like, as a registration takes it.
pub(super) fn settings_of(runner: &Runner, of_a_project: bool) -> Settings {
    let note = runner.maintenance_note.text();
    let text = note.map(|note| Mark::split(note).0.to_owned());
    Settings {
        description: Some(runner.description.clone()).filter(|text| !text.is_empty()),
        tags: Some(runner.tags.clone()),
        run_untagged: Some(runner.run_untagged),
        paused: Some(runner.paused),
        locked: of_a_project.then_some(runner.locked),
        access_level: Some(runner.access_level),
        maximum_timeout: Some(runner.maximum_timeout),
        maintenance_note: text.filter(|text| !text.is_empty()),
    }
}

/// Settings, with others laid over them.
pub(super) fn over(under: Settings, upper: Settings) -> Settings {
    // Destructured without `..`: a new setting must be laid over here.
    let Settings {
        description,
        tags,
        run_untagged,
        paused,
        locked,
        access_level,
        maximum_timeout,
        maintenance_note,
    } = upper;
    Settings {
        description: description.or(under.description),
        tags: tags.or(under.tags),
        run_untagged: run_untagged.or(under.run_untagged),
        paused: paused.or(under.paused),
        locked: locked.or(under.locked),
        access_level: access_level.or(under.access_level),
        maximum_timeout: maximum_timeout.or(under.maximum_timeout),
        maintenance_note: maintenance_note.or(under.maintenance_note),
    }
}
