//! `registrar orphans`: runners that nobody looks after any more.
use gitlab_sim::Fault;
use serde_json::{Value, json};

use super::plan::in_the_cluster;
use crate::harness::{Story, runner, story};

/// The numbers of the runners in a list.
fn numbers(orphans: &Value) -> Vec<i64> {
    let orphans = orphans["orphans"].as_array().unwrap().iter();
    orphans
        .map(|orphan| orphan["id"].as_i64().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn runners_whose_objects_are_gone_are_told_and_removed() {
    story("fleet-orphans")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            for name in ["smew", "teal", "pochard"] {
                story.apply(&runner(name).orphaned()).await;
                story.is_ready(name).await;
            }
            let id = |object: Option<gitlab_runner_registrar::api::v1alpha1::GitLabRunner>| {
                object.unwrap().status.unwrap().runner.unwrap().id
            };
            let teal = id(story.get("teal").await);
            let pochard = id(story.get("pochard").await);
            let stranger = json!({
                "do": "edit_runner", "runner": pochard,
                "set": { "maintenance_note": "[gitlab-registrar.dev/elsewhere/123e4567/19a]" },
            });
            let orphans = [
                "orphans",
                "--connection=gitlab",
                "--allow-http",
                "--instance",
                "-o",
                "json",
            ];
            let found = in_the_cluster(story, &orphans).await.json(0);
            assert_eq!(numbers(&found), [0; 0]);

            for name in ["teal", "pochard"] {
                story.delete(&runner(name)).await;
                story.is_gone(&runner(name)).await;
            }
            let found = in_the_cluster(story, &orphans).await.json(2);
            assert_eq!(numbers(&found), [teal, pochard], "{found:#}");
            // Of one that may not be read nobody knows.
            let path = format!("/api/v4/runners/{pochard}");
            let no = Fault::reply(403, json!({ "message": "403 Forbidden" }));
            story.gitlab.answers("GET", &path, no);
            let found = in_the_cluster(story, &orphans).await.json(2);
            assert_eq!(numbers(&found), [teal], "{found:#}");
            assert_eq!(found["unread"][0]["id"], pochard, "{found:#}");
            story.gitlab.clear_faults();
            // One of another cluster is none of ours, and one that is in use stays.
            story.gitlab.does(stranger);
            story
                .gitlab
                .does(json!({ "do": "contact", "runner": teal }));
            let ran = in_the_cluster(story, &orphans).await;
            assert!(
                ran.err.contains("1 runners carry marks of other clusters"),
                "{}",
                ran.err
            );
            assert_eq!(numbers(&ran.json(2)), [teal]);
            stays_where_its_cluster_is_not_proven(story, &orphans, pochard).await;
            let delete = [&orphans[..], &["--delete", "--yes"]].concat();
            let ran = in_the_cluster(story, &delete).await;
            assert!(
                ran.err.contains("1 runners are in use, and stay"),
                "{}",
                ran.err
            );
            ran.ended(2);

            story
                .gitlab
                .advance(jiff::SignedDuration::from_hours(3))
                .unwrap();
            let unasked = [&orphans[..], &["--delete"]].concat();
            let said = in_the_cluster(story, &unasked).await.failed();
            assert!(said.contains("--yes removes 1 runners"), "{said}");
            assert!(story.gitlab.runner(teal).is_some());
            let ran = in_the_cluster(story, &delete).await;
            assert!(
                ran.err.contains(&format!("removed runner {teal}")),
                "{}",
                ran.err
            );
            ran.ended(0);
            assert!(story.gitlab.runner(teal).is_none());
            assert_eq!(story.gitlab.runners().len(), 2);
            story.is_ready("smew").await;
        })
        .await;
}

/// Another cluster's runners are orphans to whoever types its id.
async fn stays_where_its_cluster_is_not_proven(story: &Story<'_>, orphans: &[&str], stranger: i64) {
    for (id, told) in [
        ("elsewhere", "see to it that --cluster-id"),
        ("unnamed", "Remove such runners in GitLab"),
    ] {
        let flag = format!("--cluster-id={id}");
        let delete = [orphans, &[&*flag, "--delete", "--yes"]].concat();
        let said = in_the_cluster(story, &delete).await.failed();
        assert!(said.contains(told), "{said}");
    }
    assert!(story.gitlab.runner(stranger).is_some());
}
