//! What a sweep tells an object that looks for its runner by its mark.
use jiff::{SignedDuration, Timestamp};

use super::place::Complete;
use super::{Roster, SAME_LOOK};
use crate::gitlab::model::{Runner, RunnerId, Scope};

/// What the runners of a scope say of an object that looks for its own.
#[derive(Debug, PartialEq, Eq)]
pub enum Marks {
    /// The runners that carry its mark.
    Read {
        /// Their numbers, newest first, and of those that were shown whole what was, and its age.
        runners: Vec<(RunnerId, Option<(Runner, SignedDuration)>)>,
        /// Whether every mark could be read.
        complete: bool,
    },
    /// A sweep will tell, and was asked for.
    Soon,
    /// No sweep tells of marks here.
    Unknown,
}

impl Roster {
    /// The runners of a scope that carry the mark of that object. With `not_before` a sweep must have
    /// begun no sooner, and just now; else any counts that is in force.
    pub fn marks(
        &self,
        scope: Scope,
        uid: &str,
        not_before: Option<Timestamp>,
        now: Timestamp,
    ) -> Marks {
        let mut state = self.state();
        let state = &mut *state;
        let since = state.waiting.get(uid).copied().unwrap_or(now);
        let place = state.places.entry(scope).or_default();
        let recent = |began: Timestamp| {
            not_before.is_none_or(|not_before| {
                let just_now = now.duration_since(began) < SAME_LOOK || began >= since;
                began >= not_before && just_now
            })
        };
        let last = place.last.as_ref().filter(|last| now < last.until);
        match last {
            Some(Complete { strays: None, .. }) => return Marks::Unknown,
            Some(Complete {
                began,
                strays: Some(strays),
                ..
            }) if recent(*began) => {
                let mut ids = strays.by_uid.get(uid).cloned().unwrap_or_default();
                ids.sort_by(|one, other| other.cmp(one));
                let complete = !strays.unread;
                state.waiting.remove(uid);
                let known = |id| {
                    let row = state.rows.get(&id)?;
                    Some((row.runner(), now.duration_since(row.at)))
                };
                let runners = ids.into_iter().map(|id| (id, known(id)));
                return Marks::Read {
                    runners: runners.collect(),
                    complete,
                };
            }
            Some(_) | None => {}
        }
        if !place.is_sweepable(now) {
            return Marks::Unknown;
        }
        if not_before.is_some() {
            place.want(now);
            state.waiting.entry(uid.to_owned()).or_insert(now);
        }
        Marks::Soon
    }
}
