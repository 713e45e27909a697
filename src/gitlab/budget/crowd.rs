//! Many who want more than there is, under a clock of the test's own.
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use strum::VariantArray;
use tokio::time::Instant;

use super::lane::Lane;
use super::ledger::{Closed, Ledger};
use crate::gitlab::limits::Limits;

const MINUTE: Duration = Duration::from_mins(1);

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        u32::try_from(mixed % u64::from(limit)).unwrap()
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(u32::try_from(choices.len()).unwrap()) as usize]
    }
}

/// The most that was sent in any 60 seconds.
fn most(sent: &[Instant]) -> usize {
    let within = |first: usize| {
        let end = sent[first] + MINUTE;
        sent[first..].iter().take_while(|at| **at < end).count()
    };
    (0..sent.len()).map(within).max().unwrap_or_default()
}

/// Passes of objects that come, wait and ask, as chance has it.
struct Chance {
    random: Random,
    now: Instant,
    ledger: Ledger,
    waiting: BTreeMap<(Lane, String), u32>,
    promised: Vec<u32>,
    sent: Vec<Instant>,
}

impl Chance {
    fn new(seed: u64) -> (Self, u32) {
        let (mut random, now) = (Random(seed), Instant::now());
        let ceiling = 10 + random.below(90);
        let chance = Self {
            random,
            now,
            ledger: Ledger::new(ceiling, now),
            waiting: BTreeMap::new(),
            promised: Vec::new(),
            sent: Vec::new(),
        };
        (chance, ceiling)
    }

    /// Somebody comes. Tells of somebody more urgent who would have been sent away.
    fn comes(&mut self) -> Result<(), String> {
        let longest = self.random.of(&[0, 20, 500, 8000]);
        self.now += Duration::from_millis(self.random.below(longest + 1).into());
        let lane = self.random.of(Lane::VARIANTS);
        let who = format!("{lane:?} {}", self.random.below(12));
        let cost = 1 + self.random.below(3);
        let mut before = self.ledger.clone();
        let admitted = self.ledger.admit(lane, &who, cost, self.now);
        if admitted.is_err() {
            self.waiting.insert((lane, who), cost);
            return Ok(());
        }
        self.waiting.remove(&(lane, who.clone()));
        self.promised.push(cost);
        before.move_to(self.now);
        let ahead = before.queue(lane).ahead(&who);
        if before.is_by_right(lane, ahead, self.now) {
            return Ok(());
        }
        for above in lane.above() {
            let (first, cost) = self.first(&before, above);
            let instead = before.clone().admit(above, &first, cost, self.now);
            if instead != Ok(()) {
                return Err(format!("{who} before {first}: {instead:?}"));
            }
        }
        Ok(())
    }

    /// Whoever is first in a lane, or somebody new where nobody waits.
    fn first(&self, ledger: &Ledger, lane: Lane) -> (String, u32) {
        let queue = ledger.queue(lane);
        let in_lane = self.waiting.iter().filter(|((of, _), _)| *of == lane);
        let mut in_lane = in_lane.map(|((_, who), cost)| (who.clone(), *cost));
        let first = in_lane.find(|(who, _)| queue.len() > 0 && queue.ahead(who).number == 0);
        first.unwrap_or_else(|| ("nobody".to_owned(), 1))
    }

    /// A pass ends. Some need less than they were promised, and some need more.
    fn ends(&mut self) {
        let Some(cost) = self.promised.pop() else {
            return;
        };
        for _ in 0..self.random.below(cost + 2) {
            if self.ledger.spend(self.now).is_ok() {
                self.sent.push(self.now);
                self.ledger.end();
            }
        }
        self.ledger.release(cost);
    }
}

#[test]
fn whatever_comes_the_ceiling_holds_and_the_urgent_go_first() {
    for seed in 0..30 {
        let (mut chance, ceiling) = Chance::new(seed);
        for _ in 0..1000 {
            if let Err(unfair) = chance.comes() {
                panic!("seed {seed}: {unfair}");
            }
            if chance.random.below(3) > 0 {
                chance.ends();
            }
        }
        let (most, all) = (most(&chance.sent), chance.sent.len());
        assert!(most <= ceiling as usize, "seed {seed}: {most} of {ceiling}");
        assert!(all > 50, "seed {seed}: {all} in all");
    }
}

/// Ten minutes of a thousand objects that want more than they may, with a GitLab that answers so. Tells
/// what was sent, and how often somebody asked whether they might.
fn ten_minutes(answer: impl Fn(usize) -> Limits) -> (Vec<Instant>, usize) {
    let start = Instant::now();
    let mut ledger = Ledger::new(30, start);
    let mut coming: BTreeSet<(Instant, usize)> = (0..1000).map(|who| (start, who)).collect();
    let (mut sent, mut asked) = (Vec::new(), 0);
    while let Some((now, who)) = coming.pop_first() {
        if now > start + MINUTE * 10 {
            break;
        }
        asked += 1;
        let lane = Lane::VARIANTS[who % 4];
        let wait = match ledger.admit(lane, &who.to_string(), 2, now) {
            Err(Closed::Silent(wait) | Closed::UsedUp(wait)) => wait,
            Ok(()) => {
                for _ in 0..2 {
                    if ledger.spend(now).is_ok() {
                        sent.push(now);
                        ledger.learn(&answer(sent.len()), now);
                        ledger.end();
                    }
                }
                ledger.release(2);
                Duration::from_millis(100)
            }
        };
        coming.insert((now + wait, who));
    }
    (sent, asked)
}

#[test]
fn each_of_ten_minutes_has_no_more_than_the_ceiling() {
    let refused = Limits {
        refused: true,
        ..Limits::default()
    };
    let with_time = Limits {
        wait: Some(Duration::from_secs(30)),
        ..refused
    };
    let healthy = ten_minutes(|_| Limits::default());
    let unsaid = ten_minutes(|_| refused);
    let throttled = ten_minutes(|_| with_time);
    let every_other = ten_minutes(|sent| match sent % 2 {
        0 => with_time,
        _ => Limits::default(),
    });
    for (what, (sent, asked), least, greatest) in [
        ("no headers", healthy, 250, 300),
        ("429, Retry-After: 30", throttled, 15, 21),
        ("429", unsaid, 9, 16),
        ("every other one 429", every_other, 30, 60),
    ] {
        assert!(most(&sent) <= 30, "{what}: {} in a minute", most(&sent));
        let all = sent.len();
        assert!((least..=greatest).contains(&all), "{what}: {all}");
        // Somebody who waits asks a few times a minute.
        assert!(asked < 1000 * 10 * 3, "{what}: {asked} times");
    }
}
