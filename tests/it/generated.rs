//! Whatever follows from the Rust types is written from them, committed, and compared here.
mod api_coverage;
mod argocd;
mod crds;
mod docs;
mod fields;
mod lint;
mod permissions;
mod waiters;

pub(crate) use docs::with_every_series;

use std::{fs, path::Path};

const COMMAND: &str = "UPDATE=1 cargo it generated";

/// Compares files below the repository's root with what they should be, or writes them.
fn current(files: &[(String, String)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE").is_some();
    let mut stale = Vec::new();
    for (path, text) in files {
        let file = root.join(path);
        if fs::read_to_string(&file).is_ok_and(|have| have == *text) {
            continue;
        }
        if update {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
        } else {
            stale.push(path.as_str());
        }
    }
    assert!(
        stale.is_empty(),
        "not what the Rust types say: {}; run: {COMMAND}",
        stale.join(", ")
    );
}

/// Fails when a folder of generated files holds one that nothing generates.
fn nothing_else(folder: &str, files: &[(String, String)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = format!("{folder}/{name}");
        assert!(
            files.iter().any(|(generated, _)| *generated == path),
            "{path} is not generated from anything: delete it"
        );
    }
}

/// A cell of a Markdown table. An angle bracket between backticks stays as it is.
fn cell(text: &str) -> String {
    let text: Vec<&str> = text.split_whitespace().collect();
    let text = text.join(" ").replace('|', "\\|");
    let parts = text.split('`').enumerate();
    let parts: Vec<String> = parts
        .map(|(n, part)| match n % 2 {
            0 => part.replace('<', "&lt;"),
            _ => part.to_owned(),
        })
        .collect();
    parts.join("`")
}

/// A cell, or a part of one, that is code.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}
