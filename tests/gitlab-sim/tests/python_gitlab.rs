//! The real python-gitlab against the stand-in: `tests/python/test_python_gitlab.py`.
//!
//! Its pinned packages are installed once into `.cache/python` of the repository, which outlives
//! `cargo clean`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
#![allow(missing_docs, reason = "tests")]

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gitlab_sim::{Options, Server};

const REQUIREMENTS: &str = include_str!("python/requirements.txt");
const SEED: &str = include_str!("python/seed.yaml");

#[tokio::test(flavor = "multi_thread")]
async fn python_gitlab_works_unmodified() {
    let packages = packages();
    let sim = Server::start(SEED, Options::default()).await.unwrap();
    let mut python = Command::new("python3");
    python
        .arg(here().join("tests/python/test_python_gitlab.py"))
        .env("PYTHONPATH", packages)
        // The packages are shared by test runs; none of them may write into the folder.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SIM_URL", sim.url())
        .env("SIM_CONTROL_URL", sim.control_url());
    // A proxy of the machine is not for loopback.
    for proxy in [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        python.env_remove(proxy);
    }
    let output = tokio::task::spawn_blocking(move || run(&mut python))
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with the packages, installed now unless they are there already.
fn packages() -> PathBuf {
    let version = run(Command::new("python3").arg("--version"));
    let mut hasher = DefaultHasher::new();
    (REQUIREMENTS, version.stdout).hash(&mut hasher);
    let cache = here().join("../../.cache/python");
    let packages = cache.join(format!("{:016x}", hasher.finish()));
    fs::create_dir_all(&cache).unwrap();
    // Two test runs at once: the second waits, and finds what the first has installed.
    let lock = File::create(cache.join("lock")).unwrap();
    lock.lock().unwrap();
    if !packages.is_dir() {
        install(&cache.join("unfinished"), &packages);
    }
    packages
}

/// Installs beside the place and moves it there when it is whole.
fn install(unfinished: &Path, packages: &Path) {
    if unfinished.exists() {
        fs::remove_dir_all(unfinished).unwrap();
    }
    let output = run(Command::new("python3")
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ])
        .args(["--only-binary", ":all:", "--require-hashes", "--target"])
        .arg(unfinished)
        .arg("-r")
        .arg(here().join("tests/python/requirements.txt")));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "python-gitlab cannot be installed; this test needs Python 3.11 or newer with pip and \
         access to PyPI:\n{errors}"
    );
    fs::rename(unfinished, packages).unwrap();
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("this test needs python3 (3.11 or newer) on PATH: {error}"))
}
