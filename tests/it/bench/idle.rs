//! What it costs that nobody does anything.
use std::time::Duration;

use futures::future::join;
use jiff::SignedDuration;
use tokio::time::{Instant, sleep};

use super::Bench;
use super::count::Counts;
use super::figure::{Figure, Measured, number};
use super::page;
use super::process;
use super::subject::THIS_BUILD;
use super::world::{LIMIT, World};
use crate::harness::within;

pub(super) const REQUESTS: &str = "idle, resync 1m: GitLab requests";

const RESYNC: Option<&str> = Some("1m");

/// By what a sweep asks.
const SWEEP: &str = "/api/graphql";

/// Two pages of one sweep are less apart than that.
const APART: SignedDuration = SignedDuration::from_secs(10);

/// After two rounds, so that everything that creation left to do is done, and the connection has told how
/// its runners are looked at.
const ROUNDS: Duration = Duration::from_mins(2);

pub(super) async fn measure(bench: &Bench<'_>) -> Measured {
    let (usual, rest) = join(by_graphql(bench), by_rest(bench)).await;
    let hourly = |name: &str, count: usize, idle: &Idle| {
        Figure::new(name, "/h", number(count) / idle.seconds * 3600.0)
    };
    let counts = &usual.counts;
    let minutely = usual.worked.as_secs_f64() / usual.seconds * 60.0;
    let mut figures = vec![
        hourly(REQUESTS, counts.requests(), &usual),
        hourly(
            "idle, resync 1m: Kubernetes writes",
            counts.writes.len(),
            &usual,
        ),
        hourly(
            "idle, resync 1m: Kubernetes reads",
            counts.looks.len(),
            &usual,
        ),
        Figure::new("idle, resync 1m: processor time", "s/min", minutely),
        Figure::new("idle, resync 1m: memory", "MiB", usual.memory),
    ];
    if let Some(rest) = rest {
        let name = format!("{REQUESTS}, by a fine-grained token without GraphQL");
        figures.push(hourly(&name, rest.counts.requests(), &rest));
    }
    Measured::figures(figures)
}

/// What was seen while nobody did anything.
struct Idle {
    seconds: f64,
    counts: Counts,
    worked: Duration,
    memory: f64,
}

async fn by_graphql(bench: &Bench<'_>) -> Idle {
    let world = World::settled(bench, RESYNC).await;
    Idle::of(bench, &world, true).await
}

/// The same where only REST can be asked, with the ceiling that is the default. Other builds need not
/// know such tokens.
async fn by_rest(bench: &Bench<'_>) -> Option<Idle> {
    if bench.subject.name != THIS_BUILD {
        return None;
    }
    let world = World::settled(bench, RESYNC).await;
    world.has_a_fine_grained_token().await;
    Some(Idle::of(bench, &world, false).await)
}

impl Idle {
    /// From the beginning of a sweep to that of another, if they can be told: three sweeps in three minutes
    /// are as likely as four.
    async fn of(bench: &Bench<'_>, world: &World<'_>, sweeps: bool) -> Self {
        sleep(ROUNDS).await;
        if sweeps {
            world.a_sweep_has_begun().await;
        }
        let (begin, since) = (Instant::now(), world.now().await);
        let worked = process::processor_time(world.pid());
        sleep(bench.options.idle()).await;
        if sweeps {
            world.a_sweep_has_begun().await;
        }
        let worked = process::processor_time(world.pid()).saturating_sub(worked);
        let seconds = begin.elapsed().as_secs_f64();
        let memory = process::memory(world.pid());
        let counts = world.counts(since).await;
        let (name, told) = (&bench.subject.name, counts.told());
        page::line(&format!(
            "asked for in {seconds:.0} s of idleness by {name}:{told}"
        ));
        Self {
            seconds,
            counts,
            worked,
            memory,
        }
    }
}

impl World<'_> {
    /// Waits until one more sweep has begun. One that is under way does not count.
    async fn a_sweep_has_begun(&self) {
        let pages = || {
            let all = self.gitlab.requests();
            all.into_iter()
                .filter(|request| request.path == SWEEP)
                .map(|request| request.at)
                .max()
        };
        let mut last = pages();
        within(LIMIT, "a sweep begins", async || {
            let (before, now) = (last, pages());
            last = now;
            match (before, now) {
                (Some(before), Some(now)) if now.duration_since(before) > APART => Ok(()),
                _ => Err(format!("{now:?}")),
            }
        })
        .await;
    }
}
