//! How the operator starts: what it refuses, and what it does not wait for.
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness::{Story, runner, story, until};

/// An empty list is a mistake in a template and not a wish to watch everything.
#[test]
fn an_empty_list_of_namespaces_is_refused() {
    for (flag, variable) in [
        (Some("--watch-namespaces="), None),
        (Some("--watch-namespaces= , "), None),
        (None, Some("")),
        (None, Some("build,")),
    ] {
        let mut registrar = Command::new(env!("CARGO_BIN_EXE_registrar"));
        registrar.arg("run").args(flag).env_clear();
        registrar.envs(variable.map(|value| ("WATCH_NAMESPACES", value)));
        let output = registrar.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{flag:?} {variable:?}: {told}"
        );
        assert!(told.contains("--watch-namespaces"), "{told}");
        assert!(told.contains("leave out the flag"), "{told}");
    }
}

/// As `registrar crds | head -1` does.
#[test]
fn a_reader_who_has_enough_is_told_nothing() {
    let mut registrar = Command::new(env!("CARGO_BIN_EXE_registrar"));
    let registrar = registrar.arg("crds").stdout(Stdio::piped());
    let mut child = registrar.stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 3];
    // Much more than this is printed, and more than a pipe holds.
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(first, *b"---");
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), &*told), (Some(141), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_not_there_keeps_no_other_waiting() {
    story("start-namespaces")
        .also_watching("start-namespaces-late")
        .tell(async |story| {
            until("it is ready all the same", async || {
                let said = story.operator().readiness().await;
                let ready = story.operator().says_ready().await;
                ready.then_some(()).ok_or(said)
            })
            .await;
            let said = story.operator().readiness().await;
            let names = said.contains("namespace start-namespaces-late");
            assert!(names && said.contains("--watch-namespaces"), "{said}");
            story.is_connected_to_gitlab().await;
            story.apply(&runner("early")).await;
            story.is_ready("early").await;

            let late = "start-namespaces-late";
            story.stage.plane.create_namespace(late).await.unwrap();
            story.moves_to(late);
            story.rights_are_granted().await;
            let ours = "--serviceaccount=start-namespaces:registrar";
            let bind = ["create", "rolebinding", "ours", "--role=registrar", ours];
            story.kubectl(&bind).await;
            story.is_connected_to_gitlab().await;
            story.apply(&runner("late")).await;
            story.is_ready("late").await;
            assert_eq!(story.operator().readiness().await, "ok");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_that_are_not_installed_are_named_and_asked_for_ever_more_rarely() {
    story("start-no-kinds")
        .on_a_stage_of_its_own()
        .without_an_operator()
        .tell(async |story| {
            story.kubectl(&["delete", "crd", "--all"]).await;
            story.the_operator_starts().await;
            let missing = "CustomResourceDefinition gitlabconnections.gitlab-registrar.dev";
            until("it says which", async || {
                let said = story.operator().readiness().await;
                let logged = story.operator().lines().contains(missing);
                let ready = story.operator().says_ready().await;
                let told = !ready && logged && said.contains(missing);
                told.then_some(()).ok_or(said)
            })
            .await;
            until("the pauses grow", async || {
                let pauses = pauses(story);
                let grown = pauses.iter().any(|pause| *pause > Duration::from_secs(3));
                grown.then_some(()).ok_or(format!("{pauses:?}"))
            })
            .await;

            story.stage.install_kinds().await;
            story.is_connected_to_gitlab().await;
            story.apply(&runner("patient")).await;
            story.is_ready("patient").await;
            assert_eq!(story.operator().readiness().await, "ok");
        })
        .await;
}

/// How long the operator waited after each failure of a watch, as kube logs it.
fn pauses(story: &Story<'_>) -> Vec<Duration> {
    let log = story.operator().log();
    let waits = log.lines().filter(|line| line.contains("backing off"));
    let pause = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let text = line["duration"].as_str()?.to_owned();
        let seconds = text.strip_suffix("ms").map(|ms| (ms, 1e-3));
        let (number, unit) = seconds.or(text.strip_suffix('s').map(|s| (s, 1.0)))?;
        Some(Duration::from_secs_f64(number.parse::<f64>().ok()? * unit))
    };
    waits.filter_map(pause).collect()
}
