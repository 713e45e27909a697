//! The program itself.
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::wire::{get, send};

struct Program {
    child: Child,
    line: Value,
}

impl Program {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gitlab-sim"))
            .args(["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            line: serde_json::from_str(&line).unwrap(),
        }
    }

    fn url(&self, key: &str) -> &str {
        self.line[key].as_str().unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already unless the test has failed.
        let _best_effort = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[tokio::test]
async fn it_says_where_it_listens_and_ends_when_told() {
    for signal in ["TERM", "INT"] {
        let mut program = Program::start(&["--root", "/gitlab"]);
        assert_eq!(
            get(program.url("url"), "/gitlab/api/v4/version")
                .await
                .status,
            401
        );
        assert_eq!(get(program.url("controlUrl"), "/health").await.status, 200);
        program.signal(signal);
        assert!(program.child.wait().unwrap().success());
    }
}

#[tokio::test]
async fn its_options_reach_the_world() {
    let folder = std::env::temp_dir().join(format!("gitlab-sim-program-{}", std::process::id()));
    let folder_text = folder.to_str().unwrap();
    let program = Program::start(&[
        "--tls-dir",
        folder_text,
        "--gitlab-version",
        "17",
        "--frozen-at",
        "2026-01-01T00:00:00Z",
    ]);
    assert!(program.url("url").starts_with("https://"));
    assert!(std::path::Path::new(program.url("ca")).is_file());
    let health = get(program.url("controlUrl"), "/health").await.json();
    assert_eq!(health["now"], "2026-01-01T00:00:00Z");
    let world = get(program.url("controlUrl"), "/world").await.json();
    assert_eq!(world["settings"]["version"], "17");
    // A seed of its own says 19, and so does one that says nothing.
    for seed in ["{\"settings\": {\"version\": 19}}", "{\"users\": []}", ""] {
        let control = program.url("controlUrl");
        assert_eq!(send(control, "POST", "/reset", seed).await.status, 200);
        let world = get(control, "/world").await.json();
        assert_eq!(
            world["settings"]["version"], "17",
            "after a reset with {seed:?}"
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn it_says_what_is_wrong_and_fails() {
    for (args, complaint) in [
        (["--root", "gitlab"], "must start with a slash"),
        (["--seed", "/does/not/exist.yaml"], "No such file"),
        (["--gitlab-version", "3"], "version `3` is none of"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_gitlab-sim"))
            .args(["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"])
            .args(args)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && errors.contains(complaint),
            "{errors}"
        );
    }
}
