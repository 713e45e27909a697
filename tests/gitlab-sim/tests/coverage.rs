//! Writes and compares `COVERAGE.md`: each section of the contract with its tests and the versions
//! in which they ask. The tests themselves are held to the versions that they declare
//! (`shared/covers.rs`).
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use gitlab_sim::Version;

const COMMAND: &str = "UPDATE=1 cargo test -p gitlab-sim --test coverage";

const HEAD: &str = "# What of the contract is tested, and in which versions

Written by `UPDATE=1 cargo test -p gitlab-sim --test coverage` from the tests themselves, which are held to the versions that they declare. Section 7 is what nobody knows.

| section | test | versions |
|---|---|---|
";

/// The sections that say what a server does.
const SECTIONS: [(&str, &str); 56] = [
    ("1.1", "Who authenticates how"),
    ("1.2", "Scopes"),
    ("1.3", "Error bodies"),
    ("1.4", "Parameter encodings"),
    ("1.5", "Attributes and validation"),
    ("1.6", "Tag normalisation"),
    ("1.7", "Status words and clocks"),
    ("1.8", "Offset pagination"),
    ("1.9", "Rate limits"),
    ("1.10", "Personal access token hazards"),
    ("2.1", "List entity"),
    ("2.2", "Details entity"),
    ("2.3", "Registration entity"),
    ("2.4", "Reset result"),
    ("2.5", "Manager entity"),
    ("2.6", "Job entity"),
    ("3.1", "Runners available to the user"),
    ("3.2", "All runners"),
    ("3.3", "One runner"),
    ("3.4", "Managers of a runner"),
    ("3.5", "Projects of a runner"),
    ("3.6", "Update"),
    ("3.7", "Delete by number"),
    ("3.8", "Jobs of a runner"),
    ("3.9", "Reset by number"),
    ("3.10", "A project's runners"),
    ("3.11", "A group's runners"),
    ("3.12", "Assign"),
    ("3.13", "Unassign"),
    ("3.14", "Register with a registration token"),
    ("3.15", "Delete by token"),
    ("3.16", "Delete a manager"),
    ("3.17", "Verify"),
    ("3.18", "Reset by token"),
    ("3.19", "Reset of registration tokens"),
    ("3.20", "POST /user/runners"),
    ("3.21", "Router discovery"),
    ("3.22", "Access tokens about themselves"),
    ("3.23", "Version and metadata"),
    ("3.24", "GET /user"),
    ("3.25", "Jobs"),
    ("4", "Ownership, limits, lifecycle"),
    ("5", "GraphQL"),
    ("5.1", "Entry points"),
    ("5.2", "Arguments"),
    ("5.3", "Fields"),
    ("5.4", "Limits"),
    ("6", "Version history"),
    ("8.1", "Fine-grained tokens"),
    ("8.2", "Their refusals"),
    ("8.3", "Their enforcement"),
    ("9.1", "Renamed or transferred"),
    ("9.2", "Archived"),
    ("9.3", "Scheduled for deletion"),
    ("10", "A server that does not write"),
    ("11", "13 and 15.2"),
];

/// A test's declaration, by section.
type Tests = BTreeMap<String, Vec<(String, String)>>;

/// Every test of a folder that begins with `covers("…", "…")`.
fn read(folder: &str, tests: &mut Tests) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let mut files: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let module = file.file_stem().unwrap().to_str().unwrap();
        for piece in text.split("#[test]\n").skip(1) {
            let (_, from_name) = piece.split_once("fn ").unwrap();
            let (name, from_body) = from_name.split_once("() {\n").unwrap();
            let declared = from_body
                .trim_start()
                .strip_prefix("let _covers = covers(\"");
            let Some((sections, rest)) = declared.and_then(|text| text.split_once("\", \"")) else {
                let numbered = name
                    .strip_prefix('s')
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
                assert!(
                    !numbered,
                    "{folder}::{module}::{name} names a section: let it begin with `let _covers = covers(…);`"
                );
                continue;
            };
            let (versions, _) = rest.split_once('"').unwrap();
            for section in sections.split(' ') {
                let known = SECTIONS.iter().any(|(number, _)| *number == section);
                assert!(
                    known,
                    "{folder}::{module}::{name}: the contract has no section {section}"
                );
                let own = format!("{folder} {module}::{name}");
                tests
                    .entry(section.to_owned())
                    .or_default()
                    .push((own, spelled(versions)));
            }
        }
    }
}

fn spelled(versions: &str) -> String {
    if versions == "all" {
        Version::ALL.map(|version| version.to_string()).join(", ")
    } else {
        versions.replace(' ', ", ")
    }
}

#[test]
fn the_table_is_current() {
    let mut tests = Tests::new();
    read("contract", &mut tests);
    read("graphql", &mut tests);
    let mut page = HEAD.to_owned();
    for (number, title) in SECTIONS {
        let own = tests.remove(number).unwrap_or_default();
        assert!(!own.is_empty(), "no test covers section {number}, {title}");
        for (row, (test, versions)) in own.iter().enumerate() {
            let section = if row == 0 {
                format!("{number} {title}")
            } else {
                String::new()
            };
            writeln!(page, "| {section} | `{test}` | {versions} |").unwrap();
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("COVERAGE.md");
    if fs::read_to_string(&file).is_ok_and(|have| have == page) {
        return;
    }
    assert!(
        std::env::var_os("UPDATE").is_some(),
        "COVERAGE.md is old; run: {COMMAND}"
    );
    fs::write(&file, page).unwrap();
}
