//! Another build to measure beside this one.
use std::path::{Path, PathBuf};
use std::process::Command;

use super::machine::git;
use super::subject::Subject;
use crate::harness::repository;

/// A registrar of that path, or one that is built from that commit.
pub(super) fn subject(named: &str) -> Subject {
    match named.split_once('=') {
        Some((name, path)) => Subject::new(name, &repository().join(path)),
        None => Subject::new(named, &built(named)),
    }
}

/// Checks the commit out and builds it, both below `target/`, and keeps both for the next run.
fn built(commit: &str) -> PathBuf {
    let spec = format!("{commit}^{{commit}}");
    let Some(full) = git(&["rev-parse", "--verify", &spec]) else {
        panic!("--against {commit}: no such commit");
    };
    let place = repository().join("target/bench");
    let (tree, target) = (place.join(&full), place.join("target"));
    if !tree.join("Cargo.toml").is_file() {
        export(&full, &tree);
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(&tree);
    cargo.args(["build", "--release", "--locked", "--bin", "registrar"]);
    cargo.arg("--target-dir").arg(&target);
    assert!(cargo.status().unwrap().success(), "{commit} does not build");
    let program = place.join(format!("registrar-{full}"));
    std::fs::copy(target.join("release/registrar"), &program).unwrap();
    program
}

/// The files of a commit, without a work tree that git would have to be told about.
fn export(commit: &str, tree: &Path) {
    std::fs::create_dir_all(tree).unwrap();
    let archive = tree.with_extension("tar");
    let file = archive.to_str().unwrap();
    let made = git(&["archive", "--format=tar", "-o", file, commit]);
    assert!(made.is_some(), "git cannot archive {commit}");
    let mut tar = Command::new("tar");
    let tar = tar.arg("-xf").arg(&archive).arg("-C").arg(tree).status();
    assert!(tar.unwrap().success(), "{file} cannot be unpacked");
    std::fs::remove_file(archive).unwrap();
}
