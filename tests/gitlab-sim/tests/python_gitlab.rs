//! The real python-gitlab against the stand-in: `tests/python/test_python_gitlab.py`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
#![allow(missing_docs, reason = "tests")]

#[path = "shared/python.rs"]
mod python;

use std::path::Path;

use gitlab_sim::{Options, Server};

use python::{python, run};

const SEED: &str = include_str!("python/seed.yaml");

#[tokio::test(flavor = "multi_thread")]
async fn python_gitlab_works_unmodified() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut python = python(&here.join("../.."));
    let sim = Server::start(SEED, Options::default()).await.unwrap();
    python
        .arg(here.join("tests/python/test_python_gitlab.py"))
        .env("SIM_URL", sim.url())
        .env("SIM_CONTROL_URL", sim.control_url());
    let output = tokio::task::spawn_blocking(move || run(&mut python))
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
