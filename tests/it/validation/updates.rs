//! What may be changed of an object that is there.
use serde_json::json;

use super::{holds, rule};
use crate::harness::{runner, story, token};

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_is_of_one_kind_once_there_is_a_runner() {
    let words = "scope cannot become of another kind once the runner is registered: GitLab cannot \
                 move a runner; make a new GitLabRunner instead";
    story("validation-scope-kept")
        .tell(async |story| {
            story.connects("gitlab", token::ADMIN).await;
            let there = runner("fulmar").in_group("platform");
            story.apply(&there).await;
            story.is_ready("fulmar").await;
            let by_number = json!({ "group": { "id": 3001 } });
            let rules = vec![rule(
                there.clone().with("scope", by_number),
                there.clone().in_project("a/b"),
                words,
            )];
            holds(story, rules).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_kept_once_there_is_a_runner() {
    let words = "connectionRef cannot change once the runner is registered: set deletionPolicy to \
                 Orphan in the same change to leave the old runner behind in GitLab, or make a new \
                 GitLabRunner";
    story("validation-connection-kept")
        .tell(async |story| {
            // Without a runner there is nothing to lose.
            story.apply(&runner("godwit").through("mistyped")).await;
            story.is_not_ready("godwit", "ConnectionNotFound").await;
            story.connects("gitlab", token::ADMIN).await;
            story.apply(&runner("godwit")).await;
            story.is_ready("godwit").await;
            let other = runner("godwit").through("another");
            let kind = runner("godwit").with("connectionRef.kind", "ClusterGitLabConnection");
            let rules = vec![
                rule(other.clone().orphaned(), other, words),
                rule(kind.clone().orphaned(), kind, words),
            ];
            holds(story, rules).await;
        })
        .await;
}
