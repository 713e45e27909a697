//! Building the programs, with a Go that only pretends.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Says that it builds, waits for a file `go-ahead` to appear, and "builds" six empty programs.
const BUILDS: &str = r#"
[ "$1" = build ] || exit 0
echo built >>"$BUILDS"
echo internal/cpu
while [ "$1" != -o ]; do shift; done
tries=300
while [ ! -e "$BUILDS.go-ahead" ] && [ "$tries" -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
for name in server kube-apiserver kube-controller-manager kubectl helm kstatus; do : >"$2$name"; done
"#;

const FAILS: &str = r#"
[ "$1" = build ] || exit 0
echo "it does not compile"
exit 2
"#;

struct Trial {
    folder: TempDir,
}

impl Trial {
    /// With that as `go`, or none at all.
    fn with(go: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Some(script) = go {
            let path = folder.path().join("go");
            fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::create_dir(folder.path().join("tools")).unwrap();
        std::os::unix::fs::symlink("/bin/sleep", folder.path().join("tools/sleep")).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn build(&self) -> Child {
        let path = format!(
            "{}:{}",
            self.path().display(),
            self.path().join("tools").display()
        );
        Command::new(env!("CARGO_BIN_EXE_playground"))
            .arg("bin")
            .env("PATH", path)
            .env("CONTROL_PLANE_CACHE", self.path().join("cache"))
            .env("BUILDS", self.path().join("builds"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn fails_with(&self) -> String {
        let output = self.build().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn two_processes_build_once() {
    let trial = Trial::with(Some(BUILDS));
    let mut first = trial.build();
    let mut told = BufReader::new(first.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(line.contains("building etcd"), "{line}");

    let mut second = trial.build();
    let mut waits = BufReader::new(second.stderr.take().unwrap());
    line.clear();
    waits.read_line(&mut line).unwrap();
    assert!(line.contains("waiting for another process"), "{line}");

    fs::write(trial.path().join("builds.go-ahead"), "").unwrap();
    let folder = |child: Child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let bin = folder(first);
    assert_eq!(bin, folder(second));
    assert!(Path::new(bin.trim()).join("etcd").is_file(), "{bin}");
    assert_eq!(
        fs::read_to_string(trial.path().join("builds")).unwrap(),
        "built\n"
    );
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert!(
        rest.contains("packages compiled") && rest.contains("built in"),
        "{rest}"
    );
}

#[test]
fn a_build_that_fails_says_why_and_leaves_nothing_that_looks_finished() {
    let trial = Trial::with(Some(FAILS));
    for _ in 0..2 {
        let told = trial.fails_with();
        assert!(
            told.contains("(exit code 2):\nit does not compile"),
            "{told}"
        );
    }
}

#[test]
fn without_go_it_says_what_to_install() {
    let told = Trial::with(None).fails_with();
    assert!(told.contains("install Go 1.26 or newer"), "{told}");
}
