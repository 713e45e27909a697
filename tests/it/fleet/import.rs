//! `registrar import`: what is in GitLab, as manifests.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gitlab_sim::{Fault, Rule, Server};
use serde_json::{Value, json};

use super::python::{python, run};
use super::{TOKEN, asks, by_number, fleet, registrar};

/// The lists, as flags of ours and as questions of python-gitlab's.
const LISTS: [(&str, &[&str]); 12] = [
    ("all", &["--instance"]),
    ("owned", &["--owned"]),
    ("group", &["--group=platform"]),
    ("subgroup", &["--group=32"]),
    ("project", &["--project=platform/tools/build"]),
    ("all tagged", &["--instance", "--tag=linux,size 3"]),
    ("all groups", &["--instance", "--type=group"]),
    ("all stale", &["--instance", "--status=stale"]),
    ("all new", &["--instance", "--status=never-contacted"]),
    ("all paused", &["--instance", "--paused"]),
    ("all unpaused", &["--instance", "--paused=false"]),
    ("all of 17", &["--instance", "--version-prefix=17"]),
];

const MANY: usize = 1200;

/// What python-gitlab reads, by list.
async fn pythons(sim: &Server) -> BTreeMap<String, Vec<Value>> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut python = python(repository);
    python
        .arg(repository.join("tests/it/fleet/python/fleet.py"))
        .env("SIM_URL", sim.url())
        .env("SIM_TOKEN", TOKEN);
    let output = tokio::task::spawn_blocking(move || run(&mut python));
    let output = output.await.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a manifest says, in GitLab's words.
fn said(manifest: &Value) -> Value {
    let spec = &manifest["spec"];
    let timeout = spec["maximumTimeout"].as_str().unwrap();
    let timeout: jiff::SignedDuration = timeout.parse().unwrap();
    let mut tags: Vec<&str> = spec["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag.as_str().unwrap())
        .collect();
    tags.sort_unstable();
    let further = spec["projects"].as_array().into_iter().flatten();
    let owner = spec["scope"].get("project");
    let projects = owner.into_iter().chain(further);
    let mut projects: Vec<&str> = projects.map(|one| one["path"].as_str().unwrap()).collect();
    projects.sort_unstable();
    json!({
        "description": spec["description"],
        "tag_list": tags,
        "run_untagged": spec["runUntagged"],
        "paused": spec["paused"],
        "locked": spec["locked"],
        "access_level": spec["accessLevel"],
        "maximum_timeout": (timeout.as_secs() > 0).then_some(timeout.as_secs()),
        "maintenance_note": spec.get("maintenanceNote"),
        "projects": projects,
    })
}

fn are_alike(name: &str, ours: &BTreeMap<u64, Value>, theirs: &[Value]) {
    let number = |runner: &Value| runner["id"].as_u64().unwrap();
    let theirs: BTreeMap<u64, &Value> = theirs.iter().map(|one| (number(one), one)).collect();
    let numbers: BTreeSet<&u64> = ours.keys().collect();
    assert_eq!(numbers, theirs.keys().collect(), "{name}");
    assert!(!ours.is_empty(), "{name}: nothing to compare");
    for (id, manifest) in ours {
        let mut runner = theirs[id].clone();
        runner.as_object_mut().unwrap().remove("id");
        assert_eq!(said(manifest), runner, "{name}: runner {id}");
    }
}

async fn agree(settings: &str) {
    let sim = fleet("19", MANY, settings).await;
    for id in (5..=MANY).step_by(50) {
        let version = if id % 100 == 5 { "17.1.0" } else { "16.2.0" };
        let contact = json!({ "do": "contact", "runner": id, "manager": { "system_id": "s_1", "version": version } });
        sim.command_json(contact).unwrap();
    }
    let theirs = pythons(&sim).await;
    for (name, flags) in LISTS {
        let args = [&["import", "--output=json"], flags].concat();
        let ours = by_number(&asks(&sim, &args).await.json(0));
        are_alike(name, &ours, &theirs[name]);
    }
    let instance = asks(&sim, &["import", "--instance", "-o", "json"]).await;
    assert_eq!(by_number(&instance.json(0)).len(), MANY);
}

#[tokio::test(flavor = "multi_thread")]
async fn python_gitlab_reads_the_same_fleet() {
    agree("").await;
}

/// Above a limit, which is 10,000, GitLab does not count (contract §1.8).
#[tokio::test(flavor = "multi_thread")]
async fn python_gitlab_reads_the_same_fleet_where_nothing_is_counted() {
    agree(", count_limit: 150").await;
}

/// Whoever stands in between may take away the headers that GitLab's API goes on by.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_on_the_way_cost_no_runner() {
    let sim = fleet("19", 250, "").await;
    sim.fault(Rule::new("GET", "/api/v4/runners/all", Fault::Drop).nth(2))
        .unwrap();
    sim.fault(Rule::new("GET", "/api/v4/runners/7", Fault::Drop).nth(1))
        .unwrap();
    let list = asks(&sim, &["import", "--instance", "-o", "json"])
        .await
        .json(0);
    assert_eq!(by_number(&list).len(), 250);
    assert!(
        sim.writes()
            .iter()
            .all(|write| write.path.ends_with("/graphql"))
    );
}

/// Runners that are made meanwhile push others onto the next page.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_brings_nothing_new_ends_no_list() {
    let sim = fleet("19", 250, "").await;
    let again = Fault::Reply {
        status: 200,
        headers: BTreeMap::from([("x-next-page".to_owned(), "3".to_owned())]),
        body: json!([{ "id": 250 }]),
    };
    sim.fault(Rule::new("GET", "/api/v4/runners/all", again).nth(2))
        .unwrap();
    let list = asks(&sim, &["import", "--instance", "-o", "json"]).await;
    assert_eq!(by_number(&list.json(0)).len(), 150);
}

/// The list of projects in spec is exact: one that is not shown would lose the runner.
#[tokio::test(flavor = "multi_thread")]
async fn projects_that_are_not_all_shown_are_left_out() {
    let sim = fleet("19", 24, "").await;
    for command in [
        json!({ "do": "add_group", "path": "secret" }),
        json!({ "do": "add_project", "path": "secret/vault" }),
        json!({ "do": "edit_runner", "runner": 2, "set": {
            "projects": ["platform/docs", "platform/tools/build", "secret/vault"],
        } }),
        json!({ "do": "settings", "set": { "admin_mode": true } }),
    ] {
        sim.command_json(command).unwrap();
    }
    // An administrator without admin mode sees what other people do.
    let text = asks(&sim, &["import", "--project=42"]).await.ended(0);
    let mut manifests = text.split("---\n").skip(1);
    let (hidden, shown) = (manifests.next().unwrap(), manifests.next().unwrap());
    assert!(hidden.starts_with("# projects are left out"), "{hidden}");
    assert!(!hidden.contains("\n  projects:"), "{hidden}");
    assert!(shown.contains("\n  projects:"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn manifests_are_for_people_to_keep() {
    let sim = fleet("19", 24, "").await;
    let args = [
        "import",
        "--project=42",
        "-n",
        "ci",
        "--connection-name=main",
    ];
    let text = asks(&sim, &args).await.ended(0);
    let first = "---
apiVersion: gitlab-registrar.dev/v1alpha1
kind: GitLabRunner
metadata:
  name: builder-2-h-he-2
  namespace: ci
spec:
  connectionRef:
    name: main
  scope:
    project:
      path: platform/docs
  adopt:
    runnerId: 2
    resetToken: Never
  deletionPolicy: Orphan
";
    assert!(text.starts_with(first), "{text}");
    assert_eq!(text.matches("kind: GitLabRunner").count(), 2, "{text}");
    let table = asks(&sim, &["import", "--project=42", "-o", "table"])
        .await
        .ended(0);
    assert!(table.starts_with("ID  NAME "), "{table}");
    assert!(!table.contains('\x1b'), "{table:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lives_elsewhere_or_has_an_object_is_left_out_and_counted() {
    let sim = fleet("19", 24, "").await;
    let mark = "Ask Ann\n[gitlab-registrar.dev/c/123e4567/19a]";
    let edit = json!({ "do": "edit_runner", "runner": 6, "set": { "maintenance_note": mark } });
    sim.command_json(edit).unwrap();
    let ran = asks(&sim, &["import", "--group=platform", "-o", "json"]).await;
    assert!(
        ran.err.contains("left out 1 runners: they carry the mark"),
        "{}",
        ran.err
    );
    assert!(!by_number(&ran.json(0)).contains_key(&6));
    // Two projects share runners of which only one is the owner.
    let ran = asks(&sim, &["import", "--project=41", "-o", "json"]).await;
    assert!(
        ran.err.contains("they serve it and live elsewhere"),
        "{}",
        ran.err
    );
    assert_eq!(
        by_number(&ran.json(0)).into_keys().collect::<Vec<_>>(),
        [1, 13]
    );
}

/// Before 14.8 GitLab says `active`, knows no filter `paused`, and has marks in descriptions.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_old_gitlab_says_in_other_words_is_read() {
    let sim = fleet("13.12", 24, "").await;
    let paused = ["import", "--instance", "--paused=true", "-o", "json"];
    let found = by_number(&asks(&sim, &paused).await.json(0));
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [7, 21]);
    for manifest in found.values() {
        assert_eq!(manifest["spec"]["paused"], true, "{manifest:#}");
    }
    let marked = json!({
        "do": "edit_runner",
        "runner": 7,
        "set": { "description": "ci/linux [gitlab-registrar.dev/c/123e4567/19a]" },
    });
    sim.command_json(marked).unwrap();
    let ran = asks(&sim, &paused).await;
    assert!(
        ran.err.contains("they carry the mark of an object already"),
        "{}",
        ran.err
    );
    assert_eq!(
        by_number(&ran.json(0)).into_keys().collect::<Vec<_>>(),
        [21]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_told_with_the_way_out() {
    let sim = fleet("15.11", 3, "").await;
    let url = sim.url();
    let with = |token: &'static str| [("GITLAB_URL", url), ("GITLAB_TOKEN", token)];
    let import = ["import", "--owned", "--allow-http"];
    let nowhere = "http://127.0.0.1:9";
    for (args, environment, told) in [
        (&["import"][..], &with(TOKEN)[..], "--group"),
        (
            &["import", "--owned", "--instance"],
            &with(TOKEN),
            "--instance",
        ),
        (&["import", "--owned"], &with(TOKEN), "--allow-http"),
        (&import, &[("GITLAB_TOKEN", TOKEN)], "--gitlab-url"),
        (&import, &[("GITLAB_URL", url)], "GITLAB_TOKEN is not set"),
        (&import, &with(""), "GITLAB_TOKEN is empty"),
        (
            &import,
            &with("glrt-canary"),
            "runner's authentication token",
        ),
        (
            &import,
            &with("glpat-canary-nobodys"),
            "the token in the environment variable GITLAB_TOKEN is not known",
        ),
        (
            &import,
            &[("GITLAB_URL", nowhere), ("GITLAB_TOKEN", TOKEN)],
            "could not reach GitLab at http://127.0.0.1:9",
        ),
        (
            &["import", "--group=no/where", "--allow-http"],
            &with(TOKEN),
            "knows no group \"no/where\"",
        ),
        (
            &["import", "--project=77", "--allow-http"],
            &with(TOKEN),
            "knows no project \"77\"",
        ),
        (
            &["import", "--group=31", "--type=project", "--allow-http"],
            &with(TOKEN),
            "leave --type away",
        ),
        (
            &["import", "--owned", "--version-prefix=V15"],
            &with(TOKEN),
            "--version-prefix",
        ),
        (
            &["import", "--owned", "--version-prefix=15", "--allow-http"],
            &with(TOKEN),
            "needs GitLab 16.6",
        ),
        (
            &[
                "import",
                "--owned",
                "--connection=a",
                "--gitlab-url=https://b",
            ],
            &with(TOKEN),
            "cannot be used with",
        ),
    ] {
        let said = registrar(args, environment).await.failed();
        assert!(said.contains(told), "{args:?}: {said}");
    }
    // A CI job of GitLab knows where its GitLab is.
    let job = [("CI_SERVER_URL", url), ("GITLAB_TOKEN", TOKEN)];
    let list = registrar(&["import", "--owned", "--allow-http", "-o", "json"], &job).await;
    assert_eq!(
        by_number(&list.json(0)).into_keys().collect::<Vec<_>>(),
        [1, 2, 3]
    );
}
