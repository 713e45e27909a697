//! Who waits in a lane, first come first served.
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use tokio::time::Instant;

/// For how long somebody who does not come back keeps their place.
const GRACE: Duration = Duration::from_secs(15);

/// Those who were told to come back later.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    places: HashMap<String, u64>,
    waiting: BTreeMap<u64, Waiting>,
    next: u64,
    cost: u32,
}

#[derive(Clone, Debug)]
struct Waiting {
    who: String,
    cost: u32,
    back: Instant,
}

/// Who is before somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ahead {
    /// How many they are.
    pub(super) number: u32,
    /// What they will take.
    pub(super) cost: u32,
}

impl Queue {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// What all of them will take.
    pub(super) fn cost(&self) -> u32 {
        self.cost
    }

    /// What the first of them will take.
    pub(super) fn first(&self) -> Option<u32> {
        self.waiting.values().next().map(|first| first.cost)
    }

    /// Who is before them; all, if they do not wait yet.
    pub(super) fn ahead(&self, who: &str) -> Ahead {
        let place = self.places.get(who).copied().unwrap_or(u64::MAX);
        let before = self.waiting.range(..place);
        before.fold(Ahead::default(), |ahead, (_, waiting)| Ahead {
            number: ahead.number + 1,
            cost: ahead.cost.saturating_add(waiting.cost),
        })
    }

    /// Has them wait: in the place that they have, else in the last one.
    pub(super) fn put(&mut self, who: &str, cost: u32, back: Instant) {
        let place = self.places.get(who).copied().unwrap_or(self.next);
        if place == self.next {
            self.next += 1;
            self.places.insert(who.to_owned(), place);
        }
        let who = who.to_owned();
        let before = self.waiting.insert(place, Waiting { who, cost, back });
        self.cost = self.cost.saturating_add(cost);
        self.cost -= before.map_or(0, |before| before.cost);
    }

    /// They do not wait any more.
    pub(super) fn remove(&mut self, who: &str) {
        let place = self.places.remove(who);
        if let Some(waited) = place.and_then(|place| self.waiting.remove(&place)) {
            self.cost -= waited.cost;
        }
    }

    /// Forgets whoever has not come back, as objects do that are gone.
    pub(super) fn forget_the_late(&mut self, now: Instant) {
        let Self {
            places,
            waiting,
            next: _,
            cost,
        } = self;
        waiting.retain(|_, waiting| {
            let comes = now <= waiting.back + GRACE;
            if !comes {
                places.remove(&waiting.who);
                *cost -= waiting.cost;
            }
            comes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_keeps_their_place_as_long_as_they_come_back() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        let ahead = |number, cost| Ahead { number, cost };
        queue.put("first", 2, now);
        queue.put("second", 3, now);
        queue.put("first", 1, now + Duration::from_secs(5));
        assert_eq!(queue.ahead("first"), ahead(0, 0));
        assert_eq!(queue.ahead("second"), ahead(1, 1));
        assert_eq!(queue.ahead("third"), ahead(2, 4));
        assert_eq!((queue.len(), queue.cost(), queue.first()), (2, 4, Some(1)));
        queue.forget_the_late(now + Duration::from_secs(16));
        assert_eq!(queue.ahead("third"), ahead(1, 1));
        queue.remove("first");
        assert_eq!((queue.len(), queue.cost(), queue.first()), (0, 0, None));
    }
}
