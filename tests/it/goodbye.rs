//! Objects that go: what is waited for, and what is left behind.
mod refused;

use std::time::Duration;

use gitlab_runner_registrar::api::v1alpha1::{DrainStatus, GitLabRunner};
use gitlab_runner_registrar::clock;
use gitlab_runner_registrar::secrets::OWNER;
use gitlab_sim::Fault;
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::rbac::v1::Role;
use kube::ResourceExt;
use serde_json::{Value, json};

use crate::harness::{
    ACCOUNT, Manifest, Story, manifests, namespace, runner, secret, story, text_of, until, within,
};

const PAGE: &str = include_str!("../../docs/drain.md");

/// Registers it and has it take as many jobs; tells its number and theirs.
async fn works_on(story: &Story<'_>, manifest: &Manifest, jobs: usize) -> (i64, Vec<Value>) {
    story.is_connected_to_gitlab().await;
    story.apply(manifest).await;
    let id = story.is_registered(manifest.name()).await;
    let jobs = (0..jobs).map(|_| story.gitlab.takes_a_job(id, "platform/docs"));
    let jobs = jobs.collect();
    story.gitlab.clear_requests();
    (id, jobs)
}

pub(crate) fn ends(story: &Story<'_>, job: &Value) {
    story.gitlab.does(json!({ "do": "finish_job", "job": job }));
}

/// Waits until status has that many running jobs.
pub(crate) async fn drains(story: &Story<'_>, name: &str, jobs: Option<i64>) -> DrainStatus {
    until("the runner is drained", async || {
        let object: Option<GitLabRunner> = story.get(name).await;
        let drain = object.and_then(|object| object.status?.drain);
        let so = drain.clone().filter(|drain| drain.running_jobs == jobs);
        so.ok_or(format!("{drain:?}"))
    })
    .await
}

fn removals(story: &Story<'_>) -> usize {
    let asked = story.gitlab.changes_asked();
    asked
        .iter()
        .filter(|(method, ..)| method == "DELETE")
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_with_two_running_jobs_goes_when_both_have_ended() {
    story("goodbye-drain")
        .tell(async |story| {
            let manifest = runner("crane").with("drain.timeout", "2h");
            let (id, jobs) = works_on(story, &manifest, 2).await;
            story.delete(&manifest).await;
            let drain = drains(story, "crane", Some(2)).await;
            let time = drain.deadline.0.duration_since(drain.started_at.0);
            assert_eq!(time, SignedDuration::from_hours(2));
            assert_eq!(story.gitlab.only_runner()["paused"], true);
            let told = story.is_not_ready("crane", "Draining").await;
            assert!(
                told.contains("2 running jobs are waited for until "),
                "{told}"
            );
            ends(story, &jobs[0]);
            drains(story, "crane", Some(1)).await;
            assert_eq!(removals(story), 0);
            ends(story, &jobs[1]);
            story.is_gone(&manifest).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            let told = story.tells_once("crane", "RunnerRemoved").await;
            assert_eq!(told, format!("removed runner {id} from GitLab"));
            story.tells_once("crane", "Draining").await;
            let told = story.tells_once("crane", "Updated").await;
            assert!(told.starts_with("changed paused"), "{told}");
        })
        .await;
}

/// What was begun is in status, so that another process goes on with the time that is left.
#[tokio::test(flavor = "multi_thread")]
async fn when_the_time_is_over_it_goes_whatever_it_runs_also_after_a_restart() {
    story("goodbye-deadline")
        .tell(async |story| {
            let manifest = runner("heron").with("drain.timeout", "2h");
            let (id, _) = works_on(story, &manifest, 2).await;
            story.delete(&manifest).await;
            drains(story, "heron", Some(2)).await;
            story.the_operator_is_killed().await;
            let begun = clock::now() - SignedDuration::from_secs(2 * 3600 - 15);
            let begun = json!({ "drain": { "startedAt": begun.to_string() } });
            story.status_says("heron", begun).await;
            story.the_operator_starts().await;
            story.is_gone(&manifest).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            let told = story.tells_once("heron", "RunnerRemoved").await;
            assert!(told.contains(&format!("removed runner {id}")), "{told}");
            assert!(
                told.contains("it was running 2 jobs when the time of spec.drain"),
                "{told}"
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_runs_nothing_goes_at_once_and_so_does_one_that_need_not_wait() {
    story("goodbye-idle")
        .tell(async |story| {
            let idle = runner("egret").with("drain.timeout", "2h");
            works_on(story, &idle, 0).await;
            story.delete(&idle).await;
            story.is_gone(&idle).await;
            let busy = runner("bittern");
            works_on(story, &busy, 1).await;
            story.delete(&busy).await;
            story.is_gone(&busy).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_see_the_jobs_is_told_so_and_waits_until_the_time_is_over() {
    story("goodbye-unreadable")
        .tell(async |story| {
            let manifest = runner("stork").with("drain.timeout", "2h");
            let (id, _) = works_on(story, &manifest, 1).await;
            let words = json!({ "message": "403 Forbidden - No access granted" });
            let refused = Fault::reply(403, words);
            story
                .gitlab
                .answers("GET", &format!("/api/v4/runners/{id}/jobs"), refused);
            story.delete(&manifest).await;
            let told = story.is_not_ready("stork", "JobsUnreadable").await;
            assert!(
                told.contains("(403 Forbidden - No access granted)"),
                "{told}"
            );
            drains(story, "stork", None).await;
            assert_eq!(removals(story), 0);
            // Whoever does not want to wait so long takes it out.
            story.apply(&runner("stork")).await;
            story.is_gone(&manifest).await;
            story.operator().has_warned("JobsUnreadable").await;
        })
        .await;
}

/// An object whose runner nobody can remove: a process without a credential, and a Secret without its token.
async fn is_undeletable(story: &mut Story<'_>, manifest: &Manifest) -> i64 {
    let (id, _) = works_on(story, manifest, 0).await;
    story.the_operator_is_killed().await;
    story.delete(&secret("gitlab-credential")).await;
    let name = format!("{}-runner-token", manifest.name());
    let emptied = json!({ "data": { "runner-token": null } });
    story.edit::<Secret>(&name, emptied).await;
    story.the_operator_starts().await;
    story.delete(manifest).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_nobody_can_remove_is_left_behind_after_the_grace_period() {
    story("goodbye-lost")
        .tell(async |story| {
            let lost = json!({ "policy": "Orphan", "gracePeriod": "3s" });
            let manifest = runner("ibis").with("lostCredentials", lost);
            let id = is_undeletable(story, &manifest).await;
            story.is_gone(&manifest).await;
            assert_eq!(story.gitlab.only_runner()["id"], id);
            let told = story.tells_once("ibis", "LeftBehind").await;
            let expected = format!("runner {id} stays in GitLab at {}", story.gitlab.url());
            assert!(told.starts_with(&expected), "{told}");
            story.operator().has_warned("LeftBehind").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_that_the_object_stays_until_somebody_lets_it_go() {
    story("goodbye-abandon")
        .tell(async |story| {
            let manifest = runner("spoonbill").with("lostCredentials.policy", "Block");
            let id = is_undeletable(story, &manifest).await;
            let told = story.is_not_ready("spoonbill", "DeletionBlocked").await;
            assert!(told.contains("Repair the connection"), "{told}");
            story.gitlab.clear_requests();
            let annotated = |value: &str| {
                json!({ "metadata": { "annotations": { "gitlab-registrar.dev/abandon": value } } })
            };
            story
                .edit::<GitLabRunner>("spoonbill", annotated("true"))
                .await;
            story.is_gone(&manifest).await;
            assert_eq!(story.gitlab.changes_asked(), []);
            assert_eq!(story.gitlab.only_runner()["id"], id);
            let told = story.tells_once("spoonbill", "LeftBehind").await;
            assert!(told.starts_with(&format!("runner {id} stays in GitLab at ")), "{told}");
            story.operator().has_warned("LeftBehind").await;
        })
        .await;
}

/// It stays as it is while nobody deletes it, and then nothing is asked, though all would work.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_let_go_asks_nothing_and_leaves_the_token() {
    story("goodbye-let-go")
        .tell(async |story| {
            let manifest = runner("avocet");
            let (id, _) = works_on(story, &manifest, 0).await;
            let annotated = json!({ "metadata": { "annotations": {
                "gitlab-registrar.dev/abandon": "true" } } });
            story.edit::<GitLabRunner>("avocet", annotated).await;
            story.apply(&manifest.clone().with("paused", true)).await;
            until("it is kept as declared", async || {
                let paused = story.gitlab.only_runner()["paused"] == true;
                paused.then_some(()).ok_or("it is not paused".to_owned())
            })
            .await;
            story.is_ready("avocet").await;
            story.gitlab.clear_requests();
            story.delete(&manifest).await;
            story.is_gone(&manifest).await;
            assert_eq!(story.gitlab.asked_besides_sweeps(), Vec::<String>::new());
            assert_eq!(story.gitlab.only_runner()["id"], id);
            let left: Secret = story.get("avocet-runner-token").await.unwrap();
            assert!(!left.annotations().contains_key(OWNER));
            assert!(story.gitlab.accepts(&text_of(&left, "runner-token")).await);
        })
        .await;
}

/// Gives the operator its rights in another namespace than its own, as the chart does.
async fn serves_besides(story: &mut Story<'_>, other: &'static str) -> String {
    let role: Role = story.get(ACCOUNT).await.unwrap();
    let home = story.moves_to(other);
    let rules = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": { "name": ACCOUNT }, "rules": role.rules });
    let binding = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": ACCOUNT },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ACCOUNT },
        "subjects": [{ "kind": "ServiceAccount", "name": ACCOUNT, "namespace": home }] });
    for grant in [rules, binding] {
        story.kubectl_with(&["apply", "-f", "-"], &grant).await;
    }
    home
}

/// The page's commands that give the operator its rights back, for an operator of that namespace.
fn rescue(home: &str) -> Vec<Vec<String>> {
    let commands = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("$ kubectl "));
    let ours = commands.filter(|command| command.contains("gitlab-registrar-rescue"));
    let account = format!("--serviceaccount={home}:{ACCOUNT}");
    ours.map(|command| {
        let words = command.split_whitespace();
        let words = words.map(|word| match word {
            "--serviceaccount=ci:registrar-gitlab-runner-registrar" => account.clone(),
            word => word.to_owned(),
        });
        words.collect()
    })
    .collect()
}

/// In namespaced mode the Role may go first, and then nobody in the namespace can help.
#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_whose_role_went_first_goes_with_rights_from_outside() {
    story("goodbye-namespace")
        .also_watching("goodbye-doomed")
        .on_a_stage_of_its_own()
        .tell(async |story| {
            let doomed = namespace("goodbye-doomed");
            story.apply(&doomed).await;
            let home = serves_besides(story, "goodbye-doomed").await;
            let manifest = runner("pelican");
            works_on(story, &manifest, 0).await;
            story.kubectl(&["delete", "rolebinding", ACCOUNT]).await;
            story.delete(&doomed).await;
            until("all but the runner is gone", async || {
                let left: Option<Secret> = story.get("pelican-runner-token").await;
                let there: Option<GitLabRunner> = story.get("pelican").await;
                let so = left.is_none() && there.is_some();
                so.then_some(()).ok_or(format!("{left:?} {there:?}"))
            })
            .await;
            let commands = rescue(&home);
            let [role, binding, clean] = &commands[..] else {
                panic!("{commands:?}");
            };
            for command in [role, binding] {
                let words: Vec<&str> = command.iter().map(String::as_str).collect();
                story.kubectl(&words).await;
            }
            within(
                Duration::from_mins(3),
                "the namespace is gone",
                async || {
                    let list = story.kubectl(&["get", "namespaces", "--output=name"]).await;
                    let there = list.contains("goodbye-doomed");
                    (!there).then_some(()).ok_or(list)
                },
            )
            .await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            let words: Vec<&str> = clean.iter().map(String::as_str).collect();
            story.kubectl(&words).await;
            story.moves_to(&home);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_page_about_draining_work() {
    story("goodbye-page")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let shown: Vec<Manifest> = manifests(PAGE);
            assert_eq!(shown.len(), 2);
            for manifest in shown {
                let manifest = manifest.in_group("platform");
                story.apply(&manifest).await;
                story.is_ready("linux").await;
                story.delete(&manifest).await;
                within(Duration::from_mins(1), "it is gone", async || {
                    let left = story.gitlab.runners();
                    left.is_empty().then_some(()).ok_or(format!("{left:?}"))
                })
                .await;
                story.is_gone(&manifest).await;
            }
        })
        .await;
}
