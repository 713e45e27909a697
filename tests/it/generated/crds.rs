//! `crds/`, the chart's copy of it, and what `registrar crds` prints.
use std::process::Command;

use gitlab_runner_registrar::api;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

use super::{current, nothing_else};

const PLAIN: &str = "crds";
const CHART: &str = "charts/gitlab-runner-registrar/files/crds";

fn file_name(crd: &CustomResourceDefinition) -> String {
    format!("{}_{}.yaml", crd.spec.group, crd.spec.names.plural)
}

fn yaml(crd: &CustomResourceDefinition) -> String {
    let text = serde_saphyr::to_string(crd).unwrap();
    format!("{}\n", text.trim_end())
}

fn in_folder(folder: &str) -> Vec<(String, String)> {
    let crds = api::crds();
    crds.iter()
        .map(|crd| (format!("{folder}/{}", file_name(crd)), yaml(crd)))
        .collect()
}

#[test]
fn the_crds_are_current() {
    let mut files = in_folder(PLAIN);
    let crds = api::crds();
    let names: Vec<String> = crds.iter().map(file_name).collect();
    let names = names.join("\n  - ");
    files.push((
        format!("{PLAIN}/kustomization.yaml"),
        format!(
            "# Every file here is written by `make crds`.\n\
             apiVersion: kustomize.config.k8s.io/v1beta1\n\
             kind: Kustomization\n\
             resources:\n  - {names}\n"
        ),
    ));
    current(&files);
    nothing_else(PLAIN, &files);
}

#[test]
fn the_charts_crds_are_current() {
    let files = in_folder(CHART);
    for (path, text) in &files {
        let separated = text.lines().any(|line| line.starts_with("---"));
        assert!(!separated, "{path}: the chart reads one document per file");
    }
    current(&files);
    nothing_else(CHART, &files);
}

#[test]
fn the_binary_prints_just_these() {
    let printed = Command::new(env!("CARGO_BIN_EXE_registrar"))
        .arg("crds")
        .output()
        .unwrap();
    let files = in_folder(PLAIN);
    let texts: Vec<&str> = files.iter().map(|(_, text)| text.as_str()).collect();
    let expected = format!("---\n{}", texts.join("---\n"));
    assert!(printed.status.success());
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), expected);
}

#[test]
fn what_is_written_is_read_back_the_same() {
    for crd in api::crds() {
        let read: CustomResourceDefinition = serde_saphyr::from_str(&yaml(&crd)).unwrap();
        assert_eq!(read, crd);
    }
}
