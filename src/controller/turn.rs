//! How many passes may ask through one connection at the same time, so that a GitLab that does not answer
//! keeps no other connection's objects waiting.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::gitlab::Lane;

/// The share of a connection whose GitLab answers: half of all passes that run at once.
const SHARE: usize = 32;
/// That of one whose GitLab has left a request without an answer.
const DOUBTED: usize = 4;

/// How many passes are under way through one connection.
#[derive(Debug, Default)]
pub(super) struct InFlight(Arc<AtomicUsize>);

/// A place among them, given back when it is dropped.
#[derive(Debug)]
pub struct Turn(Arc<AtomicUsize>);

impl InFlight {
    /// Takes a place, if there is one. What somebody waits for may take any; what is only looked at
    /// again leaves half of them free. The caller holds the lock of all connections, so that no two
    /// take the same one.
    pub(super) fn enter(&self, doubted: bool, lane: Lane) -> Option<Turn> {
        let share = match (doubted, lane) {
            (true, _) => DOUBTED,
            (false, Lane::Change | Lane::Deletion) => SHARE,
            (false, Lane::Due | Lane::Sweep) => SHARE / 2,
        };
        if self.0.load(Ordering::Acquire) >= share {
            return None;
        }
        self.0.fetch_add(1, Ordering::AcqRel);
        Some(Turn(self.0.clone()))
    }

    /// How many places are taken.
    pub(super) fn taken(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_awaited_finds_a_place_beside_what_is_looked_at_again() {
        let connection = InFlight::default();
        let again: Vec<Turn> = std::iter::from_fn(|| connection.enter(false, Lane::Due)).collect();
        let awaited: Vec<Turn> =
            std::iter::from_fn(|| connection.enter(false, Lane::Change)).collect();
        assert_eq!((again.len(), awaited.len()), (16, 16));
        assert!(connection.enter(true, Lane::Change).is_none());
        drop((again, awaited));
        let doubted: Vec<Turn> =
            std::iter::from_fn(|| connection.enter(true, Lane::Change)).collect();
        assert_eq!(doubted.len(), 4);
    }
}
