//! What it costs that nobody does anything.
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Bench;
use super::figure::{Figure, Measured, number};
use super::page;
use super::process;
use super::world::World;

pub(super) const REQUESTS: &str = "idle, resync 1m: GitLab requests";

/// After a first round, so that everything that creation left to do is done.
const ROUND: Duration = Duration::from_mins(1);

pub(super) async fn measure(bench: &Bench<'_>) -> Measured {
    let world = World::settled(bench, Some("1m")).await;
    sleep(ROUND).await;
    let (begin, since) = (Instant::now(), world.now().await);
    let worked = process::processor_time(world.pid());
    sleep(bench.options.idle()).await;
    let worked = process::processor_time(world.pid()).saturating_sub(worked);
    let took = begin.elapsed().as_secs_f64();
    let memory = process::memory(world.pid());
    let counts = world.counts(since).await;
    let name = &bench.subject.name;
    page::line(&format!(
        "asked for in {took:.0} s of idleness by {name}:{}",
        counts.told()
    ));
    let hourly = |count: usize| number(count) / took * 3600.0;
    let minutely = worked.as_secs_f64() / took * 60.0;
    let (writes, looks) = (counts.writes.len(), counts.looks.len());
    Measured::figures(vec![
        Figure::new(REQUESTS, "/h", hourly(counts.requests())),
        Figure::new("idle, resync 1m: Kubernetes writes", "/h", hourly(writes)),
        Figure::new("idle, resync 1m: Kubernetes reads", "/h", hourly(looks)),
        Figure::new("idle, resync 1m: processor time", "s/min", minutely),
        Figure::new("idle, resync 1m: memory", "MiB", memory),
    ])
}
