//! `make chaos`: everything at once that can happen to the operator, and what must be true when it is
//! quiet again.
//!
//! Operator and API server are killed and frozen, GitLab misbehaves, people edit, delete, rename and
//! restore. What is done and when follows from a seed alone, so a run can be repeated, as far as
//! processes and clocks let it.
mod disturb;
mod end;
mod options;
mod random;
mod report;
mod schedule;
mod slot;
mod verdict;
mod world;

use std::time::Duration;

use clap::Parser;
use futures::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until, timeout};

use options::Options;
pub(crate) use random::Random;
use schedule::Event;
use world::World;

/// How long people may take to get done what they began while the API server was away.
const LAST_ORDERS: Duration = Duration::from_mins(2);

/// `make chaos CHAOS_ARGS="--minutes 1 --runners 30 --seed 7"`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes: make chaos"]
async fn make_chaos() {
    let typed = std::env::var("CHAOS_ARGS").unwrap_or_default();
    let options = Options::parse_from(["chaos"].into_iter().chain(typed.split_whitespace()));
    play(options).await;
}

/// So that it stays able to run, in every `make test`.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_run_ends_well() {
    let typed =
        "chaos --seconds 12 --runners 9 --each 12 --seed 2 --gentle --resync 3s --settle 90";
    play(Options::parse_from(typed.split(' '))).await;
}

/// Plays a run and panics if something is wrong at its end.
async fn play(options: Options) {
    report::begins(&options);
    let events = schedule::of(&options);
    let world = World::begin(options).await;
    disturb_all(&world, &events).await;
    let findings = end::comes(&world).await;
    report::ends(&world, &findings);
    assert!(findings.is_clean(), "{} violations", findings.violations());
}

/// Does everything at its time, as much at once as it may be.
async fn disturb_all(world: &World, events: &[Event]) {
    let begin = Instant::now();
    let each = events.iter().map(async |Event { at, what }| {
        sleep_until(begin + *at).await;
        disturb::disturb(world, what).await;
    });
    let all = each.collect::<FuturesUnordered<_>>().collect::<()>();
    let late = timeout(world.options.length() + LAST_ORDERS, all).await;
    assert!(late.is_ok(), "people did not get done what they began");
}
