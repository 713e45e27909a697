//! What is measured with an operator.
use std::time::Duration;

use gitlab_sim::{Fault, Filter, Rule};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::sleep;

use super::Bench;
use super::figure::{Figure, Measured, percentile};
use super::world::{LIMIT, NEVER, World};
use crate::harness::{GitLab, until, within};

/// How many new objects are timed, where the worst is told.
const NEWCOMERS: usize = 5;

/// How many runners somebody changes in GitLab.
const DRIFTERS: usize = 60;

/// How long after each other, so that they meet every part of a resync of one minute: all objects are
/// looked at in one short time of it when all have been made in one.
const DRIFT_PAUSE: Duration = Duration::from_secs(1);

/// From an edit in GitLab until the request that undoes it, with the same resync for all.
pub(super) async fn drift(bench: &Bench<'_>) -> Measured {
    let world = World::settled(bench, Some("1m")).await;
    let numbers = world.numbers().await;
    let apart = numbers.len().div_ceil(DRIFTERS);
    let mut changed = Vec::new();
    for (_, number) in numbers.iter().step_by(apart) {
        let set = json!({ "tag_list": ["bench", "changed-by-hand"] });
        world.gitlab.changes(*number, set);
        changed.push((format!("/api/v4/runners/{number}"), world.gitlab.now()));
        sleep(DRIFT_PAUSE).await;
    }
    let corrections = Filter {
        method: Some("PUT".to_owned()),
        ..Filter::default()
    };
    let took = within(LIMIT, "all tags are corrected", async || {
        let corrections = world.gitlab.find(&corrections);
        let one = |(path, at): &(String, Timestamp)| {
            let found = corrections.iter().find(|request| request.path == *path)?;
            Duration::try_from(found.at.duration_since(*at)).ok()
        };
        let found: Option<Vec<Duration>> = changed.iter().map(one).collect();
        found.ok_or_else(|| format!("{} of {}", corrections.len(), changed.len()))
    })
    .await;
    let what = "a tag changed in GitLab → corrected, resync 1m";
    Measured::figures(vec![
        Figure::seconds(&format!("{what}, p50"), percentile(&took, 50)),
        Figure::seconds(&format!("{what}, max"), percentile(&took, 100)),
    ])
}

/// New objects alone, and while all others are looked at again and again.
pub(super) async fn load(bench: &Bench<'_>) -> Measured {
    let count = bench.options.runners;
    let resync = Duration::from_secs((count as u64 / 100).max(2));
    let text = format!("{}s", resync.as_secs());
    let world = World::running(bench, Some(&text)).await;
    let alone = worst_newcomer(&world, "alone", Duration::ZERO).await;
    world.kubectl_creates("load", count, "gitlab").await;
    world.are_ready(count + NEWCOMERS).await;
    sleep(resync).await;
    // They come at different times of the round.
    let among = worst_newcomer(&world, "among", resync.mul_f64(0.7)).await;
    let worst = format!("worst of {NEWCOMERS}");
    Measured::figures(vec![
        Figure::seconds(&format!("a new object alone, {worst}"), alone),
        Figure::seconds(
            &format!("a new object while all are looked at again each {text}, {worst}"),
            among,
        ),
    ])
}

async fn worst_newcomer(world: &World<'_>, names: &str, pause: Duration) -> Duration {
    let mut worst = Duration::ZERO;
    for at in 0..NEWCOMERS {
        sleep(pause).await;
        worst = worst.max(world.creates_one(&format!("{names}-{at}")).await);
    }
    worst
}

/// A new object alone, and beside many whose GitLab answers nothing.
pub(super) async fn neighbour(bench: &Bench<'_>) -> Measured {
    let options = &bench.options;
    let world = World::running(bench, NEVER).await;
    let hanging = GitLab::start().await;
    world.connects("hanging", hanging.url()).await;
    world.is_connected("hanging").await;
    let alone = newcomers_at_once(&world, "alone").await;
    hanging.misbehaves(Rule::always(Fault::Hang));
    hanging.clear_requests();
    world
        .kubectl_creates("stuck", options.neighbours, "hanging")
        .await;
    until("requests hang", async || match hanging.requests().len() {
        0 => Err("none yet".to_owned()),
        _ => Ok(()),
    })
    .await;
    let beside = newcomers_at_once(&world, "beside").await;
    let what = format!("{NEWCOMERS} new objects on a connection that works");
    let many = options.neighbours;
    Measured::figures(vec![
        Figure::seconds(&format!("{what}, alone: the last one Ready after"), alone),
        Figure::seconds(
            &format!("{what}, beside {many} whose GitLab hangs: the last one Ready after"),
            beside,
        ),
    ])
}

/// Creates some objects at once; tells how long it took until all were ready.
async fn newcomers_at_once(world: &World<'_>, names: &str) -> Duration {
    let all = (0..NEWCOMERS).map(async |at| world.creates_one(&format!("{names}-{at}")).await);
    let took = futures::future::join_all(all).await;
    percentile(&took, 100)
}
