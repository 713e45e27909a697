//! One project that cannot be had keeps no other from being assigned, and no runner unlocked.
use std::time::Duration;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_sim::{Fault, Rule};
use serde_json::{Value, json};

use super::{assigning, projects, quail};
use crate::harness::{Story, condition, runner, story, token, until};

/// Mia may see it, and no more.
fn private(story: &Story<'_>) {
    story.gitlab.does(
        json!({ "do": "add_project", "path": "root/private", "id": 4099,
            "members": { "mia": "reporter" } }),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_assigned_is_and_what_cannot_is_named() {
    story("projects-some-refused")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            private(story);
            // What a fine-grained token is told of a project that it may not know of.
            let unseen = Fault::reply(404, json!({ "message": "404 Not Found" }));
            let path = "/api/v4/projects/4097/runners";
            story.gitlab.misbehaves(Rule::new("POST", path, unseen));
            let wanted = json!([
                { "path": "root/private" },
                { "path": "platform/not-there" },
                { "id": 4098 },
                { "id": 4097 },
                { "path": "platform/docs" },
            ]);
            let locked = quail().with("locked", true).with("projects", wanted);
            story.apply(&locked).await;
            let told = story.is_not_ready("quail", "ProjectRefused").await;
            for part in [
                "root/private: GitLab said 403",
                "4098: GitLab said 404",
                "4097: GitLab said 404",
                "GitLab knows no project platform/not-there",
            ] {
                assert!(told.contains(part), "{told}");
            }
            let expected = json!(["platform/docs", "platform/tools/build"]);
            assert_eq!(projects(story), expected);
            assert_eq!(story.gitlab.only_runner()["locked"], true);
            let seen: Option<GitLabRunner> = story.get("quail").await;
            let said = condition(&seen, "ProjectsAssigned").unwrap();
            assert_eq!((&*said.status, said.message), ("False", told));
            // Nobody else has changed anything.
            let corrected = story.events("quail", "DriftCorrected").await;
            assert_eq!(corrected, Vec::<String>::new());

            // Whoever touches the object asks again, and the lock is opened for that only.
            let member = json!({ "do": "set_member", "user": "mia", "project": "root/private",
                "role": "maintainer" });
            story.gitlab.does(member);
            let two = json!([{ "path": "root/private" }, { "path": "platform/docs" }]);
            story.apply(&locked.with("projects", two)).await;
            story.is_ready("quail").await;
            let expected = json!(["platform/docs", "platform/tools/build", "root/private"]);
            assert_eq!(projects(story), expected);
            assert_eq!(story.gitlab.only_runner()["locked"], true);
        })
        .await;
}

/// How often the lock was opened, and whether it is closed now.
fn lock(story: &Story<'_>) -> (usize, bool) {
    let asked = story.gitlab.changes_asked();
    let opened = asked.iter().filter(|(_, _, body)| body["locked"] == false);
    let closed = story.gitlab.only_runner()["locked"] == true;
    (opened.count(), closed)
}

/// A gateway that lets no assignment through is no judgement, and no reason to leave the door open; nor
/// is an assignment that was answered and does not show.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_closed_again_whatever_comes_of_the_assignment() {
    story("projects-lock")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            let locked = quail().with("locked", true);
            story.apply(&locked).await;
            story.is_ready("quail").await;
            let path = "/api/v4/projects/4002/runners";
            let runner = story.gitlab.only_runner();
            for fault in [Fault::Proxy { status: 403 }, Fault::reply(201, runner)] {
                story
                    .gitlab
                    .misbehaves(Rule::new("POST", path, fault).times(2));
                story.gitlab.clear_requests();
                story
                    .apply(&locked.clone().also_in(["platform/docs"]))
                    .await;
                until("it is tried, and locked again", async || {
                    let (opened, closed) = lock(story);
                    let is_so = opened == 1 && closed;
                    is_so.then_some(()).ok_or(format!("{opened} {closed}"))
                })
                .await;
                story.is_ready("quail").await;
                assert_eq!(lock(story), (3, true));
                let expected = json!(["platform/docs", "platform/tools/build"]);
                assert_eq!(projects(story), expected);

                story.apply(&locked.clone().also_in([])).await;
                until("it is taken away again", async || {
                    let now = projects(story);
                    let is_so = now == json!(["platform/tools/build"]);
                    is_so.then_some(()).ok_or(format!("{now}"))
                })
                .await;
                story.is_ready("quail").await;
            }
        })
        .await;
}

/// Locking is the second step of a registration with further projects, and no correction.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_registration_takes_is_not_told_as_drift() {
    story("projects-created")
        .resyncing_every("1s")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            let manifest = quail().with("locked", true).with("paused", false);
            let manifest = manifest.also_in(["platform/docs"]);
            story.apply(&manifest).await;
            let id = story.is_registered("quail").await;
            assert_eq!(story.gitlab.only_runner()["locked"], true);
            let told = story.events("quail", "DriftCorrected").await;
            assert_eq!(told, Vec::<String>::new());

            // What others do is, and that the lock is opened to undo it is not.
            story.gitlab.clear_requests();
            let meddled = json!({ "projects": ["platform/tools/build"] });
            story.gitlab.changes(id, meddled.clone());
            until("it is assigned again", async || {
                let asked = story.gitlab.changes_asked();
                let done = asked.contains(&assigning(id, 4002)) && lock(story) == (1, true);
                done.then_some(()).ok_or(format!("{asked:#?}"))
            })
            .await;
            story.is_ready("quail").await;
            let told = story.events("quail", "DriftCorrected").await;
            assert_eq!(told, Vec::<String>::new());
            let mut paused = meddled;
            paused["paused"] = true.into();
            story.gitlab.changes(id, paused);
            let told = story.tells_once("quail", "DriftCorrected").await;
            assert_eq!(told, "corrected paused from \"true\" to \"false\"");
        })
        .await;
}

/// GitLab 15.11 answers 204 for a locked runner and does nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_unassignment_that_was_not_made_is_told() {
    story("projects-not-taken")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let both = quail().also_in(["platform/docs", "platform/site"]);
            story.apply(&both).await;
            let id = story.is_registered("quail").await;
            let path = format!("/api/v4/projects/4002/runners/{id}");
            story
                .gitlab
                .answers("DELETE", &path, Fault::reply(204, Value::Null));
            story.apply(&quail().also_in([])).await;
            let told = story.is_not_ready("quail", "ProjectRefused").await;
            assert!(told.contains("platform/docs: GitLab answered"), "{told}");
            let expected = json!(["platform/docs", "platform/tools/build"]);
            assert_eq!(projects(story), expected);
            let told = story.tells_once("quail", "ProjectUnassigned").await;
            assert!(told.contains("4003"), "{told}");
        })
        .await;
}

/// What was refused is not put to GitLab again at each resync.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_project_is_asked_for_ever_more_seldom() {
    story("projects-seldom")
        .resyncing_every("1s")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            private(story);
            story
                .apply(
                    &runner("quail")
                        .in_project("platform/docs")
                        .also_in(["root/private"]),
                )
                .await;
            story.is_not_ready("quail", "ProjectRefused").await;
            let looked = || {
                let asked = story.gitlab.requests();
                let sweeps = |path: &str| path == "/api/graphql";
                let reads = asked.iter().filter(|asked| {
                    asked.path.starts_with("/api/v4/runners/") || sweeps(&asked.path)
                });
                reads.count()
            };
            let tries =
                || super::super::refusals::count(story, "POST", "/api/v4/projects/4099/runners");
            crate::harness::within(
                Duration::from_mins(2),
                "it is looked at often",
                async || {
                    let (looked, tries) = (looked(), tries());
                    assert!(tries <= 6, "{tries} tries in {looked} looks");
                    (looked >= 30).then_some(()).ok_or(format!("{looked}"))
                },
            )
            .await;
            assert!(tries() >= 2, "it is asked again");
        })
        .await;
}
