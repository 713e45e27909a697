//! What the same takes without an operator: kubectl alone, or a bare loop of the least calls.
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::Resource;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Bench;
use super::figure::{Figure, Measured, cumulative, distribution, number, spread};
use super::life::{CREATE, DELETE, PACED, REQUESTS, WRITES};
use super::start::{COLD, RESTART, RESTART_REQUESTS};
use super::world::{LIMIT, World};
use crate::harness::token;

/// How many objects the loop has under way at once.
pub(super) const AT_ONCE: usize = 32;

/// How many objects are made one after another.
const ONE_BY_ONE: usize = 50;

/// Finalizer, intent, Secret, outcome and event.
pub(super) const WRITES_TO_CREATE: f64 = 5.0;

/// Secret and finalizer; the deletion of the object is its user's.
pub(super) const WRITES_TO_DELETE: f64 = 2.0;

/// How many entries a page of GitLab's lists has at most.
const PAGE: usize = 100;

/// The calls for all objects, many at once.
pub(super) async fn cold(bench: &Bench<'_>) -> Measured {
    let world = World::empty(bench).await;
    let count = bench.options.runners;
    world.kubectl_creates("floor", count, "gitlab").await;
    let calls = Calls::new(&world);
    let begin = Instant::now();
    let names = (0..count).map(|at| format!("floor-{at:05}"));
    let ends = stream::iter(names).map(async |name| {
        calls.register(&name).await;
        Instant::now()
    });
    let ends: Vec<Instant> = ends.buffer_unordered(AT_ONCE).collect().await;
    let figure = Figure::seconds(COLD, begin.elapsed());
    let curve = cumulative(begin, ends);
    Measured {
        figures: vec![figure],
        curve,
    }
}

/// Both lists, each once.
pub(super) async fn restart(bench: &Bench<'_>) -> Measured {
    let world = World::empty(bench).await;
    let calls = Calls::new(&world);
    let count = bench.options.runners;
    world.kubectl_creates("floor", count, "gitlab").await;
    calls.post_all(count).await;
    let begin = Instant::now();
    let listed = world
        .objects("GitLabRunner")
        .list(&ListParams::default())
        .await;
    assert_eq!(listed.unwrap().items.len(), count);
    let pages = calls.all_pages().await;
    Measured::figures(vec![
        Figure::seconds(RESTART, begin.elapsed()),
        Figure::new(RESTART_REQUESTS, "", number(pages)),
    ])
}

/// For creation the calls for one object, one object after another; for deletion kubectl alone, with
/// objects that no finalizer keeps.
pub(super) async fn life(bench: &Bench<'_>) -> Measured {
    let world = World::empty(bench).await;
    let all = bench.options.runners;
    let some = all.min(ONE_BY_ONE);
    world.kubectl_creates("floor", some, "gitlab").await;
    let calls = Calls::new(&world);
    let mut took = Vec::new();
    for at in 0..some {
        let begin = Instant::now();
        calls.register(&format!("floor-{at:05}")).await;
        took.push(begin.elapsed());
    }
    let mut figures = spread(PACED, &took);
    let world = World::empty(bench).await;
    let begin = Instant::now();
    world.kubectl_creates("floor", all, "gitlab").await;
    let are_there = world
        .observer
        .until("all are there", LIMIT, |tally| tally.live == all);
    are_there.await;
    figures.push(Figure::seconds(CREATE, begin.elapsed()));
    let begin = Instant::now();
    world.kubectl_deletes_all().await;
    figures.push(Figure::seconds(DELETE, world.are_gone().await - begin));
    let [created, deleted] = REQUESTS;
    figures.push(Figure::new(created, "", 1.0));
    figures.push(Figure::new(deleted, "", 1.0));
    let [created, deleted] = WRITES;
    figures.push(Figure::new(created, "", WRITES_TO_CREATE));
    figures.push(Figure::new(deleted, "", WRITES_TO_DELETE));
    let curve = distribution(&took);
    Measured { figures, curve }
}

/// One read of the group's list each minute, in pages as large as they may be.
pub(super) async fn idle(bench: &Bench<'_>) -> Measured {
    let world = World::empty(&bench.with_latency(0)).await;
    let calls = Calls::new(&world);
    calls.post_all(bench.options.runners).await;
    let hourly = number(calls.all_pages().await) * 60.0;
    Measured::figures(vec![Figure::new(super::idle::REQUESTS, "/h", hourly)])
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

    /// Registers so many runners in GitLab and nowhere else.
    async fn post_all(&self, count: usize) {
        stream::iter(0..count)
            .for_each_concurrent(AT_ONCE, async |at| {
                self.post(&format!("floor-{at:05}")).await;
            })
            .await;
    }

    /// Reads the group's list; tells in how many pages.
    async fn all_pages(&self) -> usize {
        let mut pages = 1;
        while self.page(pages).await == PAGE {
            pages += 1;
        }
        pages
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
