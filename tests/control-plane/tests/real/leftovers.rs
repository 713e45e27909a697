//! Nothing stays behind.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::{sleep, timeout};

const PLAYGROUND: &str = env!("CARGO_BIN_EXE_playground");
const SAMPLE: &str = env!("CARGO_BIN_EXE_pod-sample");

fn playground(command: &[&str]) -> Command {
    let mut playground = Command::new(PLAYGROUND);
    playground
        .args(["up", "--operator", SAMPLE])
        .args(command)
        .stderr(Stdio::null());
    playground
}

/// Starts a playground that stays up, and tells its folder once it is ready.
fn start() -> (Child, PathBuf) {
    let mut child = playground(&[]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let folder = lines
        .map(Result::unwrap)
        .find_map(|line| Some(line.strip_prefix("export PLAYGROUND_FOLDER='")?.to_owned()))
        .expect("it exports its folder");
    (child, PathBuf::from(folder.trim_end_matches('\'')))
}

/// The ids of all processes whose command line names that folder: the servers, what holds them, and
/// what sweeps up after them.
fn alive(folder: &Path) -> Vec<String> {
    let name = folder.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&command).contains(name) {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found
}

async fn nothing_is_left(folder: &Path) {
    let looking = async {
        while folder.exists() || !alive(folder).is_empty() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    let found = timeout(Duration::from_mins(1), looking).await;
    assert!(
        found.is_ok(),
        "left: {} with {:?}",
        folder.display(),
        alive(folder)
    );
}

#[tokio::test]
async fn after_sigkill() {
    let _turn = crate::turn().await;
    let (mut child, folder) = start();
    let before = alive(&folder);
    // Three servers with their leashes, and the sweeper.
    assert!(before.len() >= 7, "{before:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    nothing_is_left(&folder).await;
}

#[tokio::test]
async fn after_sigkill_with_a_frozen_apiserver() {
    let _turn = crate::turn().await;
    let (mut child, folder) = start();
    let apiserver = alive(&folder)
        .into_iter()
        .find(|pid| {
            let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
            program.ends_with("kube-apiserver")
        })
        .expect("there is an API server");
    assert!(
        Command::new("kill")
            .args(["-s", "STOP", &apiserver])
            .status()
            .unwrap()
            .success()
    );
    child.kill().unwrap();
    child.wait().unwrap();
    nothing_is_left(&folder).await;
}

#[tokio::test]
async fn after_sigterm() {
    let _turn = crate::turn().await;
    let (mut child, folder) = start();
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert!(
        child.wait().unwrap().success(),
        "being asked to end is how it ends"
    );
    nothing_is_left(&folder).await;
}

#[tokio::test]
async fn after_the_command_whose_exit_code_it_has() {
    let _turn = crate::turn().await;
    let script = r#"kubectl get nodes -o name && echo "$PLAYGROUND_FOLDER"; exit 7"#;
    let mut child = playground(&["--", "sh", "-c", script])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut said = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
    let (node, folder) = said.trim().split_once('\n').unwrap();
    assert_eq!(node, "node/playground");
    nothing_is_left(Path::new(folder)).await;
}
