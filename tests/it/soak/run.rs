//! One run: a walk, and what is found when it is quiet again.
use std::time::Duration;

use gitlab_runner_registrar::clock;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::chance::Chance;
use super::fates::{Side, Weather};
use super::people::People;
use super::probes::are_noticed;
use super::process::{RESYNC, is_kept_alive};
use super::verdict::{look, unasked};
use super::walk::Walk;
use super::world::World;

/// How long it may take until all is well.
const PATIENCE: Duration = Duration::from_mins(30);
const LOOK: Duration = Duration::from_secs(5);
/// How long a settled world is watched.
const SETTLED: Duration = Duration::from_secs(RESYNC.as_secs() * 3);
/// What is asked at first was due before; and after ten minutes it is told that no runner process has called.
const CALM: Duration = Duration::from_mins(11);

const NAMES: [&str; 2] = ["a", "b"];

/// What came of a run.
pub(super) struct Ending {
    pub(super) seed: u64,
    pub(super) story: Vec<String>,
    pub(super) wrong: Vec<String>,
    /// How long it took after the last step until all was well.
    pub(super) settled: Duration,
}

/// Plays a seed.
pub(super) fn play(seed: u64) -> Ending {
    played(seed, &Walk::of(Chance(seed)))
}

/// Plays a seed that ends badly with as little as it takes for that.
pub(super) fn shrunk(seed: u64) -> (Walk, Ending) {
    let mut walk = Walk::of(Chance(seed));
    let mut ending = played(seed, &walk);
    for side in [Side::GitLab, Side::Kubernetes] {
        simplify(seed, &mut walk, &mut ending, |walk| {
            walk.in_fair_weather(side)
        });
    }
    for number in (0..walk.steps.len()).rev() {
        simplify(seed, &mut walk, &mut ending, |walk| walk.without(number));
    }
    (walk, ending)
}

fn simplify(seed: u64, walk: &mut Walk, ending: &mut Ending, simpler: impl Fn(&Walk) -> Walk) {
    let simpler = simpler(walk);
    let less = played(seed, &simpler);
    if !less.wrong.is_empty() {
        (*walk, *ending) = (simpler, less);
    }
}

fn played(seed: u64, walk: &Walk) -> Ending {
    fastrand::seed(seed);
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let ending = runtime.block_on(async {
        let (began, origin) = (
            Instant::now(),
            "2026-03-01T08:00:00Z".parse::<Timestamp>().unwrap(),
        );
        clock::told_on_this_thread_by(move || {
            origin + SignedDuration::try_from(began.elapsed()).unwrap_or_default()
        });
        walked(seed, walk).await
    });
    runtime.shutdown_background();
    ending
}

async fn walked(seed: u64, walk: &Walk) -> Ending {
    let world = World::new(seed);
    tokio::spawn(world.turns.clone().are_given());
    let mut processes = Vec::new();
    for name in NAMES.into_iter().take(walk.processes) {
        let (sender, orders) = mpsc::unbounded_channel();
        processes.push(sender);
        tokio::spawn(is_kept_alive(world.clone(), name, walk.elects, orders));
    }
    let mut people = People::new(world.clone(), processes);
    people.begin();
    weather(&world, walk.gitlab, walk.kubernetes);
    for (after, step) in &walk.steps {
        sleep(*after).await;
        people.do_it(*step).await;
    }
    sleep(Duration::from_secs(20)).await;
    weather(&world, Weather::default(), Weather::default());
    world.note("it becomes quiet");
    let quiet = Instant::now();
    let wrong = settles(&people, PATIENCE).await;
    let settled = quiet.elapsed();
    for wrong in &wrong {
        world.is_wrong(wrong.clone());
    }
    if wrong.is_empty() {
        stays(&people, walk).await;
        are_noticed(&mut people).await;
    }
    people.strangers_are_left_alone();
    let (story, wrong) = world.told();
    Ending {
        seed,
        story,
        wrong,
        settled,
    }
}

fn weather(world: &World, gitlab: Weather, kubernetes: Weather) {
    world
        .fates
        .weather(Side::GitLab, |weather| *weather = gitlab);
    world
        .fates
        .weather(Side::Kubernetes, |weather| *weather = kubernetes);
}

/// Waits until all is well; tells what is not, when it takes too long.
pub(super) async fn settles(people: &People, patience: Duration) -> Vec<String> {
    let began = Instant::now();
    loop {
        sleep(LOOK).await;
        let wrong = look(people);
        if wrong.is_empty() || began.elapsed() >= patience {
            return wrong;
        }
    }
}

/// A settled world stays as it is, and asks for nothing. Two processes that take no turns may tell different
/// things of a connection, for ever: each says how it looks at GitLab itself.
async fn stays(people: &People, walk: &Walk) {
    let world = &people.world;
    world.note("all is well");
    sleep(CALM).await;
    world.asked();
    sleep(SETTLED).await;
    let mut wrong = look(people);
    if walk.processes == 1 || walk.elects {
        wrong.extend(unasked(&world.asked()));
    }
    for wrong in wrong {
        world.is_wrong(wrong);
    }
}
