//! `registrar verify` and `registrar registration-token reset`.
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;

use super::plan::in_the_cluster;
use crate::harness::{runner, story, text_of};
use crate::registration::tokens_are_allowed;

const HTTP: &str = "--allow-http";

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_verified_by_hand() {
    story("fleet-verify")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            story.apply(&runner("smew")).await;
            let id = story.is_registered("smew").await;
            let token = story.token_in("smew-runner-token").await;
            let ran = in_the_cluster(story, &["verify", "smew", HTTP]).await;
            assert!(!ran.out.contains(&token) && !ran.err.contains(&token));
            let told = ran.ended(0);
            let expected = format!("smew: GitLab takes the token of runner {id} in the Secret");
            assert!(told.starts_with(&expected), "{told}");
            // A connection of the object's own is what it goes by, also after a loss.
            story.the_operator_is_killed().await;
            story
                .gitlab
                .does(json!({ "do": "reset_runner_token", "runner": id }));
            let ran = in_the_cluster(story, &["verify", "smew", HTTP]).await;
            assert!(
                ran.err.contains("GitLab does not take the token"),
                "{}",
                ran.err
            );
            ran.ended(2);
            for (args, told) in [
                (
                    &["verify", "nobody", HTTP][..],
                    "could not read the GitLabRunner nobody",
                ),
                (&["verify", "smew"], "http"),
                (&["verify"], "required"),
            ] {
                let said = in_the_cluster(story, args).await.failed();
                assert!(said.contains(told), "{said}");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_registration_token_goes_into_a_secret() {
    story("fleet-registration-token")
        .tell(async |story| {
            tokens_are_allowed(story, "19");
            story.is_connected_to_gitlab().await;
            let by = |of: &[&'static str]| {
                let all = [
                    &["registration-token", "reset", "--connection=gitlab", HTTP],
                    of,
                ];
                all.concat()
            };
            let kept = by(&["--group=platform", "--secret=registration"]);
            let said = in_the_cluster(story, &kept).await;
            assert!(said.err.contains("registration, key token"), "{}", said.err);
            assert_eq!(said.ended(0), "");
            let read = async || {
                let secret = story.get::<Secret>("registration").await.unwrap();
                text_of(&secret, "token")
            };
            let first = read().await;
            let ran = in_the_cluster(story, &kept).await;
            assert!(!ran.out.contains(&first) && !ran.err.contains(&first));
            ran.ended(0);
            let second = read().await;
            assert_ne!(first, second);
            // What stands under other keys is somebody's.
            let other = by(&["--instance", "--secret=registration", "--key=other"]);
            in_the_cluster(story, &other).await.ended(0);
            assert_eq!(read().await, second);
            // Without a Secret it is what the command is asked for.
            let printed = in_the_cluster(story, &by(&["--group=platform"]))
                .await
                .ended(0);
            assert_ne!(printed.trim(), second);
            let again = in_the_cluster(story, &by(&["--instance"])).await.ended(0);
            assert!(again.trim().len() > 10, "{again}");
            for (of, told) in [
                (&["--group=platfrom"][..], "knows no group"),
                (&["--project=platform/nothing"], "knows no project"),
                (&["--group=platform", "--instance"], "cannot be used with"),
                (&[], "required"),
            ] {
                let said = in_the_cluster(story, &by(of)).await.failed();
                assert!(said.contains(told), "{said}");
            }
        })
        .await;
}
