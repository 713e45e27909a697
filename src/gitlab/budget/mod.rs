//! How many requests may be sent with one credential, and who goes first.
#[cfg(test)]
mod crowd;
mod lane;
mod ledger;
mod queue;
mod told;
mod window;

pub use lane::Lane;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use strum::VariantArray;
use tokio::time::{Instant, sleep};

use super::error::Error;
use super::limits::Limits;
use ledger::{Closed, Ledger};

/// The budget of one credential. Cheap to clone; clones share it, and so do all clients that are made
/// with it.
#[derive(Clone)]
pub struct Budget(Arc<Mutex<Ledger>>);

/// Why nothing can be asked of GitLab now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// When to come back.
    pub wait: Duration,
    /// How many requests a minute there are, where they are used up; `None` where GitLab has asked for
    /// silence.
    pub limit: Option<u32>,
}

/// Room for a few requests, until it is dropped.
#[must_use]
#[derive(Debug)]
pub struct Admission {
    budget: Budget,
    cost: u32,
}

/// What a budget says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How many requests a minute there are.
    pub limit: u32,
    /// How many of them are left at the moment.
    pub remaining: u32,
    /// How many wait in each lane.
    pub waiting: Vec<(Lane, usize)>,
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").finish_non_exhaustive()
    }
}

impl Budget {
    /// No more than so many requests in any 60 seconds.
    pub fn per_minute(ceiling: u32) -> Self {
        Self(Arc::new(Mutex::new(Ledger::new(ceiling, Instant::now()))))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on no more than so many.
    pub fn set_ceiling(&self, ceiling: u32) {
        self.ledger().set_ceiling(ceiling);
    }

    /// Makes room for so many requests of somebody who has a name of their own; or says when to come
    /// back, and keeps their place until then.
    pub fn admit(&self, lane: Lane, who: &str, cost: u32) -> Result<Admission, HeldBack> {
        self.admit_at(lane, who, cost, Instant::now())
    }

    /// The same at a time that whoever calls it tells.
    pub fn admit_at(
        &self,
        lane: Lane,
        who: &str,
        cost: u32,
        now: Instant,
    ) -> Result<Admission, HeldBack> {
        let mut ledger = self.ledger();
        // Where so little may be sent a pass begins with what there is.
        let cost = cost.min(ledger.limit(now));
        let admitted = ledger.admit(lane, who, cost, now);
        admitted.map_err(|closed| HeldBack::new(closed, &ledger, now))?;
        let budget = self.clone();
        Ok(Admission { budget, cost })
    }

    /// Counts a request that is sent then and answered at once, where no socket tells of it.
    pub fn spend_at(&self, now: Instant) -> Result<(), HeldBack> {
        let mut ledger = self.ledger();
        let spent = ledger.spend(now);
        spent.map_err(|closed| HeldBack::new(closed, &ledger, now))?;
        ledger.end();
        Ok(())
    }

    /// What it says of itself.
    pub fn reading(&self) -> Reading {
        let now = Instant::now();
        let mut ledger = self.ledger();
        let quiet = ledger.is_quiet(now);
        let limit = ledger.limit(now);
        let waiting = Lane::VARIANTS.iter();
        Reading {
            limit,
            remaining: if quiet { limit } else { ledger.room(now) },
            waiting: waiting.map(|lane| (*lane, ledger.waiting(*lane))).collect(),
        }
    }

    /// Whether nobody uses it, and nothing would be forgotten with it.
    pub fn is_over(&self) -> bool {
        Arc::strong_count(&self.0) == 1 && self.ledger().is_quiet(Instant::now())
    }

    /// Waits until one request may be sent in that lane.
    pub(super) async fn turn(&self, lane: Lane, who: &str) -> Admission {
        loop {
            match self.admit(lane, who, 1) {
                Ok(admission) => return admission,
                Err(HeldBack { wait, limit: _ }) => sleep(wait).await,
            }
        }
    }

    /// Counts a request that is sent now; or says why none may be.
    pub(super) fn spend(&self) -> Result<Spent, Error> {
        let now = Instant::now();
        let mut ledger = self.ledger();
        match ledger.spend(now) {
            Ok(()) => Ok(Spent(self.clone())),
            Err(Closed::Silent(wait)) => Err(Error::Throttled {
                wait: Some(wait),
                by_gitlab: true,
            }),
            Err(Closed::UsedUp(wait)) => Err(Error::HeldBack {
                wait,
                limit: ledger.limit(now),
            }),
        }
    }
}

impl HeldBack {
    fn new(closed: Closed, ledger: &Ledger, now: Instant) -> Self {
        let (wait, limit) = match closed {
            Closed::Silent(wait) => (wait, None),
            Closed::UsedUp(wait) => (wait, Some(ledger.limit(now))),
        };
        Self { wait, limit }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.budget.ledger().release(self.cost);
    }
}

/// A request that is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Spent(Budget);

impl Spent {
    /// Takes in what its answer says of limits.
    pub(super) fn learn(&self, limits: &Limits) {
        self.0.ledger().learn(limits, Instant::now());
    }
}

impl Drop for Spent {
    fn drop(&mut self) {
        self.0.ledger().end();
    }
}
