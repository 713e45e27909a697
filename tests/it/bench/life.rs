//! Creation and deletion at kubectl's pace.
use std::time::Duration;

use tokio::time::Instant;

use super::Bench;
use super::count::Counts;
use super::figure::{Figure, Measured, distribution, number, spread};
use super::observer::Seen;
use super::page;
use super::world::{NEVER, World};

pub(super) const PACED: &str = "created at kubectl's pace: each one Ready after";
pub(super) const CREATE: &str = "all created with kubectl → all Ready";
pub(super) const DELETE: &str = "all deleted with kubectl → all gone";
pub(super) const REQUESTS: [&str; 2] = [
    "GitLab requests per runner created",
    "GitLab requests per runner deleted",
];
pub(super) const WRITES: [&str; 2] = [
    "Kubernetes writes per runner created",
    "Kubernetes writes per runner deleted",
];

/// Times and counts, and the times once more with a slow GitLab.
pub(super) async fn measure(bench: &Bench<'_>) -> Measured {
    let count = bench.options.runners;
    let life = Life::of(bench).await;
    let each = |what: &str, total: usize| Figure::new(what, "", number(total) / number(count));
    let Life {
        took,
        creation,
        created,
        numbers: _,
        deletion,
        deleted,
    } = &life;
    page::line(&format!(
        "asked for while {count} were created:{}",
        created.told()
    ));
    page::line(&format!(
        "asked for while {count} were deleted:{}",
        deleted.told()
    ));
    let mut figures = spread(PACED, took);
    figures.push(Figure::seconds(CREATE, *creation));
    figures.push(Figure::seconds(DELETE, *deletion));
    for (at, counts) in [created, deleted].into_iter().enumerate() {
        figures.push(each(REQUESTS[at], counts.requests()));
    }
    for (at, counts) in [created, deleted].into_iter().enumerate() {
        figures.push(each(WRITES[at], counts.writes.len()));
    }
    let slow = bench.options.slow_latency;
    if slow > 0 {
        let slowly = Life::of(&bench.with_latency(slow)).await;
        for (name, fast, slowly) in [
            (CREATE, creation, slowly.creation),
            (DELETE, deletion, slowly.deletion),
        ] {
            let name = format!("{name}, GitLab at {slow} ms");
            let multiple = slowly.as_secs_f64() / fast.as_secs_f64();
            let beside = format!("{name}, as a multiple of {} ms", bench.options.latency);
            figures.push(Figure::seconds(&name, slowly));
            figures.push(Figure::new(&beside, "", multiple));
        }
    }
    let curve = distribution(took);
    Measured { figures, curve }
}

/// What all runners have taken and cost from their creation to their end.
pub(super) struct Life {
    /// How long each one took to become ready.
    took: Vec<Duration>,
    creation: Duration,
    pub(super) created: Counts,
    /// The runners' numbers by the names of their objects.
    pub(super) numbers: Vec<(String, i64)>,
    deletion: Duration,
    pub(super) deleted: Counts,
}

impl Life {
    /// Creates and deletes them with kubectl, and counts when the operator has become quiet.
    pub(super) async fn of(bench: &Bench<'_>) -> Self {
        let count = bench.options.runners;
        let world = World::running(bench, NEVER).await;
        world.is_quiet().await;
        let (creation, created) = world.timed(world.is_full(count)).await;
        let seen = world.observer.seen();
        let took = seen.values().filter_map(Seen::took).collect();
        let numbers = world.numbers().await;
        let (deletion, deleted) = world.timed(world.is_emptied()).await;
        Self {
            took,
            creation,
            created,
            numbers,
            deletion,
            deleted,
        }
    }
}

impl World<'_> {
    async fn is_full(&self, count: usize) -> Instant {
        self.kubectl_creates("life", count, "gitlab").await;
        self.are_ready(count).await
    }

    async fn is_emptied(&self) -> Instant {
        self.kubectl_deletes_all().await;
        self.are_gone().await
    }

    /// How long it takes until that has come to its end, and what is asked for until it is quiet again.
    async fn timed(&self, deed: impl Future<Output = Instant>) -> (Duration, Counts) {
        let (since, begin) = (self.now().await, Instant::now());
        let took = deed.await - begin;
        self.is_quiet().await;
        (took, self.counts(since).await)
    }
}
