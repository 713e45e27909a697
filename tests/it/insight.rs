//! What status tells of the processes that use a runner's token, and what that costs.
use gitlab_runner_registrar::api::RECONCILE_AT;
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::clock;
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use crate::harness::{Story, condition, runner, says, shown, story, until};

fn calls(story: &Story<'_>, id: i64, system_id: &str, version: &str) {
    story
        .gitlab
        .does(json!({ "do": "contact", "runner": id, "manager": {
            "system_id": system_id, "version": version, "platform": "linux" } }));
}

/// Waits until that is said of the runner as GitLab holds it; gives the object.
async fn is_told(story: &Story<'_>, name: &str, field: &str, expected: &Value) -> GitLabRunner {
    until(&format!("{field} is {expected}"), async || {
        let object: GitLabRunner = story.get(name).await.unwrap();
        let told = json!(object.status.as_ref().unwrap().runner)[field].clone();
        (told == *expected)
            .then_some(object)
            .ok_or(told.to_string())
    })
    .await
}

async fn is_online(story: &Story<'_>, name: &str, truth: &str, reason: &str) -> String {
    let object = until(&format!("Online is {truth}"), async || {
        let object: GitLabRunner = story.get(name).await.unwrap();
        let so = says(&object, "Online", truth, reason);
        so.then_some(object.clone()).ok_or(shown(&object))
    })
    .await;
    condition(&object, "Online").unwrap().message
}

async fn sweeps(story: &Story<'_>, times: usize) {
    story.gitlab.clear_requests();
    until(&format!("{times} sweeps"), async || {
        let asked = story.gitlab.requests();
        let pages = asked.iter().filter(|asked| asked.path == "/api/graphql");
        let pages = pages.count();
        (pages >= times).then_some(()).ok_or(format!("{pages}"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_are_told_of_and_an_idle_runner_costs_nothing_for_it() {
    story("insight-managers")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("robin").in_group("platform")).await;
            let id = story.is_registered("robin").await;
            calls(story, id, "s_a", "18.1.0");
            calls(story, id, "s_b", "18.2.0");
            let managers = json!({ "total": 2, "online": 2, "versions": ["18.1.0", "18.2.0"],
                "platforms": ["linux"] });
            let object = is_told(story, "robin", "managers", &managers).await;
            assert!(says(&object, "Ready", "True", "Succeeded"), "{object:#?}");
            is_online(story, "robin", "True", "Called").await;
            is_told(story, "robin", "busy", &json!(false)).await;
            sweeps(story, 3).await;
            let mark = story.stage.plane.audit_settled().await.unwrap();
            // They go on calling, which is no news.
            calls(story, id, "s_a", "18.1.0");
            sweeps(story, 3).await;
            calls(story, id, "s_b", "18.2.0");
            sweeps(story, 3).await;
            let mut alone = story.gitlab.asked_besides_sweeps();
            alone.retain(|asked| asked.contains("/runners"));
            assert_eq!(alone, Vec::<String>::new(), "nobody asks for one alone");
            story.stage.plane.audit_settled().await.unwrap();
            let (events, _) = story.stage.plane.audit_since(mark).unwrap();
            let writes = events.iter().filter(|event| {
                let ours = event.service_account() == Some(story.account());
                ours && event.is_complete() && event.is_write()
            });
            assert_eq!(writes.count(), 0);
            // Whoever asks for the runner alone is not shown its processes, which is not to say that they
            // are gone.
            let look = json!({ "metadata": { "annotations": { RECONCILE_AT: "now" } } });
            story.edit::<GitLabRunner>("robin", look).await;
            let object = story
                .runner_says("robin", "the request is answered", |runner| {
                    let status = runner.status.as_ref().unwrap();
                    status.last_handled_reconcile_at.as_deref() == Some("now")
                })
                .await;
            let kept = json!(object.status.unwrap().runner)["managers"].clone();
            assert_eq!(kept, managers);
            let project = json!({ "do": "queue_job", "project": "platform/docs" });
            story.gitlab.does(project);
            let manager = json!({ "system_id": "s_b", "version": "18.2.0", "platform": "linux" });
            story
                .gitlab
                .does(json!({ "do": "take_job", "runner": id, "manager": manager }));
            is_told(story, "robin", "busy", &json!(true)).await;
        })
        .await;
}

/// Makes the token look as if it had been stored eleven minutes ago.
async fn was_stored_long_ago(story: &Story<'_>, secret: &str) {
    let at = clock::now() - SignedDuration::from_mins(11);
    let issued = json!({ "metadata": { "annotations": {
        "gitlab-registrar.dev/issued-at": at.to_string() } } });
    story.edit::<Secret>(secret, issued).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_nobody_uses_is_told_of_until_somebody_does() {
    story("insight-online")
        .resyncing_every("2s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("wren")).await;
            let id = story.is_registered("wren").await;
            is_online(story, "wren", "Unknown", "AwaitingCall").await;
            was_stored_long_ago(story, "wren-runner-token").await;
            let told = is_online(story, "wren", "False", "NobodyCalls").await;
            assert!(
                told.contains("the Secret wren-runner-token holds since "),
                "{told}"
            );
            assert!(says(
                &story.is_ready("wren").await,
                "Ready",
                "True",
                "Succeeded"
            ));
            calls(story, id, "s_a", "18.2.0");
            is_online(story, "wren", "True", "Called").await;
            // Another token, which the process does not have.
            let emptied = json!({ "data": { "runner-token": null } });
            story.edit::<Secret>("wren-runner-token", emptied).await;
            story.tells_once("wren", "TokenReset").await;
            story.is_ready("wren").await;
            story
                .gitlab
                .changes(id, json!({ "contacted_at": "2026-01-01T00:00:00Z" }));
            was_stored_long_ago(story, "wren-runner-token").await;
            is_online(story, "wren", "False", "NobodyCalls").await;
            calls(story, id, "s_a", "18.2.0");
            is_online(story, "wren", "True", "Called").await;
        })
        .await;
}
