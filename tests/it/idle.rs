//! What nobody changes costs the API server no write.
use std::collections::BTreeMap;

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use kube::api::ListParams;

use crate::harness::{Story, condition, runner, story, until};

const FLEET: usize = 100;
/// How many times each runner is looked at in GitLab while we count.
const SWEEPS: usize = 3;

async fn fleet_is_ready(story: &Story<'_>) {
    until("the whole fleet is ready", async || {
        let all = story
            .api::<GitLabRunner>()
            .list(&ListParams::default())
            .await
            .unwrap();
        let ready = |runner: &&GitLabRunner| is_ready(runner);
        match all.items.iter().filter(ready).count() {
            FLEET => Ok(()),
            some => Err(format!("{some} of {FLEET}")),
        }
    })
    .await;
}

fn is_ready(runner: &GitLabRunner) -> bool {
    condition(runner, "Ready").is_some_and(|ready| ready.status == "True")
}

/// How often GitLab was asked about each runner, since the last clearing.
fn looks(story: &Story<'_>) -> BTreeMap<String, usize> {
    let mut looks = BTreeMap::new();
    for asked in story.gitlab.requests() {
        if asked.method == "GET" && asked.path.starts_with("/api/v4/runners/") {
            *looks.entry(asked.path).or_default() += 1;
        }
    }
    looks
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_ready_runners_cause_no_write() {
    story("idle")
        .resyncing_every("4s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            for number in 0..FLEET {
                story
                    .apply(&runner(&format!("idler-{number}")).tagged(["idle"]))
                    .await;
            }
            fleet_is_ready(story).await;
            assert_eq!(story.gitlab.runners().len(), FLEET);
            // Being ready comes before the last event about it.
            let mut mark = story.stage.plane.audit_settled().await.unwrap();
            story.gitlab.clear_requests();
            until("everybody was looked at once more", async || {
                let looks = looks(story);
                if looks.len() == FLEET {
                    Ok(())
                } else {
                    Err(format!("{} of them", looks.len()))
                }
            })
            .await;
            (_, mark) = story.stage.plane.audit_since(mark).unwrap();
            story.gitlab.clear_requests();
            until("everybody was looked at three times", async || {
                let looks = looks(story);
                let least = looks.values().copied().min().unwrap_or_default();
                if looks.len() == FLEET && least >= SWEEPS {
                    Ok(())
                } else {
                    Err(format!("{} of them, {least} times", looks.len()))
                }
            })
            .await;
            assert_eq!(story.gitlab.changes_asked(), [], "GitLab was only read");
            story.stage.plane.audit_settled().await.unwrap();
            let (events, _) = story.stage.plane.audit_since(mark).unwrap();
            let ours = events
                .iter()
                .filter(|event| event.service_account() == Some(story.account()));
            let (writes, reads): (Vec<_>, Vec<_>) = ours
                .filter(|event| event.is_complete())
                .partition(|event| event.is_write());
            assert!(
                !reads.is_empty(),
                "the audit log knows the operator by another name"
            );
            assert!(writes.is_empty(), "{writes:#?}");
        })
        .await;
}
