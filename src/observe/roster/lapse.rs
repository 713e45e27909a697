//! Scopes that a sweep covered once, and none covers now.
use jiff::Timestamp;

use super::Roster;
use super::place::Place;
use crate::gitlab::model::RunnerId;

impl Roster {
    /// Whether there are any. It is cheap, since it is asked every second.
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        let state = self.state();
        state.places.values().any(|place| has_lapsed(place, now))
    }

    /// Takes them out, and gives the runners that they had.
    pub fn lapsed(&self, now: Timestamp) -> Vec<RunnerId> {
        let mut state = self.state();
        let state = &mut *state;
        let mut lapsed = Vec::new();
        for (scope, place) in &mut state.places {
            if has_lapsed(place, now) {
                place.last = None;
                let rows = state.rows.iter_mut();
                let theirs = rows.filter(|(_, row)| row.scope() == Some(*scope));
                lapsed.extend(theirs.map(|(id, row)| {
                    row.is_left();
                    *id
                }));
            }
        }
        lapsed
    }
}

fn has_lapsed(place: &Place, now: Timestamp) -> bool {
    place.last.is_some() && !place.is_in_force(now)
}
