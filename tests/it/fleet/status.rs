//! `registrar status` and `registrar check`.
use gitlab_runner_registrar::api::v1alpha1::GitLabConnection;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::plan::in_the_cluster;
use super::{TOKEN, asks, fleet, registrar};
use crate::harness::{runner, story, token};

#[tokio::test(flavor = "multi_thread")]
async fn connections_and_runners_are_shown_and_what_is_not_ready_is_found() {
    story("fleet-status")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("smew")).await;
            story.is_ready("smew").await;
            let ran = in_the_cluster(story, &["status"]).await;
            assert!(ran.err.contains("2 of 2 objects are ready"), "{}", ran.err);
            let told = ran.ended(0);
            assert!(
                told.contains("GitLabConnection  fleet-status/gitlab  True"),
                "{told}"
            );
            assert!(told.contains("never_contacted"), "{told}");

            story.apply(&runner("teal").through("nothing")).await;
            story.is_not_ready("teal", "ConnectionNotFound").await;
            let found = in_the_cluster(story, &["status", "--not-ready", "-o", "json"]).await;
            let found: Value = found.json(2);
            assert_eq!(found["connections"], serde_json::json!([]));
            assert_eq!(found["runners"][0]["name"], "teal", "{found:#}");
            assert_eq!(found["runners"][0]["reason"], "ConnectionNotFound");
        })
        .await;
}

/// The rows of a check, each as `check result`.
fn rows(checked: &Value) -> Vec<String> {
    let rows = checked.as_array().unwrap().iter();
    let words = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        format!("{} {}", text("check"), text("result"))
    };
    rows.map(words).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_checked_without_a_cluster() {
    let sim = fleet("19", 1, "").await;
    let check = ["check", "-o", "json"];
    let checked = asks(&sim, &check).await.json(0);
    let all_well = ["gitlab ok", "token ok", "scopes ok", "clock ok"];
    assert_eq!(rows(&checked), all_well, "{checked:#}");
    sim.advance(jiff::SignedDuration::from_mins(5)).unwrap();
    let checked = asks(&sim, &check).await.json(2);
    assert_eq!(rows(&checked)[3], "clock problem", "{checked:#}");
    let message = checked[3]["message"].as_str().unwrap();
    assert!(
        message.contains("clock and GitLab's differ by"),
        "{message}"
    );
    sim.command_json(serde_json::json!({ "do": "revoke_token", "token": TOKEN }))
        .unwrap();
    let checked = asks(&sim, &check).await.json(2);
    assert_eq!(rows(&checked), ["gitlab problem"]);
    assert!(
        checked[0]["message"].as_str().unwrap().contains("revoked"),
        "{checked:#}"
    );
    // For a person, and one who has typed nothing at all.
    let told = asks(&sim, &["check"]).await.ended(2);
    assert!(told.starts_with("CHECK   RESULT   MESSAGE\n"), "{told}");
    let said = registrar(&["check"], &[]).await.failed();
    assert!(said.contains("--gitlab-url"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_small_token_and_a_role_without_rights_lack_is_named() {
    story("fleet-check")
        .tell(async |story| {
            story.connects("gitlab", token::NARROW).await;
            story.is_connected("gitlab").await;
            let account = format!("--service-account={}/registrar", story.namespace);
            let check = [
                "check",
                "--connection=gitlab",
                "--allow-http",
                &*account,
                "-o",
                "json",
            ];
            let checked = in_the_cluster(story, &check).await.json(0);
            let told = checked.to_string();
            assert!(told.contains("not: Assign further projects"), "{told}");
            assert!(!told.contains("not: Register a runner"), "{told}");
            assert!(
                told.contains("may do all it must in the namespace fleet-check"),
                "{told}"
            );
            story.may_no_longer("patch", "gitlabrunners").await;
            let checked = in_the_cluster(story, &check).await.json(2);
            let told = checked.to_string();
            assert!(
                told.contains("may not, in the namespace fleet-check: patch gitlabrunners"),
                "{told}"
            );
            story.rights_are_granted().await;
            let cluster = [&check[..], &["--cluster-mode"]].concat();
            let told = in_the_cluster(story, &cluster).await.json(2).to_string();
            assert!(told.contains("list namespaces"), "{told}");
        })
        .await;
}

/// A command must not end the successor of a token that the operator has had replaced.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_must_not_be_sent_is_not_sent_by_a_command_either() {
    story("fleet-withheld")
        .without_an_operator()
        .tell(async |story| {
            story.connects("gitlab", token::ADMIN).await;
            let check = ["check", "--connection=gitlab", "--allow-http"];
            in_the_cluster(story, &check).await;
            assert!(!story.gitlab.requests().is_empty(), "it is sent at first");
            story.gitlab.clear_requests();
            // What `printf %s "$ADMIN" | sha256sum` begins with.
            let digest = "cd32a99e001bd1cd";
            let at = story.gitlab.now().to_string();
            let replaced = json!([{
                "digest": digest, "gitlabUrl": "https://the-same.example.com",
                "reason": "CredentialReplaced", "refusedAt": at,
            }]);
            let announced = json!({ "digest": digest, "process": "another", "announcedAt": at });
            for status in [
                json!({ "refusedTokens": replaced }),
                json!({ "refusedTokens": null, "credentialRotation": announced }),
            ] {
                let api = story.api::<GitLabConnection>();
                let patch = Patch::Merge(json!({ "status": status }));
                let params = PatchParams::default();
                api.patch_status("gitlab", &params, &patch).await.unwrap();
                let told = in_the_cluster(story, &check).await.ended(2);
                assert!(told.contains("is not sent"), "{told}");
                assert_eq!(story.gitlab.requests(), []);
            }
        })
        .await;
}
