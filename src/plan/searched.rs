//! What a search for a runner of this object's makes of what was seen.
use jiff::Timestamp;

use super::observed::{Doubt, Observed, Sighting};
use crate::gitlab::model::{Found, Runner};

impl Observed {
    /// Takes in what a search for the runner of the last attempt came to, which may be taken for
    /// failed from `settles_at` on. Without a scope there was nothing to search.
    pub fn searched(&mut self, search: Option<Found>, settles_at: Timestamp) {
        match search {
            None => self.runner = Sighting::Unclear(Doubt::Unplaced),
            Some(Found { runners, .. }) if !runners.is_empty() => self.found(runners),
            Some(Found { complete: true, .. }) => self.settles_at = Some(settles_at),
            Some(Found { .. }) => self.runner = Sighting::Unclear(Doubt::Crowded),
        }
    }

    /// Takes in what a search for the runner of an attempt that was given up came to. It is the last
    /// one when the object goes, so that what could not be looked through is not taken for empty.
    pub fn searched_for_twins(&mut self, search: Option<Found>, leaving: bool) {
        let doubt = match &search {
            None => Some(Doubt::Unplaced),
            Some(Found { complete, .. }) => (!complete).then_some(Doubt::Crowded),
        };
        self.found(search.map(|found| found.runners).unwrap_or_default());
        if let (true, Sighting::Absent, Some(doubt)) = (leaving, &self.runner, doubt) {
            self.runner = Sighting::Unclear(doubt);
        }
    }

    /// Takes in what a search for any runner of this object's came to, whether a runner process has
    /// contacted it or not, before one that has vanished is registered anew. What is in use is left
    /// alone, though it carries our mark.
    pub fn searched_for_later(&mut self, Found { runners, complete }: Found) {
        self.found(runners);
        if self.runner == Sighting::Absent && !complete {
            self.runner = Sighting::Unclear(Doubt::Crowded);
        }
    }

    /// Takes in the runners that carry our mark: the first stands in for one that is not there, and
    /// the others are its twins.
    fn found(&mut self, by_mark: Vec<Runner>) {
        let mut others = by_mark;
        if let Sighting::Present(runner) = &self.runner {
            others.retain(|other| other.id != runner.id);
        }
        let mut others = others.into_iter();
        if self.runner == Sighting::Absent
            && let Some(first) = others.next()
        {
            self.runner = Sighting::Present(first);
        }
        self.twins = others
            .filter(|twin| twin.online.is_none())
            .map(|twin| twin.id)
            .collect();
    }
}
