//! Deletions when the credential is of no use any more: the runner's own token does it, and goes only
//! where the runner is.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::secrets::OWNER;
use gitlab_sim::{Fault, Rule};
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use super::{all_is_gone, is_there};
use crate::harness::{GitLab, Story, condition, connection, runner, secret, story, token, until};

/// Ends the operator and the credential: a process that starts then has never had one that worked.
async fn starts_without_the_credential(story: &mut Story<'_>, connection: &str) {
    story.the_operator_is_killed().await;
    story
        .delete(&secret(&format!("{connection}-credential")))
        .await;
    story.the_operator_starts().await;
}

/// The message of a runner that is not let go.
async fn is_blocked(story: &Story<'_>, name: &str) -> String {
    story.is_not_ready(name, "DeletionBlocked").await
}

/// Whoever may write Secrets may not have the operator send requests to where they like.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_nowhere_else_whatever_its_secret_says() {
    story("deletion-elsewhere")
        .tell(async |story| {
            let elsewhere = GitLab::start().await;
            let id = is_there(story, &runner("plover")).await;
            starts_without_the_credential(story, "gitlab").await;
            story.is_not_ready("plover", "ConnectionNotReady").await;
            let url = "gitlab-registrar.dev/gitlab-url";
            let forged = json!({ "metadata": { "annotations": { url: elsewhere.url() } } });
            story.edit::<Secret>("plover-runner-token", forged).await;
            story.delete(&runner("plover")).await;
            is_blocked(story, "plover").await;
            assert_eq!(elsewhere.asked(), Vec::<String>::new());
            assert_eq!(story.gitlab.only_runner()["id"], id);
            // With what the operator wrote, all is well again.
            let true_url = json!({ "metadata": { "annotations": { url: story.gitlab.url() } } });
            story.edit::<Secret>("plover-runner-token", true_url).await;
            all_is_gone(story, &runner("plover")).await;
        })
        .await;
}

/// The same by somebody who never had a runner.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_was_never_registered_sends_nothing() {
    story("deletion-bait")
        .tell(async |story| {
            let elsewhere = GitLab::start().await;
            story.apply(&runner("ruddy").through("nowhere")).await;
            story.is_not_ready("ruddy", "ConnectionNotFound").await;
            let ruddy: GitLabRunner = story.get("ruddy").await.unwrap();
            let bait = secret("ruddy-runner-token").holding("runner-token", "glrt-canary-bait");
            story.apply(&bait).await;
            let forged = json!({ "metadata": { "annotations": {
                OWNER: ruddy.metadata.uid,
                "gitlab-registrar.dev/secret-name": "ruddy-runner-token",
                "gitlab-registrar.dev/runner-id": "1",
                "gitlab-registrar.dev/gitlab-url": elsewhere.url(),
                // The first letters of its SHA-256, which anybody can work out.
                "gitlab-registrar.dev/token-digest": "518777a7e7f80928",
            }}});
            story.edit::<Secret>("ruddy-runner-token", forged).await;
            story.delete(&runner("ruddy")).await;
            story.is_gone(&runner("ruddy")).await;
            assert_eq!(elsewhere.asked(), Vec::<String>::new());
        })
        .await;
}

/// A private CA is the connection's, and is needed whether there is a credential or not.
#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_gitlab_is_the_connections_without_its_credential_too() {
    story("deletion-private-ca")
        .refusing_http()
        .tell(async |story| {
            let private = GitLab::with_tls().await;
            let authority = secret("authority").holding("ca.crt", private.ca_pem().unwrap());
            story.apply(&authority).await;
            let credential = secret("private-credential").holding("pat", token::ADMIN);
            story.apply(&credential).await;
            let bundle = json!({ "name": "authority", "key": "ca.crt" });
            let private_one = connection("private", private.url());
            story
                .apply(&private_one.with("caBundleSecretRef", bundle))
                .await;
            story.apply(&runner("eider").through("private")).await;
            story.is_ready("eider").await;
            starts_without_the_credential(story, "private").await;
            story.is_not_ready("eider", "ConnectionNotReady").await;
            story.delete(&runner("eider")).await;
            story.is_gone(&runner("eider")).await;
            assert_eq!(private.runners(), Vec::<Value>::new());
        })
        .await;
}

/// The last client that worked is tried first, but not for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_lost_and_then_revoked_is_given_up() {
    story("deletion-revoked")
        .tell(async |story| {
            is_there(story, &runner("dunlin")).await;
            story.delete(&secret("gitlab-credential")).await;
            story
                .connection_says("gitlab", "Ready", "False", "SecretNotFound")
                .await;
            story
                .gitlab
                .does(json!({ "do": "revoke_token", "token": "admin" }));
            story.gitlab.clear_requests();
            story.delete(&runner("dunlin")).await;
            all_is_gone(story, &runner("dunlin")).await;
            let told = story.tells_once("dunlin", "RunnerRemoved").await;
            assert!(told.contains("by its own token"), "{told}");
            // Once, and never again: that would revoke its successors.
            let refused = story.gitlab.requests();
            let refused = refused.iter().filter(|asked| asked.status == Some(401));
            assert_eq!(refused.count(), 1, "{:#?}", story.gitlab.asked());
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_blocked_in_gitlab_blocks_no_deletion() {
    story("deletion-forbidden")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            let manifest = runner("dotterel").in_group("platform");
            story.apply(&manifest).await;
            story.is_ready("dotterel").await;
            story
                .gitlab
                .does(json!({ "do": "set_user", "user": "mia", "state": "blocked" }));
            story.apply(&manifest.clone().tagged(["changed"])).await;
            story.delete(&manifest).await;
            story.is_gone(&manifest).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
        })
        .await;
}

/// Whoever lost the right to see a runner may still hold its token.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_may_no_longer_be_read_goes_by_its_token() {
    story("deletion-unreadable")
        .resyncing_every("1s")
        .tell(async |story| {
            story.connects("gitlab", token::MIA).await;
            let manifest = runner("phalarope").in_group("platform");
            story.apply(&manifest).await;
            story.is_ready("phalarope").await;
            let member = json!({ "do": "set_member", "user": "mia", "group": "platform",
                "role": "reporter" });
            story.gitlab.does(member);
            story.is_not_ready("phalarope", "GitLabRefused").await;
            story.delete(&manifest).await;
            story.is_gone(&manifest).await;
            assert_eq!(story.gitlab.runners(), Vec::<Value>::new());
            let told = story.tells_once("phalarope", "RunnerRemoved").await;
            assert!(told.contains("by its own token"), "{told}");
        })
        .await;
}

/// An outage passes: the runner's own token is for when nobody else can remove it, and its answer says
/// less than that of the credential.
#[tokio::test(flavor = "multi_thread")]
async fn while_gitlab_is_out_of_reach_the_token_is_not_tried() {
    story("deletion-outage-token")
        .tell(async |story| {
            let manifest = runner("petrel").in_group("platform");
            let id = is_there(story, &manifest).await;
            story.the_operator_is_killed().await;
            let outage = Rule::new("GET", "/api/v4/*", Fault::Drop);
            story.gitlab.misbehaves(outage);
            story.delete(&manifest).await;
            story.the_operator_starts().await;
            story.is_not_ready("petrel", "ConnectionNotReady").await;
            assert_eq!(story.gitlab.changes_asked(), []);
            story.gitlab.recovers();
            all_is_gone(story, &manifest).await;
            let by_number = format!("/runners/{id}");
            let asked = story.gitlab.changes_asked();
            let asked: Vec<&str> = asked.iter().map(|(_, path, _)| &**path).collect();
            assert_eq!(asked, [by_number.as_str()]);
        })
        .await;
}

/// What was done is in status: the Secret is gone by then, and the object must not be stuck for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_finalizer_that_cannot_be_removed_at_once_does_not_forget_the_removal() {
    story("deletion-finalizer")
        .tell(async |story| {
            let manifest = runner("fulmar").in_group("platform");
            is_there(story, &manifest).await;
            starts_without_the_credential(story, "gitlab").await;
            story.is_not_ready("fulmar", "ConnectionNotReady").await;
            story.may_no_longer("patch", "gitlabrunners").await;
            story.delete(&manifest).await;
            until("GitLab has removed it", async || {
                let there = story.gitlab.runners();
                there.is_empty().then_some(()).ok_or(format!("{there:?}"))
            })
            .await;
            story.is_gone(&secret("fulmar-runner-token")).await;
            story.rights_are_granted().await;
            all_is_gone(story, &manifest).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_let_go_silently_when_no_token_is_left() {
    story("deletion-blocked")
        .tell(async |story| {
            let id = is_there(story, &runner("whimbrel")).await;
            story.the_operator_is_killed().await;
            story.delete(&secret("gitlab-credential")).await;
            story.delete(&secret("whimbrel-runner-token")).await;
            story.the_operator_starts().await;
            story.is_not_ready("whimbrel", "ConnectionNotReady").await;
            story.delete(&runner("whimbrel")).await;
            let message = until("it says why it stays", async || {
                let runner: GitLabRunner = story.get("whimbrel").await.unwrap();
                let ready = condition(&runner, "Ready").unwrap();
                let blocked = ready.reason == "DeletionBlocked";
                blocked.then_some(ready.message).ok_or(ready.reason)
            })
            .await;
            let why = "GitLabConnection gitlab is not ready: there is no Secret gitlab-credential";
            let named = message.contains(&format!("runner {id} is still in GitLab: {why}"));
            assert!(
                named && message.contains("set spec.deletionPolicy"),
                "{message}"
            );
            story.tells_once("whimbrel", "DeletionBlocked").await;
            story.operator().has_warned("DeletionBlocked").await;
            assert_eq!(story.gitlab.only_runner()["id"], id);
            // A credential that works is enough to go on.
            story
                .apply(&secret("gitlab-credential").holding("pat", token::SPARE))
                .await;
            all_is_gone(story, &runner("whimbrel")).await;
        })
        .await;
}
