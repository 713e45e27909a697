//! How many passes may ask through one connection at the same time, so that a GitLab that does not answer
//! keeps no other connection's objects waiting.
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::gitlab::Lane;

/// The share of a connection whose GitLab answers: half of all passes that run at once.
const SHARE: usize = 32;
/// That of one whose GitLab has left a request without an answer.
const DOUBTED: usize = 4;

/// How many of those who wait are woken for one place that is free: one of them may have gone meanwhile,
/// and whoever comes too late goes on waiting.
const WOKEN: usize = 2;

/// Has an object looked at again.
pub(super) type Wake = Box<dyn FnOnce() + Send>;

/// How many passes are under way through one connection, and who waits for a place among them.
#[derive(Default)]
pub(super) struct InFlight(Arc<Mutex<State>>);

/// A place among them, given back when it is dropped. Then whoever has waited longest is woken.
pub(super) struct Turn(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    taken: usize,
    /// Whether GitLab has left a request without an answer, as whoever came last was told.
    doubted: bool,
    waiting: BTreeMap<Order, Wake>,
    /// Since when those wait that have not had their place yet, by the uids of their objects. Whoever is
    /// woken in vain does not start anew.
    since: HashMap<String, Order>,
    next: u64,
}

/// Who comes first: by lane, and then by the time of coming.
type Order = (Lane, u64);

impl InFlight {
    /// Takes a place, if there is one; else the object waits for one. What somebody waits for may take any;
    /// what is only looked at again leaves half of them free.
    pub(super) fn enter(
        &self,
        doubted: bool,
        lane: Lane,
        uid: &str,
        wake: impl FnOnce() -> Wake,
    ) -> Option<Turn> {
        let mut state = lock(&self.0);
        state.doubted = doubted;
        if !state.has_room(lane) {
            state.waits(lane, uid, wake());
            return None;
        }
        state.taken += 1;
        if let Some(order) = state.since.remove(uid) {
            state.waiting.remove(&order);
        }
        Some(Turn(self.0.clone()))
    }

    /// How many places are taken.
    pub(super) fn taken(&self) -> usize {
        lock(&self.0).taken
    }
}

impl State {
    fn waits(&mut self, lane: Lane, uid: &str, wake: Wake) {
        let order = if let Some(former) = self.since.get(uid) {
            self.waiting.remove(former);
            (lane, former.1)
        } else {
            self.next += 1;
            (lane, self.next)
        };
        self.since.insert(uid.to_owned(), order);
        self.waiting.insert(order, wake);
    }

    /// Whether another pass of that lane may be under way.
    fn has_room(&self, lane: Lane) -> bool {
        let share = match (self.doubted, lane) {
            (true, _) => DOUBTED,
            (false, Lane::Change | Lane::Deletion) => SHARE,
            (false, Lane::Due | Lane::Sweep) => SHARE / 2,
        };
        self.taken < share
    }

    /// Gives a place back. Tells whom to wake.
    fn leave(&mut self) -> Vec<Wake> {
        self.taken -= 1;
        let orders = self.waiting.keys().copied();
        let first: Vec<Order> = orders
            .filter(|(lane, _)| self.has_room(*lane))
            .take(WOKEN)
            .collect();
        if self.taken == 0 && self.waiting.is_empty() {
            self.since.clear();
        }
        let woken = first.iter().filter_map(|order| self.waiting.remove(order));
        woken.collect()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let woken = lock(&self.0).leave();
        for wake in woken {
            wake();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn silent() -> Wake {
        Box::new(|| ())
    }

    fn some(connection: &InFlight, doubted: bool, lane: Lane, count: usize) -> Vec<Turn> {
        let enter = |_| connection.enter(doubted, lane, "some", silent);
        (0..count).filter_map(enter).collect()
    }

    #[test]
    fn what_is_awaited_finds_a_place_beside_what_is_looked_at_again() {
        let connection = InFlight::default();
        let again = some(&connection, false, Lane::Due, 33);
        let awaited = some(&connection, false, Lane::Change, 33);
        assert_eq!((again.len(), awaited.len()), (16, 16));
        assert!(some(&connection, true, Lane::Change, 1).is_empty());
        drop((again, awaited));
        assert_eq!(some(&connection, true, Lane::Change, 5).len(), 4);
        assert_eq!(connection.taken(), 0);
    }

    #[test]
    fn a_place_that_is_free_wakes_whoever_is_first_by_lane_and_then_by_time() {
        let connection = InFlight::default();
        let mut turns = some(&connection, false, Lane::Change, 32);
        let woken = Arc::new(Mutex::new(Vec::new()));
        let enter = |name: &'static str, lane| {
            let woken = woken.clone();
            let wake = || -> Wake { Box::new(move || woken.lock().unwrap().push(name)) };
            connection.enter(false, lane, name, wake)
        };
        for (name, lane) in [
            ("due", Lane::Due),
            ("old", Lane::Change),
            ("going", Lane::Deletion),
            ("new", Lane::Change),
        ] {
            assert!(enter(name, lane).is_none());
        }
        // Asking once more changes nothing.
        assert!(enter("new", Lane::Change).is_none());
        turns.pop();
        assert_eq!(*woken.lock().unwrap(), ["old", "new"]);
        let old = enter("old", Lane::Change);
        assert!(old.is_some() && enter("new", Lane::Change).is_none());
        woken.lock().unwrap().clear();
        drop(old);
        assert_eq!(
            *woken.lock().unwrap(),
            ["new", "going"],
            "the one that came too late is first"
        );
        // What is only looked at again waits until half of the places are free.
        woken.lock().unwrap().clear();
        turns.truncate(16);
        assert!(woken.lock().unwrap().is_empty());
        turns.pop();
        assert_eq!(*woken.lock().unwrap(), ["due"]);
    }

    /// Whoever came while GitLab was in doubt waits no longer than that.
    #[test]
    fn the_end_of_a_doubt_makes_room_for_those_who_wait() {
        let connection = InFlight::default();
        let mut turns = some(&connection, true, Lane::Change, 4);
        let woken = Arc::new(AtomicUsize::new(0));
        for name in ["one", "two"] {
            let count = woken.clone();
            let wake = || -> Wake {
                Box::new(move || {
                    count.fetch_add(1, Ordering::Relaxed);
                })
            };
            assert!(connection.enter(true, Lane::Change, name, wake).is_none());
        }
        turns.extend(connection.enter(false, Lane::Change, "three", silent));
        turns.pop();
        assert_eq!(
            woken.load(Ordering::Relaxed),
            2,
            "four are under way, and 32 may be"
        );
    }

    #[test]
    fn nobody_is_remembered_once_all_is_quiet() {
        let connection = InFlight::default();
        let turns = some(&connection, false, Lane::Change, 32);
        let woken = Arc::new(AtomicUsize::new(0));
        for name in ["one", "two", "three"] {
            let count = woken.clone();
            let wake = || -> Wake {
                Box::new(move || {
                    count.fetch_add(1, Ordering::Relaxed);
                })
            };
            assert!(
                connection
                    .enter(false, Lane::Deletion, name, wake)
                    .is_none()
            );
        }
        drop(turns);
        assert_eq!(woken.load(Ordering::Relaxed), 3);
        let state = lock(&connection.0);
        assert!(state.since.is_empty() && state.waiting.is_empty());
    }
}
