//! What somebody else changes in GitLab is changed back, or only told of.
use gitlab_runner_registrar::api::v1alpha1::{Drift, GitLabRunner};
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use crate::harness::{Manifest, Story, condition, number, runner, says, story, until};

/// A managed field: what spec says, what somebody makes of it behind our back, in the words of the
/// stand-in, and both as `status.drift` shows them.
struct Field {
    name: &'static str,
    spec: Value,
    meddled: Value,
    desired: &'static str,
    actual: &'static str,
}

fn fields() -> [Field; 8] {
    let field = |name, spec, meddled, desired, actual| Field {
        name,
        spec,
        meddled,
        desired,
        actual,
    };
    [
        field(
            "description",
            json!("Ours"),
            json!({ "description": "Theirs" }),
            "Ours",
            "Theirs",
        ),
        field(
            "tags",
            json!(["x86", "arm"]),
            json!({ "tag_list": ["arm", "riscv"] }),
            "[arm, x86]",
            "[arm, riscv]",
        ),
        field(
            "runUntagged",
            json!(false),
            json!({ "run_untagged": true }),
            "false",
            "true",
        ),
        field(
            "paused",
            json!(false),
            json!({ "paused": true }),
            "false",
            "true",
        ),
        field(
            "locked",
            json!(true),
            json!({ "locked": false }),
            "true",
            "false",
        ),
        field(
            "accessLevel",
            json!("ref_protected"),
            json!({ "access_level": "not_protected" }),
            "ref_protected",
            "not_protected",
        ),
        field(
            "maximumTimeout",
            json!("2h"),
            json!({ "maximum_timeout": 600 }),
            "2h",
            "10m",
        ),
        field(
            "maintenanceNote",
            json!("Ours"),
            json!({ "maintenance_note": "Theirs, and the mark is gone" }),
            "Ours",
            "Theirs, and the mark is gone",
        ),
    ]
}

fn complete(name: &str) -> Manifest {
    fields().into_iter().fold(runner(name), |manifest, field| {
        manifest.with(field.name, field.spec)
    })
}

/// GitLab's view of a runner, without the clocks.
fn held(story: &Story<'_>, id: i64) -> Value {
    let mut runner = story.gitlab.runner(id).unwrap();
    runner.as_object_mut().unwrap().remove("updated_at");
    runner
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_is_changed_back_alone() {
    story("drift-corrected")
        .resyncing_every("1s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&complete("kestrel")).await;
            let id = story.is_registered("kestrel").await;
            let before = held(story, id);
            for field in fields() {
                story.gitlab.clear_requests();
                story.gitlab.changes(id, field.meddled.clone());
                until(&format!("{} is changed back", field.name), async || {
                    let now = held(story, id);
                    (now == before).then_some(()).ok_or(format!("{now:#}"))
                })
                .await;
                let asked = story.gitlab.changes_asked();
                let [(method, path, body)] = asked.as_slice() else {
                    panic!("{}: {asked:#?}", field.name);
                };
                assert_eq!((method.as_str(), path), ("PUT", &format!("/runners/{id}")));
                let sent: Vec<_> = body.as_object().unwrap().keys().collect();
                let meddled: Vec<_> = field.meddled.as_object().unwrap().keys().collect();
                assert_eq!(sent, meddled, "{}", field.name);
            }
            until("each is told of", async || {
                let told = story.events("kestrel", "DriftCorrected").await;
                let tags = r#"corrected tags from "[arm, riscv]" to "[arm, x86]""#.to_owned();
                let all = told.len() == fields().len() && told.contains(&tags);
                all.then_some(()).ok_or(format!("{told:#?}"))
            })
            .await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_is_only_reported_where_that_is_asked_for() {
    story("drift-reported")
        .resyncing_every("1s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let manifest = complete("lapwing").only_reported();
            story.apply(&manifest).await;
            let id = story.is_registered("lapwing").await;
            let before = story.gitlab.runner(id).unwrap();
            story.gitlab.clear_requests();
            for field in fields() {
                story.gitlab.changes(id, field.meddled.clone());
                let what = format!("{} is reported", field.name);
                let row = Drift {
                    field: field.name.to_owned(),
                    desired: field.desired.to_owned(),
                    actual: field.actual.to_owned(),
                };
                let reported = story
                    .runner_says("lapwing", &what, |runner| {
                        runner.status.as_ref().unwrap().drift == [row.clone()]
                    })
                    .await;
                let synced = condition(&reported, "Synced").unwrap();
                assert_eq!((&*synced.status, &*synced.reason), ("False", "Drifted"));
                assert!(synced.message.contains(field.name), "{}", synced.message);
                story.gitlab.changes(id, put_back(&field, &before));
                // Whoever agrees in the end, be it GitLab or spec, there is no drift any more.
                let agreed = story.is_ready("lapwing").await;
                assert!(agreed.status.unwrap().drift.is_empty());
            }
            let told = story.events("lapwing", "Drifted").await;
            assert_eq!(told.len(), fields().len(), "{told:#?}");
            let tags = r#"tags is "[arm, riscv]" and not "[arm, x86]""#.to_owned();
            assert!(told.contains(&tags), "{told:#?}");
            let asked = story.gitlab.changes_asked();
            assert!(asked.is_empty(), "{asked:#?}");
        })
        .await;
}

/// The change that takes a field back to what it was.
fn put_back(field: &Field, before: &Value) -> Value {
    let names = field.meddled.as_object().unwrap().keys();
    names
        .map(|name| (name.clone(), before[name].clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_managed_is_left_to_others() {
    story("drift-unmanaged")
        .resyncing_every("1s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("merlin").tagged(["ours"])).await;
            let id = story.is_registered("merlin").await;
            story.gitlab.clear_requests();
            story.gitlab.changes(
                id,
                json!({
                    "description": "Theirs",
                    "paused": true,
                    "locked": true,
                    "access_level": "ref_protected",
                    "maximum_timeout": 600,
                    "tag_list": ["ours", "theirs"],
                }),
            );
            let theirs = story
                .runner_says("merlin", "GitLab's words are shown", |runner| {
                    let shown = runner.status.as_ref().unwrap().runner.as_ref().unwrap();
                    shown.paused && shown.description == "Theirs" && shown.tags == ["ours"]
                })
                .await;
            assert!(theirs.status.unwrap().drift.is_empty());
            let id = format!("/runners/{id}");
            let put = ("PUT".to_owned(), id, json!({ "tag_list": ["ours"] }));
            assert_eq!(story.gitlab.changes_asked(), [put]);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_turned_into_a_correction_is_carried_out_at_once() {
    story("drift-policy")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let manifest = runner("nightjar").tagged(["ours"]).only_reported();
            story.apply(&manifest).await;
            let id = story.is_registered("nightjar").await;
            story.gitlab.changes(id, json!({ "tag_list": ["theirs"] }));
            let message = story.is_ready_though("nightjar", "Drifted").await;
            assert_eq!(message, "GitLab differs in tags; see status.drift");
            story.apply(&manifest.without("driftPolicy")).await;
            story.is_ready("nightjar").await;
            assert_eq!(story.gitlab.only_runner()["tag_list"], json!(["ours"]));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_vanished_is_registered_anew() {
    story("drift-vanished")
        .resyncing_every("1s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("osprey")).await;
            let first = story.is_registered("osprey").await;
            let old_token = story.token_in("osprey-runner-token").await;
            let gate =
                story
                    .gitlab
                    .misbehaves(Rule::new("POST", "/api/v4/user/runners", Fault::Gate));
            story.gitlab.forgets(first);
            story.gitlab.holds_one(gate).await;
            // As long as GitLab takes, nobody is told that the old one is ready.
            let meanwhile: GitLabRunner = story.get("osprey").await.unwrap();
            assert!(says(&meanwhile, "Ready", "False", "Progressing"));
            assert!(says(&meanwhile, "Registered", "False", "Progressing"));
            assert_eq!(number(&meanwhile), None);
            story.gitlab.recovers();
            let again = story
                .runner_says("osprey", "there is another runner", |runner| {
                    let ready = condition(runner, "Ready").is_some_and(|c| c.status == "True");
                    ready && number(runner).is_some_and(|number| number != first)
                })
                .await;
            let there = story.gitlab.only_runner();
            assert_eq!(there["id"], number(&again).unwrap());
            let token = story.token_in("osprey-runner-token").await;
            assert_ne!(token, old_token);
            assert!(story.gitlab.accepts(&token).await);
            let told = story.tells_once("osprey", "RunnerVanished").await;
            assert!(
                told.starts_with(&format!("runner {first} is gone")),
                "{told}"
            );
        })
        .await;
}
