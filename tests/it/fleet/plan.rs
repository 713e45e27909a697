//! `registrar plan`: what the operator would change, told without a cluster and with one.
use std::fs;

use gitlab_sim::Server;
use serde_json::{Value, json};

use super::{asks, fleet, folder, registrar};
use crate::harness::{Story, runner, story, token};

/// What a repository holds after an import of all.
async fn imported(sim: &Server, name: &str) -> String {
    let text = asks(sim, &["import", "--instance"]).await.ended(0);
    let folder = folder(name);
    // In files of their own, and one of them further down.
    let (first, rest) = text.split_at(text.len() / 2);
    let (end, begin) = rest.split_once("---\n").unwrap();
    fs::create_dir(folder.join("more")).unwrap();
    fs::write(folder.join("one.yaml"), first.to_owned() + end).unwrap();
    fs::write(folder.join("more/two.yml"), begin).unwrap();
    fs::write(folder.join("README.md"), "- {").unwrap();
    folder.display().to_string()
}

fn changes(sim: &Server, id: u64, set: Value) {
    let mut command = json!({ "do": "edit_runner", "runner": id });
    command["set"] = set;
    sim.command_json(command).unwrap();
}

/// The rows of a verdict, by object.
pub(super) fn with<'a>(rows: &'a Value, verdict: &str) -> Vec<&'a Value> {
    let rows = rows.as_array().unwrap().iter();
    rows.filter(|row| row["verdict"] == verdict).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_imported_does_not_differ_in_any_release() {
    // Without GraphQL nobody tells which of two projects is the owner: such runners are left out.
    for (version, many, imports) in [
        ("13.12", 60, 55),
        ("15.2", 60, 60),
        ("15.11", 60, 60),
        ("16.10", 60, 60),
        ("17", 60, 60),
        ("18.2", 60, 60),
        ("19", 1200, 1200),
    ] {
        let sim = fleet(version, many, "").await;
        let folder = imported(&sim, &format!("same-{version}")).await;
        sim.clear_requests();
        let ran = asks(&sim, &["plan", "-f", &folder]).await;
        let told = ran.ended(0);
        assert_eq!(
            told,
            format!(
                "{imports} compared: 0 differ, 0 to be registered, {imports} as declared, 0 unclear\n"
            ),
            "{version}"
        );
        let written = sim.writes();
        let written = written
            .iter()
            .find(|write| !write.path.ends_with("/graphql"));
        assert!(written.is_none(), "{version}: {written:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_told_field_by_field() {
    let sim = fleet("19", 24, "").await;
    let folder = imported(&sim, "differs").await;
    changes(&sim, 4, json!({ "tag_list": ["sabotage"], "paused": true }));
    changes(&sim, 8, json!({ "maintenance_note": "another" }));
    changes(&sim, 2, json!({ "projects": ["platform/docs"] }));
    let plan = ["plan", "-f", &folder];
    let told = asks(&sim, &plan).await.ended(2);
    for line in [
        "~ default/builder-4-h-he-4  runner 4\n",
        "    tags: \"[sabotage]\" → \"[linux, size 4]\"\n",
        "    paused: \"true\" → \"false\"\n",
        "    maintenanceNote: \"another\" → \"note of 8\"\n",
        "    projects: \"[platform/docs]\" → \"[41, platform/docs]\"\n",
        "24 compared: 3 differ, 0 to be registered, 21 as declared, 0 unclear\n",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(!told.contains('\x1b'), "{told:?}");
    let rows = asks(&sim, &[&plan[..], &["-o", "json"]].concat())
        .await
        .json(2);
    let differs = with(&rows, "differs");
    assert_eq!(differs.len(), 3, "{rows:#}");
    let eight = differs.iter().find(|row| row["runnerId"] == 8).unwrap();
    assert_eq!(
        eight["differences"],
        json!([{ "field": "maintenanceNote", "actual": "another", "desired": "note of 8" }])
    );
}

/// A repository knows its objects by what they say, and not by what a cluster has made of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_without_a_number_is_found_by_its_mark_and_description() {
    let sim = fleet("19", 24, "").await;
    let mark = "[gitlab-registrar.dev/c/123e4567/19a]";
    changes(
        &sim,
        6,
        json!({ "description": "ci/linux", "maintenance_note": mark }),
    );
    changes(&sim, 7, json!({ "description": "ci/mac" }));
    let manifest = |name: &str, more: &str| {
        format!(
            "---\napiVersion: gitlab-registrar.dev/v1alpha1\nkind: GitLabRunner\nmetadata: {{name: {name}}}\n\
             spec: {{connectionRef: {{name: gitlab}}, scope: {{group: {{path: platform}}}}{more}}}\n"
        )
    };
    let folder = folder("unnumbered");
    let text = manifest("linux", ", paused: true") + &manifest("mac", "");
    fs::write(folder.join("runners.yaml"), text).unwrap();
    let folder = folder.display().to_string();
    let plan = ["plan", "-f", &*folder, "-n", "ci", "-o", "json"];
    let rows = asks(&sim, &plan).await.json(2);
    let linux = with(&rows, "differs");
    assert_eq!(linux[0]["object"], "ci/linux", "{rows:#}");
    assert_eq!(linux[0]["runnerId"], 6);
    let mac = with(&rows, "missing");
    assert_eq!(mac[0]["object"], "ci/mac", "{rows:#}");
    // Of two that fit nobody knows whose is whose.
    changes(
        &sim,
        7,
        json!({ "description": "ci/linux", "maintenance_note": mark }),
    );
    let ran = asks(&sim, &plan).await;
    assert!(ran.err.contains("could not be compared"), "{}", ran.err);
    let rows = ran.json(1);
    let message = with(&rows, "unclear")[0]["message"].as_str().unwrap();
    assert!(message.contains("runners 7 and 6 are both"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_compared_is_named_and_fails() {
    let sim = fleet("19", 24, "").await;
    let folder = folder("unclear");
    let spec = |scope: Value, more: Value| {
        let mut spec = json!({ "connectionRef": { "name": "gitlab" }, "scope": scope });
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        spec
    };
    let adopt = |id: u64| json!({ "adopt": { "runnerId": id } });
    let group = json!({ "group": { "path": "platform" } });
    let project = json!({ "project": { "path": "platform/docs" } });
    let objects = [
        (
            "gone",
            spec(group.clone(), adopt(99)),
            "GitLab has no runner 99",
        ),
        (
            "elsewhere",
            spec(group.clone(), adopt(3)),
            "lives elsewhere",
        ),
        (
            "kind",
            spec(group.clone(), adopt(12)),
            "runner 12 is of type instance",
        ),
        (
            "project",
            spec(
                project,
                json!({ "adopt": { "runnerId": 2 }, "projects": [{ "path": "no/where" }] }),
            ),
            "knows no project no/where",
        ),
        (
            "nowhere",
            spec(json!({ "group": { "path": "no/where" } }), json!({})),
            "does not know the place",
        ),
        (
            "untagged",
            spec(group, json!({ "runUntagged": false, "tags": [] })),
            "add a tag",
        ),
        ("shapeless", json!({ "tags": 7 }), "invalid type"),
    ];
    let items = objects.clone().map(|(name, spec, _)| {
        json!({ "apiVersion": "gitlab-registrar.dev/v1alpha1", "kind": "GitLabRunner", "metadata": { "name": name, "namespace": "ci" }, "spec": spec })
    });
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    fs::write(folder.join("all.json"), list.to_string()).unwrap();
    let folder = folder.display().to_string();
    let rows = asks(&sim, &["plan", "-f", &folder, "-o", "json"])
        .await
        .json(1);
    for (name, _, told) in objects {
        let object = format!("ci/{name}");
        let row = rows
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["object"] == object)
            .unwrap();
        assert_eq!(row["verdict"], "unclear", "{row}");
        assert!(row["message"].as_str().unwrap().contains(told), "{row}");
    }
    let nothing = super::folder("nothing").display().to_string();
    for (path, told) in [
        (&*nothing, "no GitLabRunner"),
        ("/no/where", "no file or folder"),
    ] {
        let said = asks(&sim, &["plan", "-f", path]).await.failed();
        assert!(said.contains(told), "{said}");
    }
}

/// The token of one GitLab is not used to look for what another one holds.
#[tokio::test(flavor = "multi_thread")]
async fn objects_of_another_gitlab_are_skipped() {
    let sim = fleet("19", 24, "").await;
    let folder = folder("another");
    let manifests = format!(
        "
apiVersion: gitlab-registrar.dev/v1alpha1
kind: GitLabConnection
metadata: {{name: here}}
spec: {{url: '{}/', credentialsSecretRef: {{name: a, key: b}}}}
---
apiVersion: gitlab-registrar.dev/v1alpha1
kind: GitLabConnection
metadata: {{name: there}}
spec: {{url: 'https://gitlab.example.com', credentialsSecretRef: {{name: a, key: b}}}}
---
apiVersion: gitlab-registrar.dev/v1alpha1
kind: GitLabRunner
metadata: {{name: one}}
spec: {{connectionRef: {{name: here}}, scope: {{group: {{id: 31}}}}, adopt: {{runnerId: 6}}}}
---
apiVersion: gitlab-registrar.dev/v1alpha1
kind: GitLabRunner
metadata: {{name: two}}
spec: {{connectionRef: {{name: there}}, scope: {{group: {{id: 31}}}}, adopt: {{runnerId: 6}}, paused: true}}
",
        sim.url()
    );
    fs::write(folder.join("all.yaml"), manifests).unwrap();
    let ran = asks(&sim, &["plan", "-f", &folder.display().to_string()]).await;
    assert!(ran.err.contains("skipped 1 objects"), "{}", ran.err);
    let told = ran.ended(0);
    assert!(told.starts_with("1 compared"), "{told}");
}

/// The program in a story's cluster.
pub(super) async fn in_the_cluster(story: &Story<'_>, args: &[&str]) -> super::Ran {
    in_a_job(story, args, &[]).await
}

/// The same, with more in its environment.
async fn in_a_job(story: &Story<'_>, args: &[&str], job: &[(&str, &str)]) -> super::Ran {
    let environment = story.stage.kubectl().environment;
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .filter(|(name, _)| *name == "KUBECONFIG")
        .map(|(name, value)| (&**name, &**value))
        .chain(job.iter().copied())
        .collect();
    let namespace = format!("--namespace={}", story.namespace);
    registrar(&[args, &[&namespace]].concat(), &environment).await
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_of_a_cluster_are_compared_through_their_connections() {
    story("fleet-plan")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.connects("other", token::MIA).await;
            story
                .apply(&runner("smew").tagged(["linux"]).only_reported())
                .await;
            story
                .apply(&runner("teal").through("other").in_group("platform"))
                .await;
            let id = story.is_registered("smew").await;
            story.is_ready("smew").await;
            story.is_ready("teal").await;
            let plan = ["plan", "--allow-http"];
            let told = in_the_cluster(story, &plan).await.ended(0);
            assert!(told.starts_with("2 compared: 0 differ"), "{told}");
            // They have connections of their own, whatever a CI job has in its environment.
            let job = [
                ("CI_SERVER_URL", "http://127.0.0.1:9"),
                ("GITLAB_TOKEN", "x"),
            ];
            let told = in_a_job(story, &plan, &job).await.ended(0);
            assert!(told.starts_with("2 compared: 0 differ"), "{told}");
            story
                .gitlab
                .changes(id, json!({ "tag_list": ["sabotage"] }));
            let told = in_the_cluster(story, &plan).await.ended(2);
            assert!(told.contains("~ fleet-plan/smew"), "{told}");
            assert!(told.contains("[sabotage]"), "{told}");
            // Before it is committed: the cluster knows whose runner is whose.
            let folder = folder("commit");
            let changed = runner("smew").tagged(["sabotage"]).with("paused", true);
            fs::write(folder.join("smew.json"), changed.json().to_string()).unwrap();
            let folder = folder.display().to_string();
            let commit = [
                "plan",
                "--allow-http",
                "--connection=gitlab",
                "-f",
                &*folder,
                "-o",
                "json",
            ];
            let rows = in_the_cluster(story, &commit).await.json(2);
            assert_eq!(rows[0]["differences"][0]["field"], "paused", "{rows:#}");
            let unknown = ["plan", "--allow-http", "--connection=nobody"];
            let said = in_the_cluster(story, &unknown).await.failed();
            assert!(said.contains("GitLabConnection nobody"), "{said}");
        })
        .await;
}
