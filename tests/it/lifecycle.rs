//! From a manifest to a runner that works: the path that everybody takes.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::secrets::OWNER;
use k8s_openapi::api::core::v1::Secret;
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, runner, shown, story, text_of, token};

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_runner_is_registered_and_its_token_works() {
    story("lifecycle-instance")
        .tell(async |story| {
            let there = walks_the_path(story, &runner("penguin")).await;
            assert_eq!(there["runner_type"], "instance_type");
            assert_eq!(there["group"], Value::Null);
            assert_eq!(there["projects"], json!([]));
            // What is not said is GitLab's own, but for a name by which people find the object.
            assert_eq!(there["description"], "lifecycle-instance/penguin");
            assert_eq!(there["tag_list"], json!([]));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_runner_is_registered_by_path() {
    story("lifecycle-group")
        .tell(async |story| {
            let manifest = runner("puffin")
                .in_group("platform/tools")
                .with("description", "Takes what comes")
                .tagged(["linux", "docker"]);
            let there = walks_the_path(story, &manifest).await;
            assert_eq!(there["runner_type"], "group_type");
            assert_eq!(there["group"], "platform/tools");
            assert_eq!(there["description"], "Takes what comes");
            assert_eq!(there["tag_list"], json!(["docker", "linux"]));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_runner_is_registered_and_assigned_to_a_further_project() {
    story("lifecycle-project")
        .tell(async |story| {
            let manifest = runner("pelican")
                .in_project("platform/tools/build")
                .also_in(["platform/docs"])
                .with("locked", true);
            let there = walks_the_path(story, &manifest).await;
            assert_eq!(there["runner_type"], "project_type");
            // The owner comes first in GitLab.
            let projects = json!(["platform/tools/build", "platform/docs"]);
            assert_eq!(there["projects"], projects);
            // GitLab refuses to assign a locked runner, so it is locked last.
            assert_eq!(there["locked"], true);
        })
        .await;
}

/// Numbers work with every credential; a path takes one that may look it up.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_may_not_look_up_paths_asks_for_numbers() {
    story("lifecycle-number")
        .tell(async |story| {
            story.connects("gitlab", token::NARROW).await;
            let by_path = runner("petrel").in_group("platform");
            story.apply(&by_path).await;
            let told = story.is_not_ready("petrel", "ScopeUnreadable").await;
            assert!(told.contains("write the id in spec.scope"), "{told}");
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            story.delete(&by_path).await;
            story.is_gone(&by_path).await;
            let by_number = runner("petrel").with("scope", json!({ "group": { "id": 3001 } }));
            story.apply(&by_number).await;
            story.is_ready("petrel").await;
            assert_eq!(story.gitlab.only_runner()["group"], "platform");
        })
        .await;
}

/// Applies it with kubectl, waits with kubectl, and looks at everything that should be there then.
/// Tells how GitLab holds the runner.
async fn walks_the_path(story: &Story<'_>, manifest: &Manifest) -> Value {
    let name = manifest.name();
    story.is_connected_to_gitlab().await;
    story
        .kubectl_with(&["apply", "-f", "-"], manifest.json())
        .await;
    let object = format!("glr/{name}");
    story
        .kubectl(&["wait", "--for=condition=Ready", "--timeout=60s", &object])
        .await;

    let there = story.gitlab.only_runner();
    let runner: GitLabRunner = story.get(name).await.unwrap();
    let status = runner.status.as_ref().unwrap();
    assert_eq!(status.runner.as_ref().unwrap().id, there["id"]);
    let recorded = status.registration.as_ref().unwrap().attempt.as_str();
    let note = there["maintenance_note"].as_str().unwrap();
    let uid = runner.meta().uid.as_deref().unwrap();
    assert!(note.ends_with(&format!("/{uid}/{recorded}]")), "{note}");

    its_secret_serves_the_official_chart(story, &runner, &there).await;
    story.tells_once(name, "Registered").await;
    people_see_it(story, name, &there).await;
    there
}

async fn its_secret_serves_the_official_chart(
    story: &Story<'_>,
    runner: &GitLabRunner,
    there: &Value,
) {
    let name = runner.meta().name.as_deref().unwrap();
    let secret: Secret = story.get(&format!("{name}-runner-token")).await.unwrap();
    let keys: Vec<_> = secret.data.iter().flatten().map(|(key, _)| key).collect();
    assert_eq!(keys, ["runner-registration-token", "runner-token"]);
    assert_eq!(text_of(&secret, "runner-registration-token"), "");
    let token = text_of(&secret, "runner-token");
    assert_eq!(there["token"], token.as_str(), "GitLab's and ours differ");
    assert!(story.gitlab.accepts(&token).await);
    assert_eq!(secret.annotations().get(OWNER), runner.meta().uid.as_ref());
    assert_eq!(secret.labels()["gitlab-registrar.dev/runner"], name);
}

/// What `kubectl get -o wide` prints, column by column.
async fn people_see_it(story: &Story<'_>, name: &str, there: &Value) {
    let table = story.kubectl(&["get", "glr", name, "-o", "wide"]).await;
    let mut lines = table.lines();
    let heads: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    let columns = [
        "NAME",
        "READY",
        "ID",
        "STATUS",
        "PAUSED",
        "TAGS",
        "SCOPE",
        "CONTACTED",
        "TOKEN-ISSUED",
        "TOKEN-ROTATES",
        "TOKEN-EXPIRES",
        "MESSAGE",
        "AGE",
    ];
    assert_eq!(heads, columns, "{table}");
    let row = lines.next().unwrap();
    let id = there["id"].to_string();
    let cells: Vec<_> = row.split_whitespace().take(5).collect();
    assert_eq!(
        cells,
        [name, "True", &id, "never_contacted", "false"],
        "{table}"
    );
    let scope = there["runner_type"]
        .as_str()
        .unwrap()
        .trim_end_matches("_type");
    assert!(row.contains(&format!(" {scope} ")), "{table}");
    assert!(
        row.contains(&format!("runner {id} is as declared")),
        "{table}"
    );
    for tag in there["tag_list"].as_array().unwrap() {
        assert!(row.contains(tag.as_str().unwrap()), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fields_explain_themselves() {
    story("lifecycle-explain")
        .without_an_operator()
        .tell(async |story| {
            for (path, words) in [
                ("glr", "declares one CI runner in GitLab"),
                ("glr.spec.tags", "Tags that jobs select the runner by"),
                (
                    "glr.spec.scope.group.path",
                    "Full path, without a leading slash",
                ),
                (
                    "glr.status.drift",
                    "What differs between this object and GitLab",
                ),
                ("glc.spec.caBundleConfigMapRef", "PEM certificates to trust"),
                (
                    "cglc.spec.allowedNamespaces",
                    "The namespaces whose runners may use",
                ),
            ] {
                let explained = story.explains(path).await;
                // kubectl wraps lines at its own discretion.
                let explained: Vec<_> = explained.split_whitespace().collect();
                assert!(explained.join(" ").contains(words), "{path}: {explained:?}");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_waits_for_its_connection_and_then_goes_on() {
    story("lifecycle-waits")
        .tell(async |story| {
            story.apply(&runner("petrel")).await;
            let message = story.is_not_ready("petrel", "ConnectionNotFound").await;
            assert_eq!(
                message,
                "there is no GitLabConnection gitlab in this namespace"
            );
            story.is_connected_to_gitlab().await;
            let ready = story.is_ready("petrel").await;
            let runner = shown(&ready);
            assert!(
                !runner.contains("Stalled") && !runner.contains("Reconciling"),
                "{runner}"
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_runner_of_several_projects_needs_no_administrator() {
    story("lifecycle-locked")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            let manifest = runner("plover")
                .in_project("platform/docs")
                .also_in(["platform/site"])
                .with("locked", true);
            story.apply(&manifest).await;
            story.is_ready("plover").await;
            let there = story.gitlab.only_runner();
            assert_eq!(there["projects"], json!(["platform/docs", "platform/site"]));
            assert_eq!(there["locked"], true);
        })
        .await;
}
