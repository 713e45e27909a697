//! How long nobody works when the one that leads ends, and what the one costs that stands by.
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Bench;
use super::figure::{Figure, Measured};
use super::process;
use super::world::{LIMIT, World};
use crate::harness::{Operator, within};

/// After this a process has done all that it does at its start.
const SETTLES: Duration = Duration::from_secs(5);

/// With all objects ready. A leader ends twice: when it is told to, and without a word.
#[expect(
    clippy::cognitive_complexity,
    reason = "the macro that waits for two counts as a branch"
)]
pub(super) async fn measure(bench: &Bench<'_>) -> Measured {
    let world = World::electing(bench).await;
    let first = world.another("first").await;
    leads(&first).await;
    world.creates_many("bench", bench.options.runners).await;
    world.are_ready(bench.options.runners).await;
    let second = world.another("second").await;
    stands_by(&second).await;
    // The Lease is renewed all the time, so that it never gets quiet.
    sleep(SETTLES).await;
    let beside = process::memory(second.pid());

    let told = Instant::now();
    let stopped = async { first.is_told_to_stop().await };
    let (_, taken) = tokio::join!(stopped, taken_over(&world, &second, told, "after-a-stop"));
    let mut figures = rows("told to stop", taken);

    let first = world.another("first").await;
    stands_by(&first).await;
    let killed = Instant::now();
    second.is_killed().await;
    let taken = taken_over(&world, &first, killed, "after-a-crash").await;
    figures.extend(rows("killed", taken));
    figures.push(Figure::new("memory of one that stands by", "MiB", beside));
    Measured::figures(figures)
}

/// Since then: how long until that one leads, and until an object is ready that is made at once.
async fn taken_over(
    world: &World<'_>,
    next: &Operator,
    since: Instant,
    name: &str,
) -> [Duration; 2] {
    let leading = async {
        leads(next).await;
        since.elapsed()
    };
    let ready = async {
        world.creates_one(name).await;
        since.elapsed()
    };
    let (leading, ready) = tokio::join!(leading, ready);
    [leading, ready]
}

fn rows(how: &str, [leading, ready]: [Duration; 2]) -> Vec<Figure> {
    vec![
        Figure::seconds(&format!("leader {how}: the next one leads after"), leading),
        Figure::seconds(
            &format!("leader {how}: an object made at that time is Ready after"),
            ready,
        ),
    ]
}

async fn leads(operator: &Operator) {
    counts(operator, "1").await;
}

async fn stands_by(operator: &Operator) {
    counts(operator, "0").await;
}

async fn counts(operator: &Operator, value: &str) {
    within(LIMIT, "whose turn it is", async || {
        let metrics = operator.metrics().await;
        let mut lines = metrics.lines();
        let line = lines.find(|line| line.starts_with("leader_election_master_status{"));
        let told = line.and_then(|line| line.rsplit(' ').next());
        (told == Some(value))
            .then_some(())
            .ok_or_else(|| operator.lines())
    })
    .await;
}
