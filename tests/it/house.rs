//! House rules that neither the compiler nor clippy knows.
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// How long a file may be, without its own tests. A longer one is two ideas; a story or a table has
/// one idea and more lines.
const LONGEST: [(&str, usize); 2] = [("src", 250), ("tests/it", 350)];

/// Files that may be longer, and why.
const LONGER: &[(&str, &str)] = &[
    (
        "src/api/conditions.rs",
        "one closed list of the words that people read",
    ),
    (
        "tests/it/client/endpoints.rs",
        "one row for every endpoint in every version",
    ),
    (
        "tests/it/connections.rs",
        "one story for every way in which a connection is wrong",
    ),
    (
        "tests/it/validation/runners.rs",
        "a case on either side of every rule",
    ),
];

#[test]
fn no_file_is_two_ideas() {
    let mut bad = Vec::new();
    for (folder, longest) in LONGEST {
        each_file(&root().join(folder), &mut |path, text| {
            let code = text.lines().take_while(|line| *line != "#[cfg(test)]");
            let lines = code.count();
            let excused = LONGER.iter().any(|(file, _)| path.ends_with(file));
            if lines > longest && !excused {
                bad.push(format!("{}: {lines} lines, not {longest}", short(path)));
            }
        });
    }
    assert!(bad.is_empty(), "too long:\n{}", bad.join("\n"));
}

/// A story's name is that of its namespace, and two of one name meet there.
#[test]
fn no_two_stories_have_one_name() {
    let mut seen = BTreeMap::new();
    let mut bad = Vec::new();
    each_file(&root().join("tests/it"), &mut |path, text| {
        for name in text.split("story(\"").skip(1) {
            let name = name.split('"').next().unwrap().to_owned();
            if let Some(before) = seen.insert(name.clone(), short(path)) {
                bad.push(format!("{name}: in {before} and in {}", short(path)));
            }
        }
    });
    assert!(bad.is_empty(), "told twice:\n{}", bad.join("\n"));
    assert!(seen.len() > 50, "{seen:?}");
}

#[test]
fn no_file_is_forgotten() {
    let mut bad = Vec::new();
    for (folder, doors) in [
        ("src", &["lib.rs", "main.rs"][..]),
        ("tests/it", &["main.rs"]),
    ] {
        let top = root().join(folder);
        each_file(&top, &mut |path, _| {
            let folder = path.parent().unwrap();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            if folder == top && doors.iter().any(|door| path.ends_with(door)) {
                return;
            }
            // The file that should declare this one.
            let (inside, name) = match stem {
                "mod" => (
                    folder.parent().unwrap(),
                    folder.file_name().unwrap().to_str().unwrap(),
                ),
                _ => (folder, stem),
            };
            let parents = [
                inside.join("mod.rs"),
                inside.with_extension("rs"),
                inside.join(doors[0]),
            ];
            let declared = parents.iter().any(|parent| {
                let text = fs::read_to_string(parent).unwrap_or_default();
                let line = format!("mod {name};");
                text.lines()
                    .any(|l| l == line || l.ends_with(&format!(" {line}")))
            });
            if !declared {
                bad.push(short(path));
            }
        });
    }
    assert!(
        bad.is_empty(),
        "no `mod` line leads to:\n{}",
        bad.join("\n")
    );
}

/// `expect` complains when the exception is no longer needed; `allow` stays for ever.
#[test]
fn exceptions_are_expectations_with_a_reason() {
    let mut bad = Vec::new();
    each_file(&root().join("src"), &mut |path, text| {
        for (start, _) in text.match_indices("#[").chain(text.match_indices("#![")) {
            let attribute = &text[start..];
            let attribute = &attribute[..attribute.find(")]").unwrap_or(attribute.len())];
            let name = attribute.trim_start_matches(['#', '!', '[']);
            let allowed = name.starts_with("allow(");
            if allowed || name.starts_with("expect(") && !name.contains("reason =") {
                bad.push(format!("{}: {name}", short(path)));
            }
        }
    });
    assert!(
        bad.is_empty(),
        "write #[expect(lint, reason = \"…\")]:\n{}",
        bad.join("\n")
    );
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// Calls `f` with every Rust file below a folder, and its text.
pub(crate) fn each_file(folder: &Path, f: &mut impl FnMut(&Path, &str)) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            each_file(&path, f);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            f(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}
