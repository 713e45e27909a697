//! The runners of one GitLab as one credential last saw them, whoever looked: a sweep of a whole scope, or
//! somebody who asked for one runner by its number. It keeps rows of the runners that objects of ours have,
//! and of strangers nothing. Times are arguments.
mod compare;
mod lapse;
mod marks;
mod place;
mod row;
mod strays;
mod sweep;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::gitlab::model::{Identity, Insight, Runner, RunnerId, Scope};
use crate::plan::Pace;
use compare::Comparison;
use place::Place;
use row::Row;

pub use marks::Marks;
pub use place::Coverage;
pub use sweep::{Holders, News, Sweep};

pub(in crate::observe) use compare::Mismatch;

/// For how long what was seen counts as seen by the very pass that asks: a write may follow from it.
pub const SAME_LOOK: SignedDuration = SignedDuration::from_secs(10);

/// How long a credential that works again has for its first sweep, before objects that were settled ask
/// one by one.
const FIRST_SWEEP_WITHIN: SignedDuration = SignedDuration::from_secs(60);

/// What the roster knows of a runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// This, and how old it is.
    Known(Box<Runner>, SignedDuration),
    /// Nothing that counts: ask GitLab for it by its number.
    Ask,
}

/// The runners of one GitLab, by one credential.
#[derive(Debug, Default)]
pub struct Roster(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Since when the credential has worked.
    works_since: Option<Timestamp>,
    rows: HashMap<RunnerId, Row>,
    places: BTreeMap<Scope, Place>,
    /// Since when an object waits for a sweep that begins after it has asked, by its uid.
    waiting: HashMap<String, Timestamp>,
    pace: Option<Pace>,
    comparison: Comparison,
}

impl Roster {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when the credential works.
    pub fn works_since(&self) -> Option<Timestamp> {
        self.state().works_since
    }

    /// Notes that the credential works from now on.
    pub fn works(&self, now: Timestamp) {
        let mut state = self.state();
        state.works_since = Some(now);
        for place in state.places.values_mut() {
            place.may_be_well();
        }
    }

    /// What is known of a runner: while a sweep of its scope is in force, what that saw, else what was seen
    /// no longer than `fresh` ago.
    pub fn sighting(&self, id: RunnerId, fresh: SignedDuration, now: Timestamp) -> Look {
        let state = self.state();
        let Some(row) = state.rows.get(&id) else {
            return Look::Ask;
        };
        let age = now.duration_since(row.at);
        // A clock that was set back says nothing of how old a row is.
        let counts = !age.is_negative() && (age < fresh || state.is_covered(row, now));
        if counts {
            Look::Known(Box::new(row.runner()), age)
        } else {
            Look::Ask
        }
    }

    /// Whether a sweep looks after this runner: what changes of it in GitLab wakes its object.
    pub fn covers(&self, id: RunnerId, now: Timestamp) -> bool {
        let state = self.state();
        let row = state.rows.get(&id);
        row.is_some_and(|row| state.is_covered(row, now))
    }

    /// What tells the runner from another of its number, as a sweep has seen it.
    pub fn identity(&self, id: RunnerId) -> Option<Identity> {
        let state = self.state();
        let short_sha = state.rows.get(&id)?.short_sha.clone()?;
        Some(Identity {
            short_sha: Some(short_sha),
        })
    }

    /// Takes in what somebody saw who asked for this runner alone, at that time. Tells whether that is news.
    pub fn note(&self, runner: Runner, asked: Timestamp) -> bool {
        let mut state = self.state();
        if state.is_too_old(runner.id, asked) {
            return false;
        }
        if let Some(row) = state.rows.get_mut(&runner.id) {
            return row.renew(runner, None, asked);
        }
        state.rows.insert(runner.id, Row::new(runner, None, asked));
        true
    }

    /// What was last shown of the runner's processes.
    pub(in crate::observe) fn insight(&self, id: RunnerId) -> Option<Insight> {
        let state = self.state();
        state.rows.get(&id).map(|row| row.runner().insight)
    }

    /// Whether the runner was at work, as far as that was asked for since then: without the patience by which
    /// status calls a runner busy between two jobs.
    pub fn at_work(&self, id: RunnerId, since: Timestamp) -> Option<bool> {
        self.state().rows.get(&id)?.at_work(since)
    }

    /// When the runner was last asked for.
    pub fn asked(&self, id: RunnerId) -> Option<Timestamp> {
        self.state().rows.get(&id).map(|row| row.at)
    }

    /// When a runner process last contacted the runner, as far as is known.
    pub fn contacted_at(&self, id: RunnerId) -> Option<Timestamp> {
        self.state().rows.get(&id)?.contacted_at()
    }

    /// Whether anything is known of the runner.
    pub fn has(&self, id: RunnerId) -> bool {
        self.state().rows.contains_key(&id)
    }

    /// Forgets a runner that is gone.
    pub fn forget(&self, id: RunnerId) {
        self.state().rows.remove(&id);
    }

    /// How its runners are looked at, as far as is known.
    pub fn pace(&self) -> Option<Pace> {
        self.state().pace
    }

    /// Notes how its runners are looked at.
    /// Tells whether that is news.
    pub fn goes_at(&self, pace: Pace) -> bool {
        let pace = Some(pace);
        std::mem::replace(&mut self.state().pace, pace) != pace
    }

    /// Whether a sweep that is about to come will show the runners of a scope, since the credential has not
    /// worked for long, so that those of settled objects need not be asked for alone. Asks for that sweep.
    pub fn is_awaited(&self, scope: Scope, now: Timestamp) -> bool {
        let mut state = self.state();
        let since = state.works_since;
        let early = since.is_some_and(|since| now.duration_since(since) < FIRST_SWEEP_WITHIN);
        let place = state.places.entry(scope).or_default();
        // One that has ended has said that it is not there.
        let awaited = early && place.is_sweepable(now) && !place.is_in_force(now);
        if awaited {
            place.want_now(now);
        }
        awaited
    }
}

impl State {
    fn is_covered(&self, row: &Row, now: Timestamp) -> bool {
        let place = row.scope().and_then(|scope| self.places.get(&scope));
        place.is_some_and(|place| place.is_in_force(now))
    }

    /// Whether the runner was seen later than that.
    fn is_too_old(&self, id: RunnerId, asked: Timestamp) -> bool {
        self.rows.get(&id).is_some_and(|row| asked < row.at)
    }
}

#[cfg(test)]
mod tests;
