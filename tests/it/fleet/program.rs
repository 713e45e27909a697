//! What all commands have in common: help, completions, the ways to call them, and who may see what.
use std::collections::BTreeSet;
use std::os::unix::fs::symlink;

use clap::{CommandFactory, Parser};
use gitlab_runner_registrar::cli::Cli;
use gitlab_runner_registrar::fleet::rights::{EVERYWHERE, IN_CLUSTER_MODE, Rule};
use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::Value;

use super::{folder, registrar};
use crate::harness::{Mode, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn every_shell_gets_completions_of_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = registrar(&["completions", shell], &[]).await.ended(0);
        for command in ["import", "orphans", "--gitlab-url", "--requests-per-minute"] {
            let words = command.trim_start_matches('-');
            assert!(script.contains(words), "{shell}: {command}");
        }
    }
    let said = registrar(&["completions", "csh"], &[]).await.failed();
    assert!(said.contains("possible values: bash"), "{said}");
}

/// Whoever reads help for the first time learns from examples, which are themselves understood.
#[test]
fn every_command_teaches_by_examples_that_are_understood() {
    let mut cli = Cli::command();
    cli.build();
    for command in cli.get_subcommands() {
        let name = command.get_name();
        if matches!(name, "help" | "run" | "crds") {
            continue;
        }
        let examples = command.get_after_help().map(ToString::to_string);
        let examples = examples.unwrap_or_else(|| panic!("{name} has no examples"));
        let mut understood = 0;
        for line in examples.lines() {
            let Some((_, typed)) = line.trim().split_once("registrar ") else {
                continue;
            };
            if line.trim().starts_with('#') {
                continue;
            }
            let typed = typed.split(['|', '>']).next().unwrap();
            let words = std::iter::once("registrar").chain(typed.split_whitespace());
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
            understood += 1;
        }
        assert!(understood > 0, "{name}: {examples}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_not_taken_for_a_difference() {
    for args in [&["plan", "--no-such-flag"][..], &["no-such-command"], &[]] {
        let said = registrar(args, &[]).await.failed();
        assert!(
            said.contains("--help") || said.contains("Usage"),
            "{args:?}: {said}"
        );
    }
    let help = registrar(&["plan", "--help"], &[]).await.ended(0);
    for part in ["Examples:", "Exit codes: 0 when", "GITLAB_TOKEN"] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_takes_it_for_a_plugin() {
    let stage = Stage::shared().await;
    let bin = folder("plugin");
    symlink(crate::harness::program(), bin.join("kubectl-registrar")).unwrap();
    let mut kubectl = stage.kubectl();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", bin.display());
    kubectl.environment.insert("PATH".to_owned(), path);
    let help = kubectl.done(&["registrar", "plan", "--help"], "").await;
    assert!(help.contains("Usage: kubectl registrar plan"), "{help}");
    let status = kubectl
        .done(&["registrar", "status", "-o", "json", "-n", "default"], "")
        .await;
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["runners"], serde_json::json!([]), "{status}");
}

/// What is checked is what the chart grants.
#[tokio::test(flavor = "multi_thread")]
async fn the_rights_that_are_checked_are_those_of_the_chart() {
    let stage = Stage::shared().await;
    let ours = |rules: &[Rule]| {
        let rights = rules.iter().flat_map(|rule| {
            let part = match rule.subresource {
                "" => String::new(),
                part => format!("/{part}"),
            };
            let what = format!("{}/{}{part}", rule.group, rule.resource);
            rule.verbs.iter().map(move |verb| format!("{verb} {what}"))
        });
        rights.collect::<BTreeSet<String>>()
    };
    let granted = |mode, kind: &str| {
        let rendered = stage.rights.manifests(mode, "ci");
        let objects: Vec<Value> = serde_saphyr::from_multiple(&rendered).unwrap();
        let roles = objects.into_iter().filter(|object| {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            // Of the operator's own namespace, which `registrar check` is not told.
            let own = ["-identity", "-leader-election"]
                .iter()
                .any(|end| name.ends_with(end));
            object["kind"] == kind && !own
        });
        let granted = roles.flat_map(|role| {
            serde_json::from_value::<Vec<PolicyRule>>(role["rules"].clone()).unwrap()
        });
        let expanded = granted.flat_map(|rule| {
            let group = rule.api_groups.unwrap().remove(0);
            let resources = rule.resources.unwrap();
            let verbs = rule.verbs;
            resources.into_iter().flat_map(move |resource| {
                let group = group.clone();
                let rights = verbs.clone().into_iter();
                rights.map(move |verb| format!("{verb} {group}/{resource}"))
            })
        });
        expanded.collect::<BTreeSet<String>>()
    };
    assert_eq!(ours(EVERYWHERE), granted(Mode::Namespaced, "Role"));
    let both = [EVERYWHERE, IN_CLUSTER_MODE].concat();
    assert_eq!(ours(&both), granted(Mode::Cluster, "ClusterRole"));
}
