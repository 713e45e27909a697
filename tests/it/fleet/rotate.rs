//! `registrar rotate`: new tokens, when somebody asks for them.
use super::plan::in_the_cluster;
use crate::harness::{runner, story};

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_replaced_when_somebody_asks_and_waits() {
    story("fleet-rotate")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            for name in ["smew", "teal"] {
                story.apply(&runner(name)).await;
                story.is_ready(name).await;
            }
            let before = story.token_in("smew-runner-token").await;
            let other = story.token_in("teal-runner-token").await;
            let ran = in_the_cluster(story, &["rotate", "smew", "--wait", "--timeout=1m"]).await;
            assert!(
                ran.err
                    .contains("asked for a new token of fleet-rotate/smew"),
                "{}",
                ran.err
            );
            ran.ended(0);
            let after = story.token_in("smew-runner-token").await;
            assert_ne!(after, before);
            assert!(story.gitlab.accepts(&after).await);
            assert_eq!(story.token_in("teal-runner-token").await, other);
            in_the_cluster(story, &["rotate", "--all", "--wait"])
                .await
                .ended(0);
            assert_ne!(story.token_in("teal-runner-token").await, other);
            for (args, told) in [
                (
                    &["rotate", "nobody"][..],
                    "could not annotate the GitLabRunner nobody",
                ),
                (&["rotate", "--selector=a=b"], "no such GitLabRunner"),
                (&["rotate"], "required"),
            ] {
                let said = in_the_cluster(story, args).await.failed();
                assert!(said.contains(told), "{said}");
            }
        })
        .await;
}
