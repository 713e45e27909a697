//! What an outage costs whoever has many runners: one alarm, on the connection; and one for each
//! runner only when it lasts.
use std::collections::BTreeMap;

use control_plane::{AuditEvent, AuditMark};
use gitlab_runner_registrar::api::v1alpha1::{GitLabConnection, GitLabRunner};
use gitlab_sim::{Fault, Rule};
use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use serde_json::json;

use crate::harness::{Story, runner, says, story, until};

const FLEET: usize = 20;

async fn fleet_says(story: &Story<'_>, truth: &str, reason: &str) {
    until(&format!("the whole fleet: {truth}, {reason}"), async || {
        let api = story.api::<GitLabRunner>();
        let all = api.list(&ListParams::default()).await.unwrap().items;
        let so = |runner: &&GitLabRunner| says(runner, "Ready", truth, reason);
        match all.iter().filter(so).count() {
            FLEET => Ok(()),
            some => Err(format!("{some} of {FLEET}")),
        }
    })
    .await;
}

/// What the operator has written since then, by resource, and how often.
async fn written(story: &Story<'_>, since: AuditMark) -> BTreeMap<String, usize> {
    story.stage.plane.audit_settled().await.unwrap();
    let (events, _) = story.stage.plane.audit_since(since).unwrap();
    let ours = |event: &&AuditEvent| {
        event.service_account() == Some(story.account()) && event.is_complete() && event.is_write()
    };
    let mut written = BTreeMap::new();
    for event in events.iter().filter(ours) {
        *written.entry(event.resource.clone()).or_default() += 1;
    }
    written
}

/// How many events there are about runners.
async fn alarms(story: &Story<'_>) -> usize {
    let all = story.api::<Event>().list(&ListParams::default()).await;
    let about = |event: &&Event| {
        let kind = event.regarding.as_ref().and_then(|it| it.kind.as_deref());
        kind == Some("GitLabRunner") && event.type_.as_deref() == Some("Warning")
    };
    all.unwrap().items.iter().filter(about).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_once_by_the_connection_and_by_its_runners_only_if_it_lasts() {
    story("outages-fleet")
        .resyncing_every("4s")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            for number in 0..FLEET {
                story.apply(&runner(&format!("knot-{number}"))).await;
            }
            fleet_says(story, "True", "Succeeded").await;
            until("the connection says how it looks at them", async || {
                let connection = story.get::<GitLabConnection>("gitlab").await.unwrap();
                let status = connection.status.unwrap_or_default();
                status.looking.map(drop).ok_or("nothing yet".to_owned())
            })
            .await;
            let mark = story.stage.plane.audit_settled().await.unwrap();
            let down = Fault::reply(502, json!({ "message": "502 Bad Gateway" }));
            story.gitlab.misbehaves(Rule::always(down.clone()));
            story
                .connection_says("gitlab", "Ready", "False", "Unreachable")
                .await;
            story.gitlab.recovers();
            story.is_connected("gitlab").await;
            story.gitlab.clear_requests();
            until("every runner was looked at after it", async || {
                let asked = story.gitlab.requests();
                let mut sweeps = asked.iter().filter(|asked| asked.path == "/api/graphql");
                // The first may have begun before.
                sweeps.nth(1).map(drop).ok_or("no two sweeps".to_owned())
            })
            .await;
            fleet_says(story, "True", "Succeeded").await;
            let written = written(story, mark).await;
            assert_eq!(written.get("gitlabrunners"), None, "{written:?}");
            assert_eq!(written.get("gitlabconnections"), Some(&2), "{written:?}");
            assert_eq!(alarms(story).await, 0);

            let mark = story.stage.plane.audit_settled().await.unwrap();
            story.gitlab.misbehaves(Rule::always(down));
            fleet_says(story, "Unknown", "ConnectionNotReady").await;
            let told = self::written(story, mark).await;
            assert_eq!(told.get("gitlabrunners"), Some(&FLEET), "{told:?}");
            assert_eq!(alarms(story).await, FLEET);
            story.gitlab.recovers();
            fleet_says(story, "True", "Succeeded").await;
        })
        .await;
}

/// Nobody else asks a GitLab that is away.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_in_an_outage_sleeps_until_it_is_over() {
    story("outages-deletion")
        .tell(async |story| {
            story.is_connected_to_gitlab().await;
            let names: Vec<String> = (0..5).map(|number| format!("dunlin-{number}")).collect();
            for name in &names {
                story.apply(&runner(name)).await;
                story.is_ready(name).await;
            }
            let down = Fault::reply(502, json!({ "message": "502 Bad Gateway" }));
            story.gitlab.misbehaves(Rule::always(down));
            // So that it is looked at now.
            story.apply(&runner(&names[0]).tagged(["changed"])).await;
            story
                .connection_says("gitlab", "Ready", "False", "Unreachable")
                .await;
            story.gitlab.clear_requests();
            for name in &names {
                story.delete(&runner(name)).await;
                story.is_not_ready(name, "ConnectionNotReady").await;
            }
            let asked = story.gitlab.asked();
            let of_runners = asked.iter().filter(|asked| asked.contains("/runners"));
            assert_eq!(of_runners.count(), 0, "{asked:#?}");
            story.gitlab.recovers();
            for name in &names {
                story.is_gone(&runner(name)).await;
            }
            assert_eq!(story.gitlab.runners().len(), 0);
        })
        .await;
}
