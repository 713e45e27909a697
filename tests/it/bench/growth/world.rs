//! Time, and what happens next.
use std::collections::BTreeSet;
use std::time::Duration;

use super::place::Place;
use super::{CONNECTIONS, ONE_IN};
use gitlab_runner_registrar::gitlab::model::RunnerId;

/// Something that happens at a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The next page of a sweep may be asked for.
    Page,
    /// An object is looked at.
    Wakes(RunnerId),
    /// Somebody edits a runner in GitLab.
    ByHand(usize),
    /// A user has changed an object at that time, and it has not been told to GitLab yet.
    ByUser(RunnerId, Duration),
    /// The next user changes an object.
    NextUser(usize),
}

/// Connections, and what is about to happen there.
pub(super) struct World {
    places: Vec<Place>,
    /// When, where and what.
    coming: BTreeSet<(Duration, usize, Event)>,
}

impl World {
    pub(super) fn new(runners: usize) -> Self {
        let each = runners / CONNECTIONS;
        let mut coming = BTreeSet::new();
        for place in 0..CONNECTIONS {
            // Not all at once.
            let part = super::number(place) / super::number(CONNECTIONS);
            let people = pause(each).mul_f64(part);
            coming.insert((super::RESYNC.mul_f64(part), place, Event::Page));
            coming.insert((people, place, Event::ByHand(0)));
            coming.insert((people, place, Event::NextUser(0)));
        }
        let places = (0..CONNECTIONS).map(|place| Place::new(place, each));
        Self {
            places: places.collect(),
            coming,
        }
    }

    pub(super) fn places(&mut self) -> impl Iterator<Item = &mut Place> {
        self.places.iter_mut()
    }

    pub(super) fn runs_until(&mut self, end: Duration) {
        while let Some((now, at, event)) = self.coming.pop_first() {
            if now > end {
                self.coming.insert((now, at, event));
                return;
            }
            for (then, next) in self.happens(now, at, event) {
                self.coming.insert((then, at, next));
            }
        }
    }

    /// What follows, and when.
    fn happens(&mut self, now: Duration, at: usize, event: Event) -> Vec<(Duration, Event)> {
        let place = &mut self.places[at];
        let pause = pause(place.own());
        match event {
            Event::Page => {
                let (then, woken) = place.asks_for_a_page(now);
                let woken = woken.into_iter().map(|id| (now, Event::Wakes(id)));
                woken.chain([(then, Event::Page)]).collect()
            }
            Event::Wakes(id) => match place.looks_at(id, now) {
                Some(wait) => vec![(now + wait, event)],
                None => Vec::new(),
            },
            Event::ByHand(which) => {
                // In other groups than users change objects in, so that each is a matter of its own.
                place.is_edited_by_hand(place.pick(2 * which), now);
                vec![(now + pause, Event::ByHand(which + 1))]
            }
            Event::ByUser(id, since) => match place.is_changed(id, since, now) {
                Some(wait) => vec![(now + wait, event)],
                None => Vec::new(),
            },
            Event::NextUser(which) => {
                let change = Event::ByUser(place.pick(2 * which + 1), now);
                vec![(now, change), (now + pause, Event::NextUser(which + 1))]
            }
        }
    }
}

/// The time between two edits where there are so many runners.
fn pause(runners: usize) -> Duration {
    super::HOUR.mul_f64(super::number(ONE_IN) / super::number(runners))
}
