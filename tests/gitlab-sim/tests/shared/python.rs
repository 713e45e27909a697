// Where the pinned packages of Python are, installed once into `.cache/python` of the repository, which
// outlives `cargo clean`. Included where python-gitlab is run.
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// python3 with the packages, and without a proxy of the machine, which is not for loopback.
pub(crate) fn python(repository: &Path) -> Command {
    let mut python = Command::new("python3");
    python
        .env("PYTHONPATH", packages(repository))
        // The packages are shared by test runs; none of them may write into the folder.
        .env("PYTHONDONTWRITEBYTECODE", "1");
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
    python
}

/// The folder with the packages, installed now unless they are there already.
fn packages(repository: &Path) -> PathBuf {
    let requirements = repository.join("tests/gitlab-sim/tests/python/requirements.txt");
    let pinned = fs::read_to_string(&requirements).unwrap();
    let version = run(Command::new("python3").arg("--version"));
    let mut hasher = DefaultHasher::new();
    (pinned.as_str(), version.stdout).hash(&mut hasher);
    let cache = repository.join(".cache/python");
    let packages = cache.join(format!("{:016x}", hasher.finish()));
    fs::create_dir_all(&cache).unwrap();
    // Two test runs at once: the second waits, and finds what the first has installed.
    let lock = File::create(cache.join("lock")).unwrap();
    lock.lock().unwrap();
    if !packages.is_dir() {
        install(&requirements, &cache.join("unfinished"), &packages);
    }
    packages
}

/// Installs beside the place and moves it there when it is whole.
fn install(requirements: &Path, unfinished: &Path, packages: &Path) {
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
        .arg(requirements));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "python-gitlab cannot be installed; this test needs Python 3.11 or newer with pip and \
         access to PyPI:\n{errors}"
    );
    fs::rename(unfinished, packages).unwrap();
}

pub(crate) fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("this test needs python3 (3.11 or newer) on PATH: {error}"))
}
