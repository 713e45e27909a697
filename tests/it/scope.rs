//! Where a runner lives: spelled as people like, changed until it is registered, and kept by number
//! when a group or project gets another path.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::clock;
use gitlab_sim::{Fault, Rule};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Story, condition, runner, story, token};

/// The messages of Ready and Registered.
async fn told(story: &Story<'_>, name: &str, part: &str) {
    let what = format!("{name} tells of {part}");
    story
        .runner_says(name, &what, |runner| {
            let runner = Some(runner.clone());
            ["Ready", "Registered"].iter().all(|about| {
                let said = condition(&runner, about);
                said.is_some_and(|said| said.status == "True" && said.message.contains(part))
            })
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_can_be_corrected_until_there_is_a_runner() {
    story("scope-mistyped")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("linnet").in_group("platfrom")).await;
            let told = story.is_not_ready("linnet", "ScopeNotFound").await;
            assert!(told.contains("GitLab knows no group platfrom, "), "{told}");
            assert!(told.contains("spec.scope.group.path"), "{told}");
            story
                .apply(&runner("linnet").in_project("platform/dcos"))
                .await;
            let told = story.is_not_ready("linnet", "ScopeNotFound").await;
            assert!(told.contains("no project platform/dcos, "), "{told}");
            assert!(told.contains("spec.scope.project.path"), "{told}");
            story
                .apply(&runner("linnet").in_project("platform/docs"))
                .await;
            story.is_ready("linnet").await;
            let projects = story.gitlab.only_runner()["projects"].clone();
            assert_eq!(projects, json!(["platform/docs"]));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_runner_keeps_its_place_however_that_is_spelled() {
    story("scope-spelled")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let there = runner("siskin").in_group("platform");
            story.apply(&there).await;
            story.is_ready("siskin").await;
            story.gitlab.clear_requests();
            for spelled in [
                json!({ "group": { "id": 3001 } }),
                json!({ "group": { "path": "Platform" }, "project": null }),
                json!({ "group": { "path": "platform" } }),
            ] {
                story.apply(&there.clone().with("scope", spelled)).await;
                story.is_ready("siskin").await;
            }
            let asked = story.gitlab.asked_besides_sweeps();
            assert!(asked.is_empty(), "{asked:#?}");

            for other in [
                json!({ "group": { "id": 3002 } }),
                json!({ "group": { "path": "platform/tools" } }),
            ] {
                let elsewhere = there.clone().with("scope", other).tagged(["elsewhere"]);
                story.apply(&elsewhere).await;
                let message = story.is_not_ready("siskin", "ScopeChanged").await;
                assert!(message.contains("platform (group 3001)"), "{message}");
                assert_eq!(story.gitlab.changes_asked(), []);
                story.apply(&there).await;
                story.is_ready("siskin").await;
            }
            // GitLab cannot make a group's runner a project's.
            let project = runner("siskin").in_project("platform/docs");
            let error = story.would_apply(&project).await.unwrap_err();
            assert!(
                error.contains("scope cannot become of another kind"),
                "{error}"
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_gone_is_registered_where_spec_says_now() {
    story("scope-left")
        .resyncing_every("1s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let by_number =
                |id: u64| runner("brambling").with("scope", json!({ "group": { "id": id } }));
            story.apply(&by_number(3001)).await;
            let id = story.is_registered("brambling").await;
            story.apply(&by_number(3002)).await;
            story.is_not_ready("brambling", "ScopeChanged").await;
            story.gitlab.forgets(id);
            let again = story.is_ready("brambling").await;
            let there = story.gitlab.only_runner();
            assert_eq!(there["group"], "platform/tools");
            assert_eq!(again.status.unwrap().scope.unwrap().id, Some(3002));
        })
        .await;
}

/// Nobody would look any more where a late answer may have made one.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_held_as_long_as_a_runner_may_turn_up_there() {
    story("scope-held")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let by_number =
                |id: u64| runner("bunting").with("scope", json!({ "group": { "id": id } }));
            let lost = Rule::new("POST", "/api/v4/user/runners", Fault::Drop);
            story.gitlab.misbehaves(lost);
            story.apply(&by_number(3001)).await;
            story.is_not_ready("bunting", "RegistrationUnclear").await;
            story.gitlab.recovers();
            story.gitlab.clear_requests();
            let began = async |story: &mut Story<'_>, ago: SignedDuration| {
                story.the_operator_is_killed().await;
                let at = (clock::now() - ago).to_string();
                let registration = json!({ "registration": { "attemptedAt": at } });
                story.status_says("bunting", registration).await;
                story.the_operator_starts().await;
            };
            story.apply(&by_number(3002)).await;
            began(story, SignedDuration::from_mins(5)).await;
            let message = story.is_not_ready("bunting", "ScopeChanged").await;
            assert!(message.contains("group 3001"), "{message}");
            assert_eq!(story.gitlab.changes_asked(), []);
            began(story, SignedDuration::from_hours(2)).await;
            story.is_ready("bunting").await;
            assert_eq!(story.gitlab.only_runner()["group"], "platform/tools");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_renamed_keeps_its_runner() {
    story("scope-renamed")
        .resyncing_every("1s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let there = runner("serin").in_group("platform");
            story.apply(&there).await;
            let id = story.is_registered("serin").await;
            story
                .gitlab
                .does(json!({ "do": "move_group", "group": "platform", "to": "plateau" }));
            told(story, "serin", "plateau (group 3001)").await;
            story.apply(&there.clone().tagged(["kept"])).await;
            let kept = |runner: &Value| runner["tag_list"] == json!(["kept"]);
            story.is_ready("serin").await;
            assert!(kept(&story.gitlab.only_runner()));
            // Registered anew it is where it was.
            story.gitlab.forgets(id);
            story
                .runner_says("serin", "it is registered anew", |runner| {
                    let status = runner.status.as_ref().unwrap();
                    status.runner.as_ref().is_some_and(|runner| runner.id != id)
                })
                .await;
            assert_eq!(story.gitlab.only_runner()["group"], "plateau");
            story
                .apply(&there.in_group("plateau").tagged(["kept"]))
                .await;
            let ready: GitLabRunner = story.is_ready("serin").await;
            let message = condition(&Some(ready), "Ready").unwrap().message;
            assert!(message.ends_with("is as declared"), "{message}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_somebody_else_has_taken_is_another_project() {
    story("scope-taken")
        .resyncing_every("1s")
        .tell(async |story| {
            story.connects("gitlab", token::ADMIN).await;
            let there = runner("twite").in_project("platform/docs");
            story.apply(&there.clone().also_in(["platform/site"])).await;
            story.is_ready("twite").await;
            for (project, to) in [
                ("platform/docs", "platform/pages"),
                ("platform/site", "platform/web"),
            ] {
                story
                    .gitlab
                    .does(json!({ "do": "move_project", "project": project, "to": to }));
            }
            // Both old paths lead on to where the projects are.
            told(story, "twite", "platform/pages (project 4002)").await;
            let mut projects = story.gitlab.only_runner()["projects"].clone();
            projects
                .as_array_mut()
                .unwrap()
                .sort_by_key(ToString::to_string);
            assert_eq!(projects, json!(["platform/pages", "platform/web"]));

            let taken = json!({ "do": "add_project", "path": "platform/docs", "id": 4088 });
            story.gitlab.does(taken);
            let message = story.is_not_ready("twite", "ScopeChanged").await;
            assert!(
                message.contains("platform/pages (project 4002)"),
                "{message}"
            );
            let by_number = json!({ "project": { "id": 4002 } });
            story.apply(&there.with("scope", by_number)).await;
            story.is_ready("twite").await;
            assert_eq!(story.gitlab.runners().len(), 1);
        })
        .await;
}
