//! What sweeps by GraphQL show of the processes of runners.
use gitlab_runner_registrar::gitlab::{Insight, Managers, Row, Scope, Way};
use gitlab_sim::{Fault, Options, Rule, Server};
use jiff::SignedDuration;
use serde_json::json;

use super::super::{TOKEN, client, endpoint};

async fn gitlab(version: &str) -> Server {
    let seed = format!(
        "
settings: {{ version: '{version}' }}
users:
  - {{ username: root, admin: true, tokens: [{{ token: {TOKEN}, scopes: [api] }}] }}
groups:
  - {{ path: platform, id: 31 }}
projects:
  - {{ path: platform/docs, id: 42 }}
runners:
  - {{ id: 1, type: instance_type }}
  - {{ id: 2, type: instance_type }}
"
    );
    let sim = Server::start(seed.as_str(), Options::default());
    sim.await.unwrap()
}

async fn insights(sim: &Server) -> Vec<Insight> {
    let client = client(&endpoint(sim.url()));
    let mut insights = Vec::new();
    let swept = client.sweep(Scope::Instance, None, Way::GraphQl, |page| {
        insights.extend(page.into_iter().map(|row| match row {
            Row::Whole(runner, _) => runner.insight,
            Row::Listed(listed) => panic!("{listed:?}"),
        }));
    });
    assert!(swept.await.unwrap().complete);
    insights
}

fn calls(sim: &Server, system_id: &str, version: &str, platform: &str) {
    sim.command_json(json!({ "do": "contact", "runner": 1, "manager": {
        "system_id": system_id, "version": version, "platform": platform } }))
        .unwrap();
}

#[tokio::test]
async fn processes_are_counted_by_their_contact_and_told_by_version_and_platform() {
    for version in ["15.11", "16.10", "17", "18.2", "19"] {
        let sim = gitlab(version).await;
        calls(&sim, "s_a", "17.0.0", "linux");
        sim.advance(SignedDuration::from_hours(3)).unwrap();
        calls(&sim, "s_b", "18.1.0", "linux");
        calls(&sim, "s_c", "18.2.0", "darwin");
        let managers = Managers {
            total: 3,
            online: 2,
            versions: ["18.1.0", "18.2.0"].map(str::to_owned).into(),
            platforms: ["darwin", "linux"].map(str::to_owned).into(),
        };
        let insight = Insight {
            at_work: Some(false),
            managers: Some(managers.clone()),
        };
        // Nobody has contacted the second one.
        let expected = [insight, Insight::default()];
        assert_eq!(insights(&sim).await, expected, "{version}");
        sim.command_json(json!({ "do": "queue_job", "project": "platform/docs" }))
            .unwrap();
        let manager = json!({ "system_id": "s_c", "version": "18.2.0", "platform": "darwin" });
        sim.command_json(json!({ "do": "take_job", "runner": 1, "manager": manager }))
            .unwrap();
        let at_work = Insight {
            at_work: Some(true),
            managers: Some(managers),
        };
        assert_eq!(insights(&sim).await[0], at_work, "{version}");
    }
}

/// Its GraphQL knows runners and not their processes: it refuses the query once, and is asked for less.
#[tokio::test]
async fn a_release_that_does_not_know_them_is_swept_all_the_same() {
    let sim = gitlab("15.2").await;
    let client = client(&endpoint(sim.url()));
    for requests in [2, 1] {
        let before = sim.requests().len();
        let swept = client.sweep(Scope::Instance, None, Way::GraphQl, |_| {});
        assert!(swept.await.unwrap().complete);
        assert_eq!(sim.requests().len() - before, requests);
    }
}

/// One that refuses for another reason is asked for all of it the next time.
#[tokio::test]
async fn a_refusal_that_passes_hides_nothing_for_good() {
    let sim = gitlab("19").await;
    calls(&sim, "s_a", "18.2.0", "linux");
    let refusal = json!({ "data": null, "errors": [{ "message": "Timeout" }] });
    let rule = Rule::new("POST", "/api/graphql", Fault::reply(200, refusal));
    sim.fault(rule.times(1)).unwrap();
    let client = client(&endpoint(sim.url()));
    let refused = client.sweep(Scope::Instance, None, Way::GraphQl, |_| {});
    assert!(refused.await.is_err());
    assert_eq!(sim.requests().len(), 1);
    let mut seen = Vec::new();
    let swept = client.sweep(Scope::Instance, None, Way::GraphQl, |page| {
        seen.extend(page);
    });
    assert!(swept.await.unwrap().complete);
    let Row::Whole(runner, _) = &seen[0] else {
        panic!("{seen:?}");
    };
    assert!(runner.insight.managers.is_some());
}
