//! Everything that reads what others have written is given bytes: a committed corpus of what is true to life
//! (`tests/fuzz/corpus`), and what is near it. Each target says what must hold of the outcome.
mod addresses;
mod answers;
mod calls;
mod driver;
mod endless;
mod exchange;
mod headers;
mod json;
mod manifests;
mod marks;
mod mutate;
mod stored;
mod templates;
mod texts;
mod windows;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::time::Duration;

use driver::{Bound, Target, corpus, folder, replay, say, search};

const TARGETS: [&Target; 10] = [
    &answers::TARGET,
    &headers::TARGET,
    &addresses::TARGET,
    &manifests::RUNNERS,
    &manifests::CONNECTIONS,
    &marks::TARGET,
    &stored::TARGET,
    &templates::TARGET,
    &texts::TARGET,
    &windows::TARGET,
];

/// `make fuzz`: one target or all of them, for minutes.
#[test]
#[ignore = "as long as one likes: make fuzz"]
fn make_fuzz() {
    let given = |name| env::var(name).ok().filter(|text| !text.is_empty());
    let minutes: u64 = given("MINUTES").map_or(1, |minutes| minutes.parse().unwrap());
    let seed: u64 = given("SEED").map_or(1, |seed| seed.parse().unwrap());
    let name = given("TARGET");
    let chosen = |target: &&&Target| name.as_ref().is_none_or(|name| name == target.name);
    let chosen: Vec<_> = TARGETS.iter().filter(chosen).collect();
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    assert!(!chosen.is_empty(), "TARGET is one of {}", names.join(", "));
    for target in chosen {
        if let Some(file) = given("INPUT") {
            replay(target, Path::new(&file));
            continue;
        }
        say(&format!("{}: SEED={seed} MINUTES={minutes}", target.name));
        let bound = Bound::Time(Duration::from_secs(60 * minutes));
        say(&search(target, seed, bound).to_string());
    }
}

macro_rules! in_short {
    ($($name:ident: $target:path,)+) => {$(
        #[test]
        fn $name() {
            say(&search(&$target, 1, Bound::Runs($target.runs)).to_string());
        }
    )+};
}

in_short! {
    answers_of_gitlab: answers::TARGET,
    numbers_in_headers: headers::TARGET,
    addresses_by_paths: addresses::TARGET,
    manifests_of_runners: manifests::RUNNERS,
    manifests_of_connections: manifests::CONNECTIONS,
    notes_with_marks: marks::TARGET,
    secrets_of_tokens: stored::TARGET,
    templates_of_config_toml: templates::TARGET,
    texts_of_credentials: texts::TARGET,
    windows_of_pauses: windows::TARGET,
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|it| it.name.to_owned()).collect();
    let folders = fs::read_dir(folder()).unwrap();
    let folders: BTreeSet<String> = folders
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, targets);
    for target in TARGETS {
        let files = corpus(target.name);
        assert!(files.len() > 2, "{}: too few", target.name);
        let large = files.iter().find(|(_, bytes)| bytes.len() > 16 * 1024);
        assert!(large.is_none(), "{}: {large:?}", target.name);
    }
}
