//! What becomes of each request.
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::chance::Chance;
use crate::chaos::Random;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is answered.
    Answered,
    /// It never gets there, and whoever sends it knows.
    Unsent,
    /// The connection breaks; `done` says whether that is after it took effect.
    Cut { done: bool },
    /// No answer comes for as long as anybody waits.
    Hangs { done: bool },
    /// It takes effect when nobody waits any more, sooner than the operator may take it for lost.
    Late,
    /// Somebody else answers in its place, or the server does so badly.
    Told { done: bool, what: Word },
    /// The process that has sent it dies.
    Dies { done: bool },
}

/// What is answered instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Too many requests, with how long to wait.
    Throttled,
    /// An error of the server, in its own words.
    Failed,
    /// The page of a proxy.
    ProxyPage,
    /// JSON of nobody knows whom.
    ForeignJson,
    /// A conflict.
    Conflict,
}

/// What a request takes, and what comes of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lot {
    pub(super) fate: Fate,
    /// Until it takes effect.
    pub(super) there: Duration,
    /// Until it is answered.
    pub(super) back: Duration,
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    GitLab,
    Kubernetes,
}

/// How often something goes wrong, of a thousand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weather {
    pub(super) reads: u64,
    pub(super) writes: u64,
    /// Nothing gets there at all.
    pub(super) down: bool,
}

/// By how much a request may be late, in milliseconds: the operator gives twice the time that an answer is waited
/// for, which is ten seconds here.
const LATEST: u64 = 9000;

pub(super) struct Fates {
    chance: Chance,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    gitlab: Weather,
    kubernetes: Weather,
    /// How often each request was sent.
    sent: HashMap<String, u64>,
}

const GITLAB: [(u64, Fate); 15] = {
    const fn told(done: bool, what: Word) -> Fate {
        Fate::Told { done, what }
    }
    [
        (2, Fate::Unsent),
        (5, Fate::Cut { done: true }),
        (2, Fate::Cut { done: false }),
        (2, Fate::Hangs { done: true }),
        (1, Fate::Hangs { done: false }),
        (5, Fate::Late),
        (3, told(false, Word::Throttled)),
        (2, told(false, Word::Failed)),
        (2, told(true, Word::Failed)),
        (2, told(false, Word::ProxyPage)),
        (2, told(true, Word::ProxyPage)),
        (1, told(false, Word::ForeignJson)),
        (1, told(true, Word::ForeignJson)),
        (2, Fate::Dies { done: false }),
        (4, Fate::Dies { done: true }),
    ]
};

const KUBERNETES: [(u64, Fate); 10] = {
    const fn told(done: bool, what: Word) -> Fate {
        Fate::Told { done, what }
    }
    [
        (2, Fate::Unsent),
        (4, Fate::Cut { done: true }),
        (2, Fate::Cut { done: false }),
        (1, Fate::Hangs { done: true }),
        (1, Fate::Hangs { done: false }),
        (4, told(false, Word::Conflict)),
        (2, told(false, Word::Throttled)),
        (2, told(false, Word::Failed)),
        (3, Fate::Dies { done: false }),
        (4, Fate::Dies { done: true }),
    ]
};

impl Fates {
    pub(super) fn new(chance: Chance) -> Self {
        let state = Mutex::default();
        Self { chance, state }
    }

    fn state<T>(&self, visit: impl FnOnce(&mut State) -> T) -> T {
        visit(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes how often something goes wrong on that side.
    pub(super) fn weather(&self, side: Side, change: impl FnOnce(&mut Weather)) {
        self.state(|state| change(state.on(side)));
    }

    /// The lot of a request, by what it is and how often it was sent before.
    pub(super) fn draw(&self, side: Side, name: &str, writes: bool) -> Lot {
        let (weather, count) = self.state(|state| {
            let count = state.sent.entry(name.to_owned()).or_default();
            *count += 1;
            let count = *count;
            (*state.on(side), count)
        });
        let mut random = self.chance.of(&format!("{side:?} {name} {count}"));
        let (there, back) = (moment(&mut random), moment(&mut random));
        let likely = if writes {
            weather.writes
        } else {
            weather.reads
        };
        let fate = if weather.down {
            Fate::Unsent
        } else if random.below(1000) >= likely {
            Fate::Answered
        } else {
            match side {
                Side::GitLab => *random.weighted(&GITLAB),
                Side::Kubernetes => *random.weighted(&KUBERNETES),
            }
        };
        let conflict = matches!(
            fate,
            Fate::Told {
                what: Word::Conflict,
                ..
            }
        );
        let fate = if conflict && !writes {
            Fate::Unsent
        } else {
            fate
        };
        let there = if fate == Fate::Late {
            Duration::from_millis(random.below(LATEST))
        } else {
            there
        };
        Lot { fate, there, back }
    }
}

impl State {
    fn on(&mut self, side: Side) -> &mut Weather {
        match side {
            Side::GitLab => &mut self.gitlab,
            Side::Kubernetes => &mut self.kubernetes,
        }
    }
}

/// A few milliseconds, and now and then some seconds.
fn moment(random: &mut Random) -> Duration {
    let longest = if random.below(40) == 0 { 3000 } else { 12 };
    Duration::from_millis(random.below(longest))
}
