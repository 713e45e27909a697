//! What the same takes without an operator: kubectl alone, or a bare loop of the least calls.
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::Resource;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Bench;
use super::figure::{Figure, number, spread};
use super::scenarios::{COLD, DELETE, PACED};
use super::world::World;
use crate::harness::token;

/// How many objects the loop has under way at once.
pub(super) const AT_ONCE: usize = 32;

/// How many objects are made one after another.
const ONE_BY_ONE: usize = 50;

/// How many entries a page of GitLab's lists has at most.
const PAGE: usize = 100;

/// The calls for all objects, many at once.
pub(super) async fn cold(bench: &Bench) -> Vec<Figure> {
    let world = World::empty(&bench.stage, bench.options.latency).await;
    let count = bench.options.runners;
    world.kubectl_creates("floor", count, "gitlab").await;
    let calls = Calls::new(&world);
    let begin = Instant::now();
    let names = (0..count).map(|at| format!("floor-{at:05}"));
    stream::iter(names)
        .for_each_concurrent(AT_ONCE, async |name| calls.register(&name).await)
        .await;
    vec![Figure::seconds(COLD, begin.elapsed())]
}

/// The calls for one object, one object after another.
pub(super) async fn paced(bench: &Bench) -> Vec<Figure> {
    let world = World::empty(&bench.stage, bench.options.latency).await;
    let count = bench.options.runners.min(ONE_BY_ONE);
    world.kubectl_creates("floor", count, "gitlab").await;
    let calls = Calls::new(&world);
    let mut took = Vec::new();
    for at in 0..count {
        let begin = Instant::now();
        calls.register(&format!("floor-{at:05}")).await;
        took.push(begin.elapsed());
    }
    spread(PACED, &took)
}

/// kubectl alone, with objects that no finalizer keeps.
pub(super) async fn delete(bench: &Bench) -> Vec<Figure> {
    let world = World::empty(&bench.stage, 0).await;
    let count = bench.options.runners;
    world.kubectl_creates("floor", count, "gitlab").await;
    let all_there = world
        .observer
        .until("all are there", super::world::LIMIT, |tally| {
            tally.live == count
        });
    all_there.await;
    let begin = Instant::now();
    world.kubectl_deletes_all().await;
    vec![Figure::seconds(DELETE, world.are_gone().await - begin)]
}

/// One read of the group's list each minute, in pages as large as they may be.
pub(super) async fn idle(bench: &Bench) -> Vec<Figure> {
    let world = World::empty(&bench.stage, 0).await;
    let calls = Calls::new(&world);
    let all = stream::iter(0..bench.options.runners);
    all.for_each_concurrent(AT_ONCE, async |at| {
        calls.post(&format!("floor-{at:05}")).await;
    })
    .await;
    let before = world.gitlab.requests().len();
    for page in 1.. {
        if calls.page(page).await < PAGE {
            break;
        }
    }
    let pages = world.gitlab.requests().len() - before;
    let hourly = number(pages) * 60.0;
    vec![Figure::new(super::idle::REQUESTS, "/h", hourly)]
}

/// Whoever makes the calls.
struct Calls<'a> {
    world: &'a World<'a>,
    client: reqwest::Client,
}

impl<'a> Calls<'a> {
    fn new(world: &'a World<'a>) -> Self {
        let client = reqwest::Client::builder().no_proxy();
        let client = client.timeout(Duration::from_mins(1)).build().unwrap();
        Self { world, client }
    }

    /// The least that a runner costs that is never made twice: finalizer, intent, registration, token,
    /// outcome and an event.
    async fn register(&self, name: &str) {
        let runners = self.world.api::<GitLabRunner>();
        let params = PatchParams::default();
        let finalizer = json!({ "metadata": { "finalizers": ["gitlab-registrar.dev/floor"] } });
        let finalizer = Patch::Merge(finalizer);
        let object = runners.patch(name, &params, &finalizer).await.unwrap();
        let status = |generation: i64| {
            Patch::Merge(json!({ "status": { "observedGeneration": generation } }))
        };
        let (intent, outcome) = (status(1), status(2));
        let intent = runners.patch_status(name, &params, &intent);
        intent.await.unwrap();
        let made = self.post(name).await;
        let secret = json!({
            "metadata": { "name": format!("{name}-runner-token") },
            "stringData": { "runner-token": made["token"], "runner-id": made["id"].to_string() },
        });
        let secret: Secret = serde_json::from_value(secret).unwrap();
        let secrets = self.world.api::<Secret>();
        let params_of_post = PostParams::default();
        secrets.create(&params_of_post, &secret).await.unwrap();
        let outcome = runners.patch_status(name, &params, &outcome);
        outcome.await.unwrap();
        let event = event(name, &object);
        let events = self.world.api::<Event>();
        events.create(&params_of_post, &event).await.unwrap();
    }

    /// Registers a runner in GitLab.
    async fn post(&self, name: &str) -> Value {
        let url = format!("{}/api/v4/user/runners", self.world.gitlab.url());
        let body = json!({
            "runner_type": "group_type",
            "group_id": 3001,
            "description": name,
            "tag_list": ["bench"],
        });
        let request = self.client.post(url).header("private-token", token::ADMIN);
        let request = request.header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// How many runners a page of the group's list has.
    async fn page(&self, page: usize) -> usize {
        let gitlab = self.world.gitlab.url();
        let url = format!("{gitlab}/api/v4/groups/3001/runners?per_page={PAGE}&page={page}");
        let request = self.client.get(url).header("private-token", token::ADMIN);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let listed: Vec<Value> = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        listed.len()
    }
}

fn event(name: &str, object: &GitLabRunner) -> Event {
    let event = json!({
        "metadata": { "name": format!("{name}-registered") },
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "gitlab-registrar.dev/floor",
        "reportingInstance": "floor",
        "action": "Register",
        "reason": "Registered",
        "type": "Normal",
        "regarding": object.object_ref(&()),
    });
    serde_json::from_value(event).unwrap()
}
