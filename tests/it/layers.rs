//! Who may know whom, and what the pure parts do without.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A module, and those of ours that it may use. Each may only name modules of the rows above it, so
/// that no two can ever know each other.
const MAY_USE: &[(&str, &[&str])] = &[
    ("api", &[]),
    ("backoff", &[]),
    ("chain", &[]),
    ("clock", &[]),
    ("cluster", &["clock"]),
    ("telemetry", &[]),
    ("term", &[]),
    ("gitlab", &["term"]),
    ("election", &["chain", "term"]),
    ("plan", &["api", "gitlab::model"]),
    ("metrics", &["api", "gitlab", "plan"]),
    ("http", &["metrics"]),
    ("secrets", &["api", "gitlab::model", "plan"]),
    ("observe", &["api", "gitlab", "plan", "secrets"]),
    ("connect", &["api", "chain", "gitlab", "plan"]),
    (
        "fleet",
        &[
            "api", "chain", "clock", "cluster", "connect", "gitlab", "observe", "plan", "secrets",
        ],
    ),
    ("cli", &["fleet", "telemetry"]),
    (
        "controller",
        &[
            "api", "backoff", "chain", "clock", "connect", "gitlab", "http", "metrics", "observe",
            "plan", "secrets", "term",
        ],
    ),
    (
        "run",
        &[
            "api",
            "backoff",
            "chain",
            "cli",
            "clock",
            "cluster",
            "controller",
            "election",
            "fleet",
            "gitlab",
            "http",
            "metrics",
            "plan",
            "secrets",
            "telemetry",
            "term",
        ],
    ),
];

/// A module, and words that must not stand in it.
const DOES_WITHOUT: &[(&str, &[&str])] = &[
    // The API server's types are there to be written and read, not to be called with.
    (
        "api",
        &["async", "tokio", "tracing", "reqwest", "Client", "now()"],
    ),
    // GitLab does not know that Kubernetes exists.
    ("gitlab", &["kube", "k8s_openapi", "schemars"]),
    // Equal input, equal output: nothing to wait for, no clock, no log, no chance, no order that a
    // hash decides.
    (
        "plan",
        &[
            "async",
            "await",
            "now()",
            "Instant",
            "SystemTime",
            "tokio",
            "tracing",
            "rand",
            "reqwest",
            "kube",
            "HashMap",
            "HashSet",
            "env",
        ],
    ),
    // What is looked for is an argument, and so is the time; what was seen is the caller's to keep.
    (
        "observe",
        &[
            "kube",
            "k8s_openapi",
            "reqwest",
            "now()",
            "Instant",
            "tokio",
            "tracing",
        ],
    ),
    ("secrets", &["reqwest", "now()", "tracing", "tokio"]),
];

#[test]
fn the_table_names_every_module_and_only_looks_up_the_page() {
    let lib = fs::read_to_string(source().join("lib.rs")).unwrap();
    let mut declared: Vec<&str> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    declared.sort_unstable();
    let mut listed: Vec<&str> = MAY_USE.iter().map(|(module, _)| *module).collect();
    for (row, (module, uses)) in MAY_USE.iter().enumerate() {
        for used in *uses {
            let root = used.split("::").next().unwrap();
            let above = &listed[..row];
            assert!(
                above.contains(&root),
                "{module} may not use {used}: it is not above"
            );
        }
    }
    listed.sort_unstable();
    assert_eq!(
        listed, declared,
        "lib.rs and the table of who may know whom"
    );
}

#[test]
fn modules_only_know_those_below() {
    let mut bad = Vec::new();
    each_line(|module, place, line| {
        let Some((_, uses)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            return;
        };
        for (at, found) in line.match_indices("crate::") {
            let target = &line[at + found.len()..];
            let known = uses
                .iter()
                .chain([&module])
                .any(|name| begins(target, name));
            if !known {
                bad.push(format!("{place}: {}", line.trim()));
            }
        }
    });
    assert!(bad.is_empty(), "these lines look up:\n{}", bad.join("\n"));
}

/// The top of a file is a list of who it knows, and is read line by line above.
#[test]
fn every_import_names_one_module_and_none_climbs_twice() {
    let mut bad = Vec::new();
    each_line(|_, place, line| {
        let climbs = line
            .trim_start()
            .trim_start_matches("pub ")
            .starts_with("use super::super");
        if line.contains("use crate::{") || climbs {
            bad.push(format!("{place}: {}", line.trim()));
        }
    });
    assert!(
        bad.is_empty(),
        "write one `use crate::module::…` for each module:\n{}",
        bad.join("\n")
    );
}

#[test]
fn the_pure_parts_do_without() {
    let mut bad = Vec::new();
    each_line(|module, place, line| {
        for (_, words) in DOES_WITHOUT.iter().filter(|(name, _)| *name == module) {
            for word in *words {
                if has_word(line, word) {
                    bad.push(format!("{place}: {word}: {}", line.trim()));
                }
            }
        }
    });
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// Within a folder too, files can be put in an order in which each knows only earlier ones.
#[test]
fn neighbours_know_each_other_in_one_direction() {
    let mut known: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    super::house::each_file(&source(), &mut |path, text| {
        // What is above a folder's own page is another folder.
        if path.ends_with("mod.rs") {
            return;
        }
        let folder = path.parent().unwrap();
        let neighbour =
            |name: &str| Some(folder.join(format!("{name}.rs"))).filter(|path| path.exists());
        let uses = imports(text).into_iter().filter_map(neighbour).collect();
        known.insert(path.to_owned(), uses);
    });
    assert!(known.values().any(|uses| !uses.is_empty()));
    // Whoever knows nobody that is left is in order; what stays goes round in circles.
    loop {
        let before = known.len();
        let left: BTreeSet<PathBuf> = known.keys().cloned().collect();
        known.retain(|_, uses| uses.iter().any(|used| left.contains(used)));
        if known.len() == before {
            break;
        }
    }
    assert!(known.is_empty(), "these go round in circles: {known:#?}");
}

/// The first names in what a file imports from its own folder.
fn imports(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, start) in text.match_indices("use super::") {
        let rest = text[at + start.len()..].split(';').next().unwrap();
        let mut depth = 0;
        let list = rest.strip_prefix('{').unwrap_or(rest);
        for item in list.split(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        }) {
            names.push(item.trim().split(|c| !part_of_a_name(c)).next().unwrap());
        }
    }
    names
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Calls `f` with the top module, the place and the text of every line of code.
fn each_line(mut f: impl FnMut(&str, &str, &str)) {
    let source = source();
    super::house::each_file(&source, &mut |path, text| {
        let relative = path.strip_prefix(&source).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap();
        let module = module.trim_end_matches(".rs");
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            f(
                module,
                &format!("{}:{}", relative.display(), number + 1),
                code,
            );
        }
    });
}

/// Whether a path begins with these segments, and not just with these letters.
fn begins(path: &str, segments: &str) -> bool {
    path.strip_prefix(segments)
        .is_some_and(|rest| !rest.starts_with(part_of_a_name))
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let inside = word.starts_with(part_of_a_name);
        let before = inside && line[..at].ends_with(part_of_a_name);
        let after =
            word.ends_with(part_of_a_name) && line[at + word.len()..].starts_with(part_of_a_name);
        !before && !after
    })
}

fn part_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
