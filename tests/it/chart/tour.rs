//! Everything that makes the operator ask something of the API server.
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use serde_json::json;

use crate::harness::{
    GitLab, Manifest, Story, cluster_connection, config_map, connection, runner, secret, token,
    until,
};

/// In one namespace, through connections of its own. The operator's resync is short.
pub(super) async fn tour(story: &Story<'_>) {
    let _secure = an_authority_is_read_from_a_config_map(story).await;
    story.is_connected_to_gitlab().await;
    let penguin = runner("penguin").tagged(["linux"]);
    story.apply(&penguin).await;
    story.is_ready("penguin").await;
    let penguin = penguin.tagged(["linux", "docker"]);
    story.apply(&penguin).await;
    let ready = story.is_ready("penguin").await;
    drift_is_corrected_twice(story, ready.status.unwrap().runner.unwrap().id).await;
    its_secret_is_lost_emptied_and_renamed(story, &penguin).await;
    story.delete(&penguin).await;
    story.is_gone(&penguin).await;
}

async fn drift_is_corrected_twice(story: &Story<'_>, id: i64) {
    is_corrected(story, id).await;
    is_corrected(story, id).await;
    an_event_is_told_again(story, "DriftCorrected").await;
}

async fn its_secret_is_lost_emptied_and_renamed(story: &Story<'_>, penguin: &Manifest) {
    let lost = "penguin-runner-token";
    story.kubectl(&["delete", "secret", lost]).await;
    works_again(story, lost).await;
    let emptied = json!({ "data": { "runner-token": "" } });
    story.edit::<Secret>(lost, emptied).await;
    works_again(story, lost).await;

    let renamed = penguin
        .clone()
        .with("tokenSecret.name", "penguin-elsewhere");
    story.apply(&renamed).await;
    works_again(story, "penguin-elsewhere").await;
    story.is_gone(&secret(lost)).await;
}

/// Through a connection of the cluster, whose credential is in the operator's namespace: here it is
/// the story's.
pub(super) async fn tour_of_the_cluster(story: &Story<'_>) {
    story
        .apply(&secret("everybodys-credential").holding("pat", token::ADMIN))
        .await;
    let everybodys = cluster_connection("everybodys", story.gitlab.url());
    let allowed = json!({ "names": [story.namespace] });
    story
        .apply(&everybodys.with("allowedNamespaces", allowed))
        .await;
    let puffin = runner("puffin")
        .through("everybodys")
        .with("connectionRef.kind", "ClusterGitLabConnection");
    story.apply(&puffin).await;
    story.is_ready("puffin").await;
    story.delete(&puffin).await;
    story.is_gone(&puffin).await;
}

async fn an_authority_is_read_from_a_config_map(story: &Story<'_>) -> GitLab {
    let secure = GitLab::with_tls().await;
    let authority = secure.ca_pem().unwrap();
    story
        .apply(&config_map("company-ca").holding("ca.crt", authority))
        .await;
    story
        .apply(&secret("secure-credential").holding("pat", token::ADMIN))
        .await;
    let trust = json!({ "name": "company-ca", "key": "ca.crt" });
    story
        .apply(&connection("secure", secure.url()).with("caBundleConfigMapRef", trust))
        .await;
    story.is_connected("secure").await;
    secure
}

/// Somebody changes the runner in GitLab, and the operator changes it back.
async fn is_corrected(story: &Story<'_>, id: i64) {
    story
        .gitlab
        .changes(id, json!({ "tag_list": ["sabotage"] }));
    until("the tags are as declared", async || {
        let there = story.gitlab.runner(id).unwrap();
        if there["tag_list"] == json!(["docker", "linux"]) {
            Ok(())
        } else {
            Err(there.to_string())
        }
    })
    .await;
}

async fn an_event_is_told_again(story: &Story<'_>, reason: &str) {
    until("the event is told again", async || {
        let events = story.api::<Event>().list(&ListParams::default()).await;
        let events = events.unwrap().items;
        let again = |event: &Event| event.series.is_some();
        let told = |event: &&Event| event.reason.as_deref() == Some(reason) && again(event);
        events
            .iter()
            .find(told)
            .map(drop)
            .ok_or(format!("{events:#?}"))
    })
    .await;
}

/// GitLab accepts the token in the Secret.
async fn works_again(story: &Story<'_>, name: &str) {
    let held = |secret: &Secret| {
        let data = secret.data.as_ref();
        let token = data.and_then(|data| data.get("runner-token"));
        token.is_some_and(|token| !token.0.is_empty())
    };
    story
        .secret_when(name, "a token is in the Secret", held)
        .await;
    let token = story.token_in(name).await;
    assert!(story.gitlab.accepts(&token).await);
}
