//! The operator comes back, and its lists come in one after the other.
use k8s_openapi::api::rbac::v1::Role;
use serde_json::json;

use crate::harness::{Story, runner, shown, story, until};

#[tokio::test(flavor = "multi_thread")]
async fn connections_not_listed_yet_are_not_taken_for_missing() {
    story("restart")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let penguin = runner("penguin");
            story.apply(&penguin).await;
            story.is_ready("penguin").await;
            story.the_operator_is_told_to_stop().await;

            only_connections_are_forbidden(story).await;
            story.gitlab.clear_requests();
            story.delete(&penguin).await;
            story.the_operator_starts().await;
            connections_are_refused_twice(story).await;
            // It has had time enough to act on the runner without knowing its connection.
            assert_eq!(story.gitlab.asked(), Vec::<String>::new());

            story.rights_are_granted().await;
            story.is_gone(&penguin).await;
            let asked = story.gitlab.changes_asked();
            let asked: Vec<_> = asked
                .iter()
                .map(|(how, what, _)| format!("{how} {what}"))
                .collect();
            // By number, and not by the runner's own token, which is for lost credentials.
            assert_eq!(asked, ["DELETE /runners/1"]);
        })
        .await;
}

async fn only_connections_are_forbidden(story: &Story<'_>) {
    let role: Role = story.get("registrar").await.unwrap();
    let mut rules = role.rules.unwrap();
    rules.retain(|rule| rule.resources != Some(vec!["gitlabconnections".to_owned()]));
    story
        .edit::<Role>("registrar", json!({ "rules": rules }))
        .await;
}

async fn connections_are_refused_twice(story: &Story<'_>) {
    until("the list of connections is asked for twice", async || {
        let events = story.stage.plane.audit().unwrap();
        let refused = events.iter().filter(|event| {
            let ours = event.service_account() == Some(story.account());
            ours && event.resource == "gitlabconnections" && event.code == 403
        });
        match refused.count() {
            0 | 1 => Err(shown(&story.get::<Role>("registrar").await)),
            _ => Ok(()),
        }
    })
    .await;
}
