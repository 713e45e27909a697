//! Connections that have GitLab and credential in common look once for all.
use jiff::SignedDuration;

use super::{QUERY, comes_to, looks, pages};
use crate::harness::{runner, story, token};

#[tokio::test(flavor = "multi_thread")]
async fn two_connections_with_one_credential_share_a_roster() {
    story("roster-shared")
        .resyncing_every("3s")
        .tell(async |story| {
            for connection in ["gitlab", "gitlab-too"] {
                story.connects(connection, token::ADMIN).await;
                story.is_connected(connection).await;
            }
            story.apply(&runner("stint")).await;
            story.apply(&runner("ruff").through("gitlab-too")).await;
            let mut ids = Vec::new();
            for name in ["stint", "ruff"] {
                ids.push(story.is_registered(name).await);
                story.is_ready(name).await;
            }
            story.gitlab.clear_requests();
            comes_to("a sweep", 4, || pages(story)).await;
            story.gitlab.clear_requests();
            comes_to("a sweep", 4, || pages(story)).await;
            for id in ids {
                assert_eq!(looks(story, id), 0, "both are in the one list");
            }
            let asked = story.gitlab.requests();
            let at: Vec<_> = asked
                .iter()
                .filter(|asked| asked.path == QUERY)
                .map(|asked| asked.at)
                .collect();
            let apart = at.windows(2).map(|two| two[1].duration_since(two[0]));
            let least = apart.min().unwrap();
            assert!(least >= SignedDuration::from_secs(2), "{at:#?}");
        })
        .await;
}
