//! What is known of the losses of one connection.
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::gitlab::model::Scope;
use crate::plan::{Acknowledged, Losses};

/// For how long it counts how many runners there are: to count them takes a look at all objects.
const COUNTED_FOR: Duration = Duration::from_secs(5);

/// The losses of one connection, by the uids of the objects.
#[derive(Debug, Default)]
pub(super) struct State {
    lost: HashSet<String>,
    /// Those whose loss somebody has acknowledged.
    acknowledged: HashSet<String>,
    open: Option<Open>,
    /// What the lists of runners have left out that was there, by their scopes.
    unlisted: BTreeMap<Scope, Losses>,
    counted: Option<(usize, Instant)>,
}

/// Nothing is written while it is so.
#[derive(Debug)]
struct Open {
    of: usize,
    annotation: Annotation,
}

/// What is known of the annotation by which a loss is acknowledged.
#[derive(Debug, PartialEq, Eq)]
enum Annotation {
    /// Nobody has looked.
    Unread,
    /// It has said this all along, which cannot mean this loss.
    Former(Option<String>),
    /// Somebody has changed it since.
    Changed,
}

impl State {
    /// Takes in that a runner is lost. Tells whether that is one too many. `count` counts the runners that
    /// there were.
    pub(super) fn loses(&mut self, uid: &str, now: Instant, count: impl FnOnce() -> usize) -> bool {
        if self.acknowledged.contains(uid) || !self.lost.insert(uid.to_owned()) {
            return false;
        }
        self.trips(now, count)
    }

    /// The same of many.
    pub(super) fn loses_all(
        &mut self,
        uids: impl IntoIterator<Item = String>,
        now: Instant,
        count: impl FnOnce() -> usize,
    ) -> bool {
        let acknowledged = &self.acknowledged;
        let news = uids.into_iter().filter(|uid| !acknowledged.contains(uid));
        self.lost.extend(news);
        self.trips(now, count)
    }

    fn trips(&mut self, now: Instant, count: impl FnOnce() -> usize) -> bool {
        // As long as they are few among any number, nobody need be counted.
        let few = !Losses {
            lost: self.lost.len(),
            of: 0,
        }
        .are_many();
        if self.open.is_some() || few {
            return false;
        }
        let of = match self.counted {
            Some((of, at)) if now.duration_since(at) < COUNTED_FOR => of,
            _ => count(),
        };
        self.counted = Some((of, now));
        let many = self.losses(of).are_many();
        if many {
            self.open = Some(Open {
                of,
                annotation: Annotation::Unread,
            });
        }
        many
    }

    /// Takes in what the list of a scope leaves out that is there. Tells whether that is news.
    pub(super) fn leaves_out(&mut self, scope: Scope, unlisted: Option<Losses>) -> bool {
        match unlisted {
            Some(losses) => self.unlisted.insert(scope, losses) != unlisted,
            None => self.unlisted.remove(&scope).is_some(),
        }
    }

    /// Forgets the lists of all scopes but these. Tells whether there were any.
    pub(super) fn lists_only(&mut self, scopes: impl Fn(Scope) -> bool) -> bool {
        let before = self.unlisted.len();
        self.unlisted.retain(|scope, _| scopes(*scope));
        self.unlisted.len() < before
    }

    /// What all lists together leave out that is there.
    pub(super) fn unlisted(&self) -> Option<Losses> {
        let losses = self.unlisted.values();
        losses.copied().reduce(|all, more| Losses {
            lost: all.lost + more.lost,
            of: all.of.max(more.of),
        })
    }

    /// Takes in that a runner is there.
    pub(super) fn finds(&mut self, uid: &str) {
        self.lost.remove(uid);
        self.acknowledged.remove(uid);
    }

    /// Tells whether nothing is held up any longer, now that the last one that was lost is there. Where few
    /// are left they may just not have been looked for.
    pub(super) fn has_found_all(&mut self) -> bool {
        let closes = self.open.is_some() && self.lost.is_empty();
        if closes {
            self.open = None;
        }
        closes
    }

    /// Forgets objects that are no more. Tells whether nothing is held up any longer, now that all that
    /// can be found was found.
    pub(super) fn settles(&mut self, there: &HashSet<String>) -> bool {
        self.lost.retain(|uid| there.contains(uid));
        self.acknowledged.retain(|uid| there.contains(uid));
        let closes = self
            .open
            .as_ref()
            .is_some_and(|open| !self.losses(open.of).are_many());
        if closes {
            self.open = None;
        }
        closes
    }

    /// What is lost, while that holds everything up.
    pub(super) fn held_up(&self) -> Option<Losses> {
        self.open.as_ref().map(|open| self.losses(open.of))
    }

    pub(super) fn is_lost(&self, uid: &str) -> bool {
        self.lost.contains(uid)
    }

    pub(super) fn is_acknowledged(&self, uid: &str) -> bool {
        self.acknowledged.contains(uid)
    }

    /// Those that are lost.
    pub(super) fn lost(&self) -> HashSet<String> {
        self.lost.clone()
    }

    /// Takes in what the annotation says, by which somebody acknowledges the loss of so many. Tells whether
    /// it says just that; one that was there before cannot mean it.
    pub(super) fn acknowledges(&mut self, value: Option<&str>) -> bool {
        let lost = self.lost.len();
        let Some(open) = &mut self.open else {
            return false;
        };
        let former = Annotation::Former(value.map(str::to_owned));
        if open.annotation == Annotation::Unread || open.annotation == former {
            open.annotation = former;
            return false;
        }
        open.annotation = Annotation::Changed;
        let says_so = says(value, lost);
        if says_so {
            self.open = None;
            self.acknowledged.extend(self.lost.drain());
        }
        says_so
    }

    /// Whether the annotation has said all along what would acknowledge this loss.
    pub(super) fn acknowledged(&self) -> Acknowledged {
        let former = self.open.as_ref().map(|open| &open.annotation);
        match former {
            Some(Annotation::Former(value)) if says(value.as_deref(), self.lost.len()) => {
                Acknowledged::Before
            }
            Some(_) | None => Acknowledged::No,
        }
    }

    fn losses(&self, of: usize) -> Losses {
        let lost = self.lost.len();
        Losses {
            lost,
            of: of.max(lost),
        }
    }
}

fn says(value: Option<&str>, lost: usize) -> bool {
    value.is_some_and(|value| value.trim().parse() == Ok(lost))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitlab::model::GroupId;

    fn uids(range: std::ops::Range<usize>) -> impl Iterator<Item = String> {
        range.map(|n| n.to_string())
    }

    fn state(lost: usize, of: usize) -> State {
        let mut state = State::default();
        state.loses_all(uids(0..lost), Instant::now(), || of);
        state
    }

    /// Each object finds its own runner, and no look at all of them comes in between.
    #[test]
    fn the_last_one_that_is_found_ends_it() {
        let mut state = state(24, 24);
        for uid in uids(0..23) {
            state.finds(&uid);
            assert!(!state.has_found_all());
        }
        state.finds("23");
        assert!(state.has_found_all() && state.held_up().is_none());
        assert!(!state.has_found_all(), "it is told once");
    }

    fn losses(lost: usize, of: usize) -> Losses {
        Losses { lost, of }
    }

    #[test]
    fn more_than_ten_and_more_than_a_tenth_are_too_many() {
        for (lost, of, held_up) in [
            (10, 10, false),
            (11, 11, true),
            (11, 109, true),
            (11, 110, false),
            (100, 1000, false),
            (101, 1000, true),
        ] {
            let told = state(lost, of).held_up();
            assert_eq!(told, held_up.then(|| losses(lost, of)), "{lost} of {of}");
        }
    }

    #[test]
    fn one_after_the_other_they_add_up_and_each_counts_once() {
        let (mut state, now) = (State::default(), Instant::now());
        for _ in 0..3 {
            for uid in uids(0..10) {
                assert!(!state.loses(&uid, now, || 30));
            }
        }
        state.finds("3");
        assert!(!state.loses("10", now, || 30));
        assert!(state.loses("3", now, || 30));
        assert!(!state.loses("11", now, || 30), "it is told once");
        assert_eq!(state.held_up(), Some(losses(12, 30)));
        assert!(state.is_lost("3") && !state.is_lost("29"));
    }

    #[test]
    fn it_ends_when_a_look_at_all_has_found_them() {
        let there: HashSet<String> = uids(0..30).collect();
        let mut state = state(20, 30);
        assert!(!state.settles(&there));
        for uid in uids(0..9) {
            state.finds(&uid);
        }
        assert!(!state.settles(&there), "eleven are lost still");
        state.finds("9");
        assert!(state.held_up().is_some(), "a single look ends nothing");
        assert!(state.settles(&there) && state.held_up().is_none());
        // Objects that are gone have lost nothing.
        let mut state = self::state(20, 30);
        assert!(state.settles(&uids(15..30).collect()));
    }

    #[test]
    fn a_loss_is_acknowledged_by_its_number() {
        let mut state = state(12, 30);
        // What was there before means something else.
        for value in [Some("12"), Some("12"), Some("13"), None, Some("all")] {
            assert!(!state.acknowledges(value), "{value:?}");
            let before = [Acknowledged::No, Acknowledged::Before];
            let told = before[usize::from(value == Some("12"))];
            assert_eq!(state.acknowledged(), told, "{value:?}");
        }
        assert!(state.acknowledges(Some(" 12 ")));
        assert_eq!(state.held_up(), None);
    }

    #[test]
    fn what_was_acknowledged_is_no_news_and_anything_else_is() {
        let now = Instant::now();
        let mut state = state(12, 30);
        assert!(!state.acknowledges(None) && state.acknowledges(Some("12")));
        assert!(!state.loses_all(uids(0..22), now, || 30));
        assert!(state.loses("22", now, || 30));
        assert_eq!(state.held_up(), Some(losses(11, 30)));
        assert!(!state.acknowledges(Some("12")) && state.acknowledges(Some("11")));
        // Whoever was found may be lost again.
        for uid in uids(0..23) {
            state.finds(&uid);
        }
        assert!(state.loses_all(uids(0..11), now, || 30));
    }

    #[test]
    fn what_one_list_leaves_out_is_not_taken_back_by_another() {
        let [one, other] = [1, 2].map(|id| Scope::Group(GroupId(id)));
        let mut state = State::default();
        assert!(state.leaves_out(one, Some(losses(12, 40))));
        assert!(!state.leaves_out(other, None));
        assert!(!state.leaves_out(one, Some(losses(12, 40))));
        assert!(state.leaves_out(other, Some(losses(11, 40))));
        assert_eq!(state.unlisted(), Some(losses(23, 40)));
        assert!(state.lists_only(|scope| scope == other));
        assert_eq!(state.unlisted(), Some(losses(11, 40)));
        assert!(state.leaves_out(other, None));
        assert_eq!(state.unlisted(), None);
    }
}
