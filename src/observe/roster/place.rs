//! A scope whose runners are swept, and how that went last.
use jiff::{SignedDuration, Timestamp};

use super::Roster;
use super::strays::Strays;
use crate::gitlab::model::{RunnerId, Scope};

/// For how long nobody waits for the sweep of a scope after one has failed.
const FAILED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// For how long sweeps may have no answer before that counts as a failure of theirs: an outage is over for
/// all scopes at once, and whoever waits for a sweep then waits for the next.
const UNHEARD_FOR: SignedDuration = SignedDuration::from_secs(20);

/// How long nobody more has asked for a sweep when it begins: those who have lost an answer together look
/// for it together.
const GATHERED: SignedDuration = SignedDuration::from_secs(2);

/// How long the first who has asked for a sweep waits at most for others.
const PATIENCE: SignedDuration = SignedDuration::from_secs(15);

/// For how long GraphQL is not tried again that has not shown the list of a scope.
const UNANSWERED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// A scope, as far as it is swept.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Its full path, by which GraphQL names it.
    path: Option<String>,
    pub(super) last: Option<Complete>,
    /// Since when and until when somebody has asked for a sweep.
    pub(super) wanted: Option<(Timestamp, Timestamp)>,
    /// When a sweep last failed, if none has succeeded since.
    failed: Option<Timestamp>,
    /// Since when sweeps have had no answer.
    unheard: Option<Timestamp>,
    /// When GitLab last refused to show its list.
    refused: Option<Timestamp>,
    /// When GraphQL last did not show its list.
    unanswered: Option<Timestamp>,
}

/// A sweep that came to its end.
#[derive(Debug)]
pub(super) struct Complete {
    pub(super) began: Timestamp,
    /// Until when it counts.
    pub(super) until: Timestamp,
    /// `None` where it showed no notes.
    pub(super) strays: Option<Strays>,
}

/// How a scope is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// When the last complete sweep began.
    pub began: Timestamp,
    /// Until when it is in force.
    pub until: Timestamp,
}

impl Place {
    pub(super) fn is_in_force(&self, now: Timestamp) -> bool {
        self.last.as_ref().is_some_and(|last| now < last.until)
    }

    /// Whether a sweep of it may be waited for.
    pub(super) fn is_sweepable(&self, now: Timestamp) -> bool {
        self.failed
            .is_none_or(|at| now.duration_since(at) >= FAILED_FOR)
    }

    /// Asks for a sweep that begins after now, but not before others have asked who are about to.
    pub(super) fn want(&mut self, now: Timestamp) {
        let since = self.wanted.map_or(now, |(since, _)| since);
        self.wanted = Some((since, now));
    }

    /// Asks for a sweep that begins now.
    pub(super) fn want_now(&mut self, now: Timestamp) {
        self.wanted = Some((Timestamp::MIN, now));
    }

    /// What has failed in an outage need not fail after it.
    pub(super) fn may_be_well(&mut self) {
        (self.failed, self.unheard) = (None, None);
    }

    fn is_wanted(&self, now: Timestamp) -> bool {
        self.wanted.is_some_and(|(since, last)| {
            now.duration_since(last) >= GATHERED || now.duration_since(since) >= PATIENCE
        })
    }

    /// The runners that carry marks of objects which do not know them.
    pub(super) fn strays(&self) -> impl Iterator<Item = RunnerId> {
        let strays = self.last.iter().flat_map(|last| &last.strays);
        strays.flat_map(Strays::ids)
    }

    pub(super) fn begins(&mut self, now: Timestamp) {
        self.wanted = self.wanted.filter(|(_, last)| *last > now);
    }

    pub(super) fn ends(&mut self, began: Timestamp, until: Timestamp, strays: Option<Strays>) {
        (self.failed, self.refused, self.unheard) = (None, None, None);
        if strays.is_some() {
            self.unanswered = None;
        }
        // A sweep of this scope alone does not know how seldom all are swept.
        let until = self
            .last
            .as_ref()
            .map_or(until, |last| last.until.max(until));
        self.last = Some(Complete {
            began,
            until,
            strays,
        });
    }
}

impl Roster {
    /// The scopes of which somebody waits for a sweep that is to begin now.
    pub fn wanted(&self, now: Timestamp) -> Vec<Scope> {
        let state = self.state();
        let places = state.places.iter();
        places
            .filter(|(_, place)| place.is_wanted(now))
            .map(|(scope, _)| *scope)
            .collect()
    }

    /// The full path of a scope, as far as it is known.
    pub fn path(&self, scope: Scope) -> Option<String> {
        self.state().places.get(&scope)?.path.clone()
    }

    /// Notes the full path of a scope, or that the one that was known leads nowhere.
    pub fn lies_at(&self, scope: Scope, path: Option<String>) {
        self.state().places.entry(scope).or_default().path = path;
    }

    /// Whether GraphQL may be asked for the list of a scope.
    pub fn answers_queries(&self, scope: Scope, now: Timestamp) -> bool {
        let state = self.state();
        let place = state.places.get(&scope);
        let unanswered = place.and_then(|place| place.unanswered);
        unanswered.is_none_or(|at| now.duration_since(at) >= UNANSWERED_FOR)
    }

    /// Whether GraphQL has not shown the list of some scope.
    pub fn has_unanswered(&self) -> bool {
        let state = self.state();
        state
            .places
            .values()
            .any(|place| place.unanswered.is_some())
    }

    /// Notes that GraphQL does not show the list of a scope.
    pub fn does_not_answer_queries(&self, scope: Scope, now: Timestamp) {
        self.state().places.entry(scope).or_default().unanswered = Some(now);
    }

    /// Notes that the sweep of a scope which began then counts for longer than was thought.
    pub fn lasts(&self, scope: Scope, began: Timestamp, until: Timestamp) {
        let mut state = self.state();
        let place = state.places.get_mut(&scope);
        let last = place.and_then(|place| place.last.as_mut());
        if let Some(last) = last.filter(|last| last.began >= began) {
            last.until = last.until.max(until);
        }
    }

    /// Whether a sweep of a scope is worth a try: what GitLab has refused is not put to it each time.
    pub fn is_worth_a_try(&self, scope: Scope, now: Timestamp) -> bool {
        let state = self.state();
        let refused = state.places.get(&scope).and_then(|place| place.refused);
        refused.is_none_or(|at| now.duration_since(at) >= FAILED_FOR)
    }

    /// Notes that GitLab does not show the list of a scope.
    pub fn is_refused(&self, scope: Scope, now: Timestamp) {
        self.state().places.entry(scope).or_default().refused = Some(now);
    }

    /// Notes that a sweep of a scope has had no answer, or none that says anything of the scope.
    pub fn is_unheard(&self, scope: Scope, now: Timestamp) {
        let mut state = self.state();
        let place = state.places.entry(scope).or_default();
        let since = *place.unheard.get_or_insert(now);
        drop(state);
        if now.duration_since(since) >= UNHEARD_FOR {
            self.failed(scope, now);
        }
    }

    /// Notes that a sweep of a scope has failed. What the last complete one saw stays in force.
    pub fn failed(&self, scope: Scope, now: Timestamp) {
        let mut state = self.state();
        let place = state.places.entry(scope).or_default();
        place.failed = Some(now);
        place.wanted = None;
        if !place.is_in_force(now) {
            state.waiting.clear();
        }
    }

    /// Whether some scope is covered, and none of them has just failed.
    pub fn is_swept(&self, now: Timestamp) -> bool {
        let state = self.state();
        let well = |place: &Place| place.is_in_force(now) && place.failed.is_none();
        !state.places.is_empty() && state.places.values().all(well)
    }

    /// How each scope is covered that was swept to its end.
    pub fn coverage(&self) -> Vec<(Scope, Coverage)> {
        let state = self.state();
        let places = state.places.iter();
        let covered = places.filter_map(|(scope, place)| {
            let &Complete { began, until, .. } = place.last.as_ref()?;
            Some((*scope, Coverage { began, until }))
        });
        covered.collect()
    }
}
