//! What the chart says to values, good and bad.
use std::process::Command;

use super::release::CHART;

/// Lints the chart, renders it in every mode and compares deploy/ with it: `make chart`.
#[tokio::test]
async fn chart_and_deploy_are_in_order() {
    let check = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/check.sh");
    if let Err(complaint) = run(Command::new(check)).await {
        panic!("{complaint}");
    }
}

#[tokio::test]
async fn bad_values_are_refused_with_what_is_wrong() {
    for (value, says) in [
        ("replica=2", "additional properties 'replica' not allowed"),
        ("replicas=many", "at '/replicas': got string, want integer"),
        (
            "image.tga=1",
            "at '/image': additional properties 'tga' not allowed",
        ),
        (
            "allowHttp=please",
            "at '/allowHttp': got string, want boolean",
        ),
        (
            "listen.port=http",
            "at '/listen/port': got string, want integer",
        ),
        (
            "listen.port=80",
            "at '/listen/port': minimum: got 80, want 1,024",
        ),
        (
            "watch.mode=all",
            "at '/watch/mode': value must be one of 'namespaced', 'cluster'",
        ),
        (
            "watch.namespaces=build",
            "at '/watch/namespaces': got string, want array",
        ),
        (
            "watch.namespaces={Build}",
            "at '/watch/namespaces/0': 'Build' does not match pattern",
        ),
        (
            "resync=often",
            "at '/resync': 'often' does not match pattern",
        ),
        (
            "clusterId=a-name-that-is-one-longer-than-what-a-note-has-room-for-",
            "at '/clusterId': maxLength: got 56, want 55",
        ),
        (
            "podLabels.tier=2",
            "at '/podLabels/tier': got number, want string",
        ),
    ] {
        let mut helm = Command::new("helm");
        helm.args(["template", "registrar", CHART, "--set", value]);
        let complaint = run(helm).await.unwrap_err();
        assert!(complaint.contains(says), "{value}: {complaint}");
    }
}

/// Runs it with our helm and kubectl first in its `PATH`: what it printed, or what it complained of.
pub(super) async fn run(mut command: Command) -> Result<String, String> {
    let programs = control_plane::ensure().await.unwrap();
    let inherited = std::env::var("PATH").unwrap_or_default();
    command.env(
        "PATH",
        format!("{}:{inherited}", programs.folder().display()),
    );
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stdout) + &text(&output.stderr))
    }
}
