//! Every kind of token that can be replaced, and both kinds of connection.
use gitlab_runner_registrar::api::v1alpha1::ClusterGitLabConnection;
use kube::Api;
use serde_json::{Value, json};

use super::{
    DIGEST, FIRST, SPARE_TIME, credential, has_old, has_old_token, has_settled, in_days,
    is_never_sent_after, is_replaced, rotating, rotations, settings,
};
use crate::harness::{
    Manifest, Story, cluster_connection, condition, number, runner, says, secret, story, text_of,
    until,
};

const PLATFORM: i64 = 3001;
const BUILD: i64 = 4001;

/// A runner is kept with the token, and with the one after it.
async fn is_replaced_and_keeps(story: &Story<'_>, of: Value, kept: Manifest) {
    has_old(story, of);
    story.apply(&credential()).await;
    story.apply(&rotating(story, "gitlab")).await;
    is_replaced(story).await;
    let connection = has_settled(story, "gitlab").await;
    let credential = connection.status.unwrap().credential.unwrap();
    let end = credential.expires_at.unwrap().0.to_string();
    assert!(end.starts_with(&in_days(story, 65)), "{end}");
    story.apply(&kept).await;
    let id = number(&story.is_ready("wryneck").await).unwrap();
    story.apply(&kept.tagged(["later"])).await;
    story.is_ready("wryneck").await;
    let there = story.gitlab.runner(id).unwrap();
    assert_eq!(there["tag_list"], json!(["later"]));
    let [asked] = &rotations(story)[..] else {
        panic!("{:#?}", rotations(story))
    };
    is_never_sent_after(story, asked.seq);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_access_token() {
    story("credential-of-group")
        .tell(async |story| {
            let of = json!({ "group": PLATFORM, "role": "owner", "scopes": ["api"] });
            let kept = runner("wryneck").in_group("platform");
            is_replaced_and_keeps(story, of, kept).await;
        })
        .await;
}

/// With no more scopes than it takes, so that it cannot even ask which release of GitLab that is.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_access_token() {
    story("credential-of-project")
        .tell(async |story| {
            let scopes = ["create_runner", "manage_runner", "self_rotate"];
            let of = json!({ "project": BUILD, "role": "maintainer", "scopes": scopes });
            let kept = runner("wryneck").with("scope", json!({ "project": { "id": BUILD } }));
            is_replaced_and_keeps(story, of, kept).await;
        })
        .await;
}

fn fine_grained(user: &[&str]) -> Value {
    let group = ["read_runner", "update_runner", "delete_runner"];
    json!({
        "user": "mia", "scopes": ["granular"],
        "granular_scopes": [
            { "access": "user", "permissions": user },
            { "access": "selected_memberships", "group": PLATFORM, "permissions": group },
        ],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fine_grained_token() {
    story("credential-granular")
        .tell(async |story| {
            // Only that kind may be replaced there.
            settings(story, &json!({ "granular_tokens_enforced": true }));
            let of = fine_grained(&[
                "create_runner",
                "read_personal_access_token",
                "rotate_personal_access_token",
            ]);
            let kept = runner("wryneck").with("scope", json!({ "group": { "id": PLATFORM } }));
            is_replaced_and_keeps(story, of, kept).await;
        })
        .await;
}

/// Its scopes do not tell what it may do, so that GitLab is asked, and says what it lacks.
#[tokio::test(flavor = "multi_thread")]
async fn a_fine_grained_token_that_may_not_rotate() {
    story("credential-granular-not")
        .tell(async |story| {
            let user = ["create_runner", "read_personal_access_token"];
            has_old(story, fine_grained(&user));
            story.apply(&credential()).await;
            story.apply(&rotating(story, "gitlab")).await;
            let about = "CredentialsExpiring";
            let told = story
                .connection_says("gitlab", about, "True", "RotationBlocked")
                .await;
            let message = condition(&told, about).unwrap().message;
            assert!(
                message.contains("[Personal Access Token: Rotate]"),
                "{message}"
            );
            // It goes on to be used.
            story.is_connected("gitlab").await;
            assert_eq!(rotations(story).len(), 1);
        })
        .await;
}

/// The Secrets of such connections are in the operator's own namespace.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_of_the_cluster() {
    story("credential-of-cluster")
        .in_cluster_mode()
        .tell(async |story| {
            has_old_token(story);
            let of = secret("cluster-old-credential");
            story.apply(&of.holding("pat", FIRST)).await;
            let by_name = json!({ "names": ["credential-of-cluster"] });
            let shared = cluster_connection("cluster-old", story.gitlab.url())
                .with("allowedNamespaces", by_name)
                .with("timeout", SPARE_TIME)
                .with("credentialRotation", json!({}));
            story.apply(&shared).await;
            let reference = json!({ "kind": "ClusterGitLabConnection", "name": "cluster-old" });
            let kept = runner("wryneck").with("connectionRef", reference);
            story.apply(&kept).await;
            let another = |secret: &_| text_of(secret, "pat") != FIRST;
            story
                .secret_when("cluster-old-credential", "a new token is stored", another)
                .await;
            let all = Api::<ClusterGitLabConnection>::all(story.kube.clone());
            until("it works with the new token", async || {
                let connection = all.get("cluster-old").await.unwrap();
                let status = connection.status.clone().unwrap_or_default();
                let ended: Vec<_> = status.refused_tokens.iter().map(|it| &*it.digest).collect();
                let well = says(&connection, "Ready", "True", "Succeeded");
                (well && ended == [DIGEST])
                    .then_some(())
                    .ok_or(format!("{status:#?}"))
            })
            .await;
            story.apply(&kept.tagged(["later"])).await;
            story.is_ready("wryneck").await;
            assert_eq!(story.gitlab.only_runner()["tag_list"], json!(["later"]));
            let told = story
                .gitlab
                .requests()
                .into_iter()
                .rfind(|it| it.method == "PUT")
                .unwrap();
            assert_eq!(told.status, Some(200));
            is_never_sent_after(story, rotations(story)[0].seq);
        })
        .await;
}
