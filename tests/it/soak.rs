//! `make soak`: the operator's own controllers in one process whose time does not pass by itself, with a fault
//! at every place where there can be one.
//!
//! A run is a seed. GitLab is the stand-in's state machine and the API server is `api`, both without sockets;
//! what lies between loses, delays, repeats and distorts, processes die at any of these moments, and people
//! change, delete and restore. Then it becomes quiet, and what must hold is looked at. `make soak SEED=7` plays
//! one seed once more and prints its story.
mod api;
mod backups;
mod chance;
mod fates;
mod gitlab;
mod kubernetes;
mod life;
mod people;
mod probes;
mod process;
mod run;
mod turns;
mod verdict;
mod walk;
mod world;

use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use run::{Ending, play, shrunk};

/// As many seeds `make test` plays.
const FEW: u64 = 12;

/// Of so many seeds one is played three times, which must be the same.
const OFTEN: u64 = 20;

#[test]
fn a_few_seeds_end_well() {
    search(0..FEW);
}

fn is_the_same(seed: u64) {
    let (one, another) = (play(seed), play(seed));
    let mut both = one.story.iter().zip(&another.story);
    let differs = both.find(|(one, another)| one != another);
    assert_eq!(differs, None, "seed {seed}");
    assert_eq!(one.story.len(), another.story.len(), "seed {seed}");
}

/// `make soak SEEDS=10000`, `make soak FROM=10000 SEEDS=500`, `make soak SEED=7`
#[test]
#[ignore = "it takes minutes: make soak"]
fn make_soak() {
    let number = |name: &str| {
        let typed = std::env::var(name).unwrap_or_default();
        (!typed.is_empty()).then(|| typed.parse::<u64>().unwrap())
    };
    if let Some(seed) = number("SEED") {
        is_the_same(seed);
        let ending = play(seed);
        tell(&ending);
        assert!(ending.wrong.is_empty(), "seed {seed} ends badly");
        return;
    }
    let from = number("FROM").unwrap_or_default();
    search(from..from + number("SEEDS").unwrap_or(10_000));
}

/// Plays seeds on all processors until one ends badly, and tells that one's story, with as little in it as it
/// takes.
fn search(seeds: Range<u64>) {
    let (next, found) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let began = Instant::now();
    let work = || {
        let mut slowest = Duration::ZERO;
        while !found.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            if seed % OFTEN == 0 {
                is_the_same(seed);
            }
            let ending = play(seed);
            if !ending.wrong.is_empty() {
                found.store(true, Ordering::Relaxed);
                return Err(seed);
            }
            slowest = slowest.max(ending.settled);
        }
        Ok(slowest)
    };
    let workers = thread::available_parallelism().map_or(2, NonZero::get);
    let ends: Vec<Result<Duration, u64>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    });
    let played = next.into_inner().min(seeds.end) - seeds.start;
    let took = began.elapsed().as_secs_f64();
    let slowest = ends.iter().filter_map(|end| end.as_ref().ok()).max();
    told(&format!(
        "{played} seeds in {took:.1}s; all was well again after {slowest:?} at most"
    ));
    if let Some(bad) = ends.iter().filter_map(|end| end.as_ref().err()).min() {
        told(&format!(
            "seed {bad} ends badly; now it is played with less"
        ));
        let (walk, ending) = shrunk(*bad);
        tell(&ending);
        panic!(
            "seed {bad} ends badly: make soak SEED={bad} plays all of it; this is enough: {walk:#?}"
        );
    }
}

fn tell(ending: &Ending) {
    let Ending {
        seed, story, wrong, ..
    } = ending;
    let story = story.join("\n");
    told(&format!("seed {seed}:\n{story}\nwrong: {wrong:#?}"));
}

#[expect(clippy::print_stderr, reason = "whoever runs it reads it")]
fn told(text: &str) {
    eprintln!("{text}");
}
