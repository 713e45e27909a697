//! A sweep on its way into the roster: page by page what it sees, and at its end what it did not see.
use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::place::Place;
use super::row::Row;
use super::strays::Strays;
use super::{Roster, State};
use crate::gitlab;
use crate::gitlab::model::{Identity, ListedRunner, Note, Runner, RunnerId, Scope};
use crate::plan::Mark;

/// Which objects there are when a sweep begins.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// The runners that objects have, with the uid of the object.
    pub runners: HashMap<RunnerId, String>,
    /// The uids of all objects.
    pub uids: HashSet<String>,
    /// The scopes that status of them names.
    pub scopes: HashSet<Scope>,
}

/// What a sweep has shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The runners of objects that are new or have changed.
    pub changed: HashSet<RunnerId>,
    /// Those that an earlier sweep saw, and this one did not.
    pub missing: HashSet<RunnerId>,
    /// The uids of the objects that have waited for it.
    pub waiters: HashSet<String>,
}

impl News {
    /// Takes in what another sweep has shown.
    pub fn add(&mut self, other: Self) {
        let Self {
            changed,
            missing,
            waiters,
        } = other;
        self.changed.extend(changed);
        self.missing.extend(missing);
        self.waiters.extend(waiters);
    }
}

/// A sweep of one scope under way.
#[derive(Debug)]
pub struct Sweep<'a> {
    roster: &'a Roster,
    holders: &'a Holders,
    scope: Scope,
    began: Timestamp,
    strays: Strays,
    /// Whether it shows the marks of runners at all.
    shows_marks: bool,
    news: News,
}

impl Roster {
    /// Begins a sweep of a scope.
    pub fn sweep<'a>(
        &'a self,
        scope: Scope,
        way: gitlab::Way,
        holders: &'a Holders,
        now: Timestamp,
    ) -> Sweep<'a> {
        self.state().places.entry(scope).or_default().begins(now);
        Sweep {
            roster: self,
            holders,
            scope,
            began: now,
            strays: Strays::default(),
            shows_marks: way == gitlab::Way::GraphQl,
            news: News::default(),
        }
    }

    /// Forgets the runners that no object has, but for those that were seen since then, and the scopes.
    pub fn retain(&self, holders: &Holders, since: Timestamp) {
        let mut state = self.state();
        let state = &mut *state;
        let strays: HashSet<RunnerId> = state.strays().collect();
        state.rows.retain(|id, row| {
            row.at >= since || holders.runners.contains_key(id) || strays.contains(id)
        });
        let waits = |uid: &String, asked: Timestamp| asked >= since || holders.uids.contains(uid);
        state.waiting.retain(|uid, asked| waits(uid, *asked));
        let used = |scope: &Scope, place: &Place| {
            holders.scopes.contains(scope) || place.is_in_force(since) || place.wanted.is_some()
        };
        state.places.retain(|scope, place| used(scope, place));
    }
}

impl Roster {
    /// The runners that a sweep which began then has shown, but not whole, those first that were read
    /// longest ago.
    pub fn partly_shown(&self, began: Timestamp) -> Vec<RunnerId> {
        let state = self.state();
        let rows = state.rows.iter();
        let partly = rows.filter(|(_, row)| row.shown >= began && row.at < began);
        let mut partly: Vec<_> = partly.map(|(id, row)| (row.at, *id)).collect();
        partly.sort_unstable();
        partly.into_iter().map(|(_, id)| id).collect()
    }
}

impl Sweep<'_> {
    /// Takes in a page that was asked for then.
    pub fn page(&mut self, rows: Vec<gitlab::Row>, asked: Timestamp) {
        for row in rows {
            match row {
                gitlab::Row::Whole(runner, Identity { short_sha }) => {
                    if self.concerns_us(runner.id, &runner.maintenance_note) {
                        self.whole(*runner, short_sha, asked);
                    }
                }
                gitlab::Row::Listed(listed) => {
                    if self.concerns_us(listed.id, &listed.note) {
                        self.listed(&listed);
                    }
                }
            }
        }
    }

    /// Whether the runner is that of an object. One with the mark of an object that does not know it is
    /// kept in mind for that.
    fn concerns_us(&mut self, id: RunnerId, note: &Note) -> bool {
        let holder = self.holders.runners.get(&id);
        let Some(text) = note.text() else {
            if holder.is_none() {
                self.strays.has_unread();
            }
            return holder.is_some();
        };
        let mark = Mark::split(text).1;
        let mark = mark.filter(|mark| self.holders.uids.contains(&mark.uid));
        let stray = mark.filter(|mark| holder != Some(&mark.uid));
        let concerns_us = stray.is_some() || holder.is_some();
        if let Some(mark) = stray {
            self.strays.insert(mark.uid, id);
        }
        concerns_us
    }

    fn whole(&mut self, runner: Runner, short_sha: Option<String>, asked: Timestamp) {
        let id = runner.id;
        let mut state = self.roster.state();
        if state.is_too_old(id, asked) {
            // What is known is newer, and it is there.
            if let Some(row) = state.rows.get_mut(&id) {
                row.is_shown(self.scope, self.began);
            }
            return;
        }
        let changed = if let Some(row) = state.rows.get_mut(&id) {
            row.is_shown(self.scope, self.began);
            row.renew(runner, short_sha, asked)
        } else {
            let mut row = Row::new(runner, short_sha, asked);
            row.is_shown(self.scope, self.began);
            state.rows.insert(id, row);
            true
        };
        if changed {
            self.news.changed.insert(id);
        }
    }

    /// A list says too little to go by: it says that the runner is there, and whether to ask for it.
    fn listed(&mut self, listed: &ListedRunner) {
        let mut state = self.roster.state();
        match state.rows.get_mut(&listed.id) {
            Some(row) if row.at >= self.began || row.agrees_with(listed) => {
                row.is_shown(self.scope, self.began);
            }
            Some(_) => {
                state.rows.remove(&listed.id);
                self.news.changed.insert(listed.id);
            }
            None => drop(self.news.changed.insert(listed.id)),
        }
    }

    /// Ends a sweep that came to the last page, and counts until then. A runner that it did not show is
    /// asked for by its number before anybody believes that it is gone.
    pub fn ends(mut self, until: Timestamp) -> News {
        let mut state = self.roster.state();
        let state = &mut *state;
        let (scope, began) = (Some(self.scope), self.began);
        let shown = |row: &Row| row.scope() != scope || row.shown >= began;
        let gone = state.rows.extract_if(|_, row| !shown(row));
        self.news.missing = gone.map(|(id, _)| id).collect();
        let waiting = state.waiting.iter().filter(|(_, since)| **since <= began);
        self.news.waiters = waiting.map(|(uid, _)| uid.clone()).collect();
        let strays = self.shows_marks.then_some(self.strays);
        let place = state.places.entry(self.scope).or_default();
        place.ends(began, until, strays);
        self.news
    }

    /// Ends a sweep that did not come to the last page. What it saw is true.
    pub fn breaks_off(self) -> News {
        self.news
    }
}

impl State {
    fn strays(&self) -> impl Iterator<Item = RunnerId> {
        let places = self.places.values();
        places.flat_map(super::place::Place::strays)
    }
}
