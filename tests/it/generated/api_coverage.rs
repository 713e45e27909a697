//! The page of what is done with each endpoint of GitLab's Runners API. People write it; here it is held to
//! the paths that the stand-in knows, the calls that the client makes, and the tests that exist.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use gitlab_runner_registrar::gitlab::permissions::PERMISSIONS;

const PAGE: &str = include_str!("../../../docs/api-coverage.md");

/// How a row begins to say that an endpoint is not used; the reason follows.
const NOT_USED: &str = "Not used. ";

/// What the page says of one endpoint.
struct Row<'a> {
    used: bool,
    /// What for, or why not.
    words: &'a str,
    tests: Vec<&'a str>,
}

/// The rows, by method and path.
fn rows() -> BTreeMap<(&'static str, &'static str), Row<'static>> {
    let mut rows = BTreeMap::new();
    for line in PAGE.lines().filter(|line| line.contains("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", _section, endpoint, since, words, tests, ""] = cells[..] else {
            panic!("not a row of five cells: {line}");
        };
        let endpoint = endpoint.trim_matches('`').split_once(' ').unwrap();
        assert!(!since.is_empty() && !words.is_empty(), "{line}");
        let used = !words.starts_with(NOT_USED);
        let row = Row {
            used,
            words: words.trim_start_matches(NOT_USED),
            tests: tests.split('`').skip(1).step_by(2).collect(),
        };
        assert!(rows.insert(endpoint, row).is_none(), "twice: {line}");
    }
    rows
}

/// The paths that the stand-in knows are those of the contract.
#[test]
fn every_path_of_the_api_has_a_row() {
    let rows = rows();
    let routes = root().join("tests/gitlab-sim/src/rest/routes.rs");
    let routes = fs::read_to_string(routes).unwrap();
    let (_, table) = routes.split_once("static ROUTES").unwrap();
    let mut known = BTreeSet::from([("POST", "/graphql")]);
    for route in table.split("route(").skip(1) {
        let mut words = route.split('"');
        let method = words.next().unwrap().trim().trim_end_matches(',');
        let method = method.trim_start_matches("Method::");
        known.insert((method, words.next().unwrap()));
    }
    assert!(known.len() > 30, "{known:?}");
    let listed: BTreeSet<(&str, &str)> = rows.keys().copied().collect();
    assert_eq!(
        listed, known,
        "left: docs/api-coverage.md; right: the stand-in's routes"
    );
}

/// What the client calls is said to be used, and nothing else.
#[test]
fn every_call_that_is_made_is_said_to_be_used() {
    let calls = PERMISSIONS.iter().flat_map(|permission| permission.calls);
    let mut calls: BTreeSet<(&str, &str)> = calls.copied().collect();
    calls.extend(super::permissions::BY_THEIR_OWN);
    let rows = rows();
    let used = rows.iter().filter(|(_, row)| row.used);
    let used: BTreeSet<(&str, &str)> = used.map(|(call, _)| *call).collect();
    assert_eq!(
        used, calls,
        "left: docs/api-coverage.md; right: what src/gitlab calls"
    );
}

#[test]
fn every_row_says_why_and_names_tests_that_exist() {
    let tests = tests();
    let mut bad = Vec::new();
    for ((method, path), row) in rows() {
        if row.used == row.tests.is_empty() || row.words.len() < 5 {
            bad.push(format!(
                "{method} {path}: a use and its tests, or a reason and none"
            ));
        }
        let missing = row.tests.iter().filter(|name| !tests.contains(**name));
        bad.extend(missing.map(|name| format!("{method} {path}: there is no test {name}")));
    }
    assert!(bad.is_empty(), "docs/api-coverage.md:\n{}", bad.join("\n"));
}

/// The names of all tests here.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    let folder = root().join("tests/it");
    crate::house::each_file(&folder, &mut |path, text| {
        let module = path.strip_prefix(&folder).unwrap().with_extension("");
        let parts = module.iter().map(|part| part.to_str().unwrap());
        let parts: Vec<&str> = parts.filter(|part| *part != "mod").collect();
        let module = parts.join("::");
        let mut marked = false;
        for line in text.lines() {
            marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let line = line.trim_start_matches("async ");
            if let Some(rest) = line.strip_prefix("fn ").filter(|_| marked) {
                let name = rest.split('(').next().unwrap();
                tests.insert(format!("{module}::{name}"));
                marked = false;
            }
        }
    });
    tests
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
