//! What may be changed of an object that is there.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use serde_json::json;

use super::{holds, rule};
use crate::harness::{Story, runner, story, token, until};

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
    let words = "connectionRef cannot change once the runner is registered: set deletionPolicy to Orphan \
                 in the same change, after which the runner stays where it is";
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

/// Before tags were a set, a manifest could name one twice.
#[tokio::test(flavor = "multi_thread")]
async fn tags_that_were_stored_twice_stay_readable() {
    const LIST_TYPE: &str = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/tags/x-kubernetes-list-type";
    story("validation-tags-twice")
        .without_an_operator()
        .on_a_stage_of_its_own()
        .tell(async |story| {
            let becomes = async |story: &Story<'_>, list_type: &str| {
                let patch = json!([{ "op": "replace", "path": LIST_TYPE, "value": list_type }]);
                let crd = "gitlabrunners.gitlab-registrar.dev";
                let args = [
                    "patch",
                    "crd",
                    crd,
                    "--type=json",
                    "--patch",
                    &patch.to_string(),
                ];
                story.kubectl(&args).await;
            };
            let twice = runner("knot").tagged(["a", "b", "a"]);
            becomes(story, "atomic").await;
            until("a tag can be named twice", async || {
                story.try_apply(&twice).await
            })
            .await;
            becomes(story, "set").await;
            let refused = until("no tag can be named twice", async || {
                match story.would_apply(&twice).await {
                    Ok(()) => Err("it can".to_owned()),
                    Err(refusal) => Ok(refusal),
                }
            });
            let refusal = refused.await;
            assert!(refusal.contains("duplicate entries for key"), "{refusal}");

            story.the_operator_starts().await;
            story.is_connected_to_gitlab().await;
            story.is_ready("knot").await;
            assert_eq!(story.gitlab.only_runner()["tag_list"], json!(["a", "b"]));
            let stored: Option<GitLabRunner> = story.get("knot").await;
            let tags = stored.unwrap().spec.tags.unwrap();
            assert_eq!(tags, ["a", "b", "a"]);
            story.apply(&twice.tagged(["a", "b", "c"])).await;
            story.is_ready("knot").await;
            assert_eq!(
                story.gitlab.only_runner()["tag_list"],
                json!(["a", "b", "c"])
            );
        })
        .await;
}
