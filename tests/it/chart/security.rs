//! The tables of SECURITY.md are what the chart installs: no right, port or connection more or less.
use std::collections::BTreeSet;
use std::process::Command;

use clap::CommandFactory;
use gitlab_runner_registrar::api::v1alpha1::GitLabConnection;
use gitlab_runner_registrar::cli::Cli;
use kube::CustomResourceExt;
use serde_json::Value;

use super::release::CHART;
use super::values::run;

const PAGE: &str = include_str!("../../../SECURITY.md");

/// Where a right holds, as the table says it.
const SERVED: &str = "what is served";
const CLUSTER: &str = "the cluster, in cluster mode";
const HOME: &str = "its own namespace";
const UNNAMED: &str = "its own namespace, without `clusterId`";

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_rights_is_what_the_chart_grants() {
    let table = rows("Verb");
    let table: BTreeSet<[String; 3]> = table
        .iter()
        .map(|row| [0, 1, 2].map(|at| row[at].clone()))
        .collect();
    let both = "watch.namespaces={a,b}";
    for (value, missing) in [
        ("replicas=2", &[CLUSTER][..]),
        (both, &[CLUSTER]),
        ("clusterId=here", &[CLUSTER, UNNAMED]),
        ("watch.mode=cluster", &[]),
    ] {
        let objects = rendered(value).await;
        let granted = granted(&objects, value == "watch.mode=cluster");
        let promised = table
            .iter()
            .filter(|[_, _, place]| !missing.contains(&&**place));
        let promised: BTreeSet<[String; 3]> = promised.cloned().collect();
        let only = |one: &BTreeSet<[String; 3]>, other: &BTreeSet<[String; 3]>| {
            let rows: Vec<String> = one.difference(other).map(|row| row.join(" | ")).collect();
            rows.join("\n")
        };
        assert_eq!(only(&granted, &promised), "", "{value}: not in SECURITY.md");
        assert_eq!(only(&promised, &granted), "", "{value}: not in the chart");
    }
    assert!(
        rows("Verb").iter().all(|row| row[3].len() > 12),
        "a right without a reason"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_of_ports_and_connections_are_what_there_is() {
    let objects = rendered("metrics.service.enabled=true").await;
    let mut ports = BTreeSet::new();
    for object in &objects {
        ports_of(object, &mut ports);
    }
    let table: BTreeSet<String> = rows("Port").iter().map(|row| row[0].clone()).collect();
    assert_eq!(table, ports);
    let run = Cli::command();
    let run = run.find_subcommand("run").unwrap();
    let listen = run
        .get_arguments()
        .filter(|arg| arg.get_id().as_str().contains("listen"));
    assert_eq!(listen.count(), 1, "another flag opens a port");

    // Whatever in a connection is an url leads somewhere.
    let schema = serde_json::to_value(GitLabConnection::crd()).unwrap();
    let spec = &schema["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let fields = spec["properties"].as_object().unwrap().keys();
    let urls: BTreeSet<&String> = fields
        .filter(|name| name.to_lowercase().contains("url"))
        .collect();
    let connections = rows("To");
    for url in &urls {
        let named = format!("`spec.{url}`");
        assert!(
            connections.iter().any(|row| row.join(" ").contains(&named)),
            "{named}"
        );
    }
    assert_eq!(urls.len(), 2, "{urls:?}");
    assert_eq!(connections.len(), 4);
}

/// Every test that the page names is there.
#[test]
fn the_tests_that_the_page_names_are_there() {
    let mut names = Vec::new();
    for row in rows("Who") {
        let held = &row[row.len() - 1];
        names.extend(held.split('`').skip(1).step_by(2).map(str::to_owned));
    }
    assert!(names.len() > 20, "{names:?}");
    let folders =
        ["tests/it", "src"].map(|folder| format!("{}/{folder}", env!("CARGO_MANIFEST_DIR")));
    let mut text = String::new();
    for folder in folders {
        read(folder.as_ref(), &mut text);
    }
    for name in names {
        let function = name.rsplit("::").next().unwrap();
        let there =
            text.contains(&format!("fn {function}(")) || text.contains(&format!(" {function}: "));
        assert!(there, "there is no test {name}");
    }
}

fn read(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, text);
        } else if path.extension().is_some_and(|it| it == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The rows of the tables whose first column is called so.
fn rows(first: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut inside = false;
    for line in PAGE.lines() {
        let is_row = line.starts_with('|');
        let cells: Vec<String> = line
            .trim_matches('|')
            .split('|')
            .map(|it| it.trim().to_owned())
            .collect();
        if !is_row {
            inside = false;
        } else if cells[0] == first {
            inside = true;
        } else if inside && !cells[0].starts_with("---") {
            rows.push(cells);
        }
    }
    assert!(!rows.is_empty(), "no table begins with {first}");
    rows
}

async fn rendered(value: &str) -> Vec<Value> {
    let mut helm = Command::new("helm");
    helm.args([
        "template",
        "registrar",
        CHART,
        "--namespace",
        "home",
        "--set",
        value,
    ]);
    let text = run(helm).await.unwrap();
    serde_saphyr::from_multiple(&text).unwrap()
}

/// What the roles grant that are bound to the operator's account.
fn granted(objects: &[Value], cluster: bool) -> BTreeSet<[String; 3]> {
    let mut granted = BTreeSet::new();
    for binding in of_kind(objects, "RoleBinding") {
        let name = &binding["roleRef"]["name"];
        let same = |role: &&Value| {
            role["metadata"]["name"] == *name
                && role["metadata"]["namespace"] == binding["metadata"]["namespace"]
        };
        let role = of_kind(objects, "Role").find(same).unwrap();
        let name = name.as_str().unwrap();
        for rule in role["rules"].as_array().unwrap() {
            for (verb, what) in rights(rule) {
                let place = match () {
                    () if name.ends_with("-identity") => UNNAMED,
                    () if name.ends_with("-leader-election") => HOME,
                    () if cluster && is_of_the_cluster(&what) => CLUSTER,
                    () => SERVED,
                };
                granted.insert([verb, what, place.to_owned()]);
            }
        }
    }
    granted
}

/// Those of the cluster have names that end alike.
fn of_kind<'a>(objects: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let is = move |object: &&Value| object["kind"].as_str().is_some_and(|it| it.ends_with(kind));
    objects.iter().filter(is)
}

fn is_of_the_cluster(what: &str) -> bool {
    what.starts_with("`clustergitlabconnections") || what == "`namespaces`"
}

fn rights(rule: &Value) -> Vec<(String, String)> {
    let list = |name: &str| rule[name].as_array().cloned().unwrap_or_default();
    let mut rights = Vec::new();
    for resource in list("resources") {
        let resource = resource.as_str().unwrap().to_owned();
        let named = if list("resourceNames").is_empty() {
            ""
        } else {
            ", the operator's own"
        };
        for verb in list("verbs") {
            rights.push((
                verb.as_str().unwrap().to_owned(),
                format!("`{resource}`{named}"),
            ));
        }
    }
    rights
}

/// What is listened on, and what a Service leads to it.
fn ports_of(value: &Value, ports: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| ports_of(item, ports)),
        Value::Object(fields) => {
            if let Some(port) = fields.get("containerPort") {
                ports.insert(format!("{port} of the Pod"));
            }
            if let (Some(port), true) = (fields.get("port"), fields.contains_key("targetPort")) {
                ports.insert(format!("{port} of the Service"));
            }
            fields.values().for_each(|field| ports_of(field, ports));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
