//! What it takes to start the operator.
use std::time::Duration;

use tokio::time::Instant;

use super::Bench;
use super::count::passes;
use super::figure::{Figure, Measured, cumulative, number};
use super::process;
use super::world::{LIMIT, NEVER, World};
use crate::harness::within;

pub(super) const COLD: &str = "operator started on new objects → all Ready";
pub(super) const RESTART: &str =
    "operator started again on objects that are Ready → first look at all done";
pub(super) const RESTART_REQUESTS: &str = "GitLab requests of that first look";

/// The time from the start of the process until the last object is ready.
pub(super) async fn cold(bench: &Bench<'_>) -> Measured {
    let count = bench.options.runners;
    let mut world = World::prepared(bench, NEVER).await;
    world.kubectl_creates("cold", count, "gitlab").await;
    let begin = Instant::now();
    world.the_operator_starts().await;
    let end = world.are_ready(count).await;
    let peak = process::peak_memory(world.pid());
    let seen = world.observer.seen();
    Measured {
        figures: vec![
            Figure::seconds(COLD, end - begin),
            Figure::new("memory at its peak in that time", "MiB", peak),
        ],
        curve: cumulative(begin, seen.values().filter_map(|one| one.ready)),
    }
}

/// The time from the start of the process until each object had a pass and GitLab was asked for the last
/// time.
pub(super) async fn restart(bench: &Bench<'_>) -> Measured {
    let count = bench.options.runners;
    let mut world = World::settled(bench, NEVER).await;
    world.is_quiet().await;
    world.the_operator_stops().await;
    let (since, begin) = (world.now().await, Instant::now());
    let started = world.gitlab.now();
    world.the_operator_starts().await;
    within(LIMIT, "each object had a pass", async || {
        let passes = passes(&world.operator().metrics().await);
        (passes >= count)
            .then_some(())
            .ok_or_else(|| format!("{passes} passes"))
    })
    .await;
    let each_had_a_pass = begin.elapsed();
    world.is_quiet().await;
    let worked = process::processor_time(world.pid());
    let counts = world.counts(since).await;
    let last = world
        .gitlab
        .requests()
        .last()
        .map_or(started, |request| request.at);
    let asked = Duration::try_from(last.duration_since(started)).unwrap_or_default();
    let answered = asked + Duration::from_millis(bench.options.latency);
    Measured::figures(vec![
        Figure::seconds(RESTART, each_had_a_pass.max(answered)),
        Figure::new(RESTART_REQUESTS, "", number(counts.requests())),
        Figure::new(
            "Kubernetes writes of that first look",
            "",
            number(counts.writes.len()),
        ),
        Figure::seconds("processor time of that start", worked),
    ])
}
