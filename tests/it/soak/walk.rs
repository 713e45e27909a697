//! What happens and when: a function of the seed alone.
use std::time::Duration;

use super::chance::Chance;
use super::fates::{Side, Weather};
use super::process::Order;

/// As many objects there may be.
pub(super) const SLOTS: usize = 4;

/// One thing that somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To the object of that number; with a number to make what is written differ.
    Object(usize, Deed, u64),
    /// To a process.
    Process(usize, Order),
    /// All watches end.
    WatchesEnd,
    /// The API server forgets what has changed so far.
    Compacted,
    /// Nothing gets to that side for so long.
    Down(Side, Duration),
    /// One side is put by, or goes back to what was.
    Saved(Side),
    Restored(Side),
    /// Somebody else registers a runner.
    StrangerComes,
    /// The credential of the connection is gone for so long.
    CredentialGone(Duration),
}

/// What is done to an object, its Secret or its runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Made,
    Deleted,
    Tagged,
    Paused,
    SecretRenamed,
    SecretDeleted,
    SecretEdited,
    SecretCopied,
    SecretRestored,
    /// Behind the operator's back.
    Runner(ToRunner),
}

/// What is done to a runner in GitLab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToRunner {
    Edited,
    Deleted,
    TokenReset,
}

const DEEDS: [(u64, Deed); 12] = [
    (10, Deed::Made),
    (7, Deed::Deleted),
    (10, Deed::Tagged),
    (4, Deed::Paused),
    (4, Deed::SecretRenamed),
    (6, Deed::SecretDeleted),
    (3, Deed::SecretEdited),
    (4, Deed::SecretCopied),
    (4, Deed::SecretRestored),
    (4, Deed::Runner(ToRunner::Edited)),
    (2, Deed::Runner(ToRunner::Deleted)),
    (2, Deed::Runner(ToRunner::TokenReset)),
];

/// All that happens in a run.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// How many processes there are at once.
    pub(super) processes: usize,
    /// Whether they take turns by a Lease.
    pub(super) elects: bool,
    pub(super) gitlab: Weather,
    pub(super) kubernetes: Weather,
    /// In order, with how long after the step before.
    pub(super) steps: Vec<(Duration, Step)>,
}

impl Walk {
    /// The same without one step; the others come when they came.
    pub(super) fn without(&self, number: usize) -> Self {
        let mut walk = self.clone();
        let (pause, _) = walk.steps.remove(number);
        if let Some((after, _)) = walk.steps.get_mut(number) {
            *after += pause;
        }
        walk
    }

    /// The same where nothing goes wrong by itself on that side.
    pub(super) fn in_fair_weather(&self, side: Side) -> Self {
        let mut walk = self.clone();
        match side {
            Side::GitLab => walk.gitlab = Weather::default(),
            Side::Kubernetes => walk.kubernetes = Weather::default(),
        }
        walk
    }

    pub(super) fn of(chance: Chance) -> Self {
        let mut random = chance.of("the walk");
        let processes = if random.below(4) == 0 { 2 } else { 1 };
        let elects = processes > 1 && random.below(2) == 0;
        let mut weather = |worst: u64| {
            let reads = random.below(worst);
            Weather {
                reads,
                writes: reads + random.below(3 * worst),
                down: false,
            }
        };
        let (gitlab, kubernetes) = (weather(80), weather(50));
        let mut random = chance.of("the steps");
        let first = [Duration::ZERO, Duration::from_millis(random.below(3000))];
        let mut steps: Vec<_> = first
            .into_iter()
            .enumerate()
            .map(|(number, after)| (after, Step::Object(number, Deed::Made, random.below(9))))
            .collect();
        for _ in 0..4 + random.below(16) {
            let pause = *random.weighted(&[(3, 200), (4, 4000), (3, 30_000), (1, 150_000)]);
            let after = Duration::from_millis(random.below(pause));
            let mut seconds = |longest| Duration::from_secs(1 + random.below(longest));
            let (short, long) = (seconds(20), seconds(120));
            let side = *random.weighted(&[(1, Side::GitLab), (1, Side::Kubernetes)]);
            let step = match random.below(20) {
                0 | 1 => Step::Process(random.index(processes), Order::Dies(short)),
                2 => Step::Process(random.index(processes), Order::Ends(short)),
                3 => Step::WatchesEnd,
                4 => Step::Compacted,
                5 => Step::Down(Side::GitLab, long),
                6 => Step::Down(Side::Kubernetes, short),
                7 if random.below(2) == 0 => Step::CredentialGone(long),
                7 => Step::StrangerComes,
                8 if random.below(3) == 0 => Step::Restored(side),
                8 => Step::Saved(side),
                _ => {
                    let deed = *random.weighted(&DEEDS);
                    Step::Object(random.index(SLOTS), deed, random.below(1000))
                }
            };
            steps.push((after, step));
        }
        Self {
            processes,
            elects,
            gitlab,
            kubernetes,
            steps,
        }
    }
}
