//! What nobody changes costs the API server nothing, and GitLab one request for a hundred runners.
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use kube::api::ListParams;

use crate::harness::{Story, condition, runner, story, until};

const FLEET: usize = 120;
/// As many pages as a sweep of them has.
const PAGES: usize = 2;
/// How many times they are swept while we count.
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

/// How many pages of runners GitLab was asked for, and what else about runners, since the last clearing.
fn looks(story: &Story<'_>) -> (usize, Vec<String>) {
    let (mut pages, mut others) = (0, Vec::new());
    for asked in story.gitlab.requests() {
        if asked.path == "/api/graphql" {
            pages += 1;
        } else if asked.path.contains("/runners") {
            others.push(format!("{} {}", asked.method, asked.path));
        }
    }
    (pages, others)
}

async fn is_swept(story: &Story<'_>, times: usize) {
    story.gitlab.clear_requests();
    until(&format!("{times} sweeps"), async || {
        let (pages, _) = looks(story);
        (pages >= times * PAGES)
            .then_some(())
            .ok_or(format!("{pages} pages"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_of_ready_runners_costs_two_pages_a_sweep_and_no_write() {
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
            // Being ready comes before the last event about it. From the first sweep that has shown a
            // runner its object needs no more than that; it looks once more itself.
            is_swept(story, 4).await;
            let mark = story.stage.plane.audit_settled().await.unwrap();
            is_swept(story, SWEEPS).await;
            let (pages, others) = looks(story);
            assert!(pages <= (SWEEPS + 1) * PAGES, "{pages} pages");
            assert_eq!(others, Vec::<String>::new(), "nobody asks for one alone");
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
            let tokens = reads
                .iter()
                .filter(|event| event.name.starts_with("idler-"));
            assert_eq!(tokens.count(), 0, "no token is read");
        })
        .await;
}
