//! What is measured with an operator.
use std::time::Duration;

use gitlab_sim::{Fault, Filter, Rule};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::Bench;
use super::count::Counts;
use super::figure::{Figure, number, percentile, spread};
use super::page;
use super::process;
use super::world::{LIMIT, NEVER, Subject, World};
use crate::harness::{GitLab, until, within};

pub(super) const COLD: &str = "operator started on new objects → all Ready";
pub(super) const PACED: &str = "created at kubectl's pace: Ready after";
pub(super) const DELETE: &str = "all deleted with kubectl → all gone";

/// How many new objects are timed, where the worst is told.
const NEWCOMERS: usize = 5;

/// How many runners somebody changes in GitLab.
const DRIFTERS: usize = 60;

/// How long after each other, so that they meet every part of a resync of five minutes: all objects
/// are looked at in one short time of it when all have been made in one.
const DRIFT_PAUSE: Duration = Duration::from_secs(5);

/// The time from the start of the process until the last object is ready.
pub(super) async fn cold(bench: &Bench, subject: &Subject) -> Vec<Figure> {
    let Bench { options, stage } = bench;
    let mut world = World::prepared(stage, options.latency, subject, NEVER).await;
    world
        .kubectl_creates("cold", options.runners, "gitlab")
        .await;
    let begin = Instant::now();
    world.the_operator_starts().await;
    let end = world.are_ready(options.runners).await;
    let peak = process::peak_memory(world.pid());
    vec![
        Figure::seconds(COLD, end - begin),
        Figure::new("memory at its peak in that time", "MiB", peak),
    ]
}

/// From the creation of each object, as a watch tells of it, until it is ready.
pub(super) async fn paced(bench: &Bench, subject: &Subject) -> Vec<Figure> {
    let world = World::running(&bench.stage, bench.options.latency, subject, NEVER).await;
    let count = bench.options.runners;
    world.kubectl_creates("paced", count, "gitlab").await;
    world.are_ready(count).await;
    let seen = world.observer.seen();
    let took: Vec<Duration> = seen
        .values()
        .filter_map(super::observer::Seen::took)
        .collect();
    spread(PACED, &took)
}

/// From the start of kubectl until the last object is gone.
pub(super) async fn delete(bench: &Bench, subject: &Subject) -> Vec<Figure> {
    let world = with_ready_objects(bench, subject, NEVER).await;
    world.is_quiet().await;
    let begin = Instant::now();
    world.kubectl_deletes_all().await;
    vec![Figure::seconds(DELETE, world.are_gone().await - begin)]
}

/// From an edit in GitLab until the request that undoes it, with the resync that is the default.
pub(super) async fn drift(bench: &Bench, subject: &Subject) -> Vec<Figure> {
    let world = with_ready_objects(bench, subject, None).await;
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
    let what = "a tag changed in GitLab → corrected, at the default resync";
    vec![
        Figure::seconds(&format!("{what}, p50"), percentile(&took, 50)),
        Figure::seconds(&format!("{what}, max"), percentile(&took, 100)),
    ]
}

/// New objects alone, and while all others are looked at again and again.
pub(super) async fn load(bench: &Bench, subject: &Subject) -> Vec<Figure> {
    let count = bench.options.runners;
    let resync = Duration::from_secs((count as u64 / 100).max(2));
    let text = format!("{}s", resync.as_secs());
    let world = World::running(&bench.stage, bench.options.latency, subject, Some(&text)).await;
    let alone = worst_newcomer(&world, "alone", Duration::ZERO).await;
    world.kubectl_creates("load", count, "gitlab").await;
    world.are_ready(count + NEWCOMERS).await;
    sleep(resync).await;
    // They come at different times of the round.
    let among = worst_newcomer(&world, "among", resync.mul_f64(0.7)).await;
    let worst = format!("worst of {NEWCOMERS}");
    vec![
        Figure::seconds(&format!("a new object alone, {worst}"), alone),
        Figure::seconds(
            &format!("a new object while all are looked at again each {text}, {worst}"),
            among,
        ),
    ]
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
pub(super) async fn neighbour(bench: &Bench, subject: &Subject) -> Vec<Figure> {
    let Bench { options, stage } = bench;
    let world = World::running(stage, options.latency, subject, NEVER).await;
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
    vec![
        Figure::seconds(&format!("{what}, alone: the last one Ready after"), alone),
        Figure::seconds(
            &format!("{what}, beside {many} whose GitLab hangs: the last one Ready after"),
            beside,
        ),
    ]
}

/// Creates some objects at once; tells how long it took until all were ready.
async fn newcomers_at_once(world: &World<'_>, names: &str) -> Duration {
    let all = (0..NEWCOMERS).map(async |at| world.creates_one(&format!("{names}-{at}")).await);
    let took = futures::future::join_all(all).await;
    percentile(&took, 100)
}

/// What each runner costs.
pub(super) async fn each(bench: &Bench, subject: &Subject) -> Vec<Figure> {
    let count = bench.options.runners;
    let life = Life::of(&bench.stage, bench.options.latency, subject, count).await;
    let each = |what: &str, total: usize| Figure::new(what, "", number(total) / number(count));
    let Life {
        empty,
        full,
        created,
        deleted,
    } = life;
    page::line(&format!(
        "asked for while {count} were created:{}",
        created.told()
    ));
    page::line(&format!(
        "asked for while {count} were deleted:{}",
        deleted.told()
    ));
    vec![
        each("GitLab requests per runner created", created.requests()),
        each("GitLab requests per runner deleted", deleted.requests()),
        each("Kubernetes writes per runner created", created.writes.len()),
        each("Kubernetes writes per runner deleted", deleted.writes.len()),
        Figure::new("memory with no object", "MiB", empty),
        Figure::new("memory with all objects, idle", "MiB", full),
    ]
}

/// What so many runners have cost from their creation to their end.
pub(super) struct Life {
    empty: f64,
    full: f64,
    pub(super) created: Counts,
    pub(super) deleted: Counts,
}

impl Life {
    /// Creates and deletes them with kubectl, and counts when the operator has become quiet.
    pub(super) async fn of(
        stage: &crate::harness::Stage,
        latency: u64,
        subject: &Subject,
        count: usize,
    ) -> Self {
        let world = World::running(stage, latency, subject, NEVER).await;
        let memory = || process::memory(world.pid());
        world.is_quiet().await;
        let empty = memory();
        let creation = async {
            world.kubectl_creates("each", count, "gitlab").await;
            world.are_ready(count).await;
        };
        let created = world.counts_during(creation).await;
        let full = memory();
        let deletion = async {
            world.kubectl_deletes_all().await;
            world.are_gone().await;
        };
        let deleted = world.counts_during(deletion).await;
        Self {
            empty,
            full,
            created,
            deleted,
        }
    }
}

/// All objects ready, after a start of the operator.
pub(super) async fn with_ready_objects<'a>(
    bench: &'a Bench,
    subject: &Subject,
    resync: Option<&str>,
) -> World<'a> {
    let Bench { options, stage } = bench;
    let mut world = World::prepared(stage, options.latency, subject, resync).await;
    world
        .kubectl_creates("bench", options.runners, "gitlab")
        .await;
    world.the_operator_starts().await;
    world.are_ready(options.runners).await;
    world
}
