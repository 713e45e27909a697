//! Whom to ask.
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::gitlab;
use crate::gitlab::model::Scope;
use crate::plan::Can;

/// A GitLab that can be asked.
#[derive(Debug)]
pub struct Connected {
    /// The client, with the credential inside.
    pub client: gitlab::Client,
    /// The url, without a slash at the end.
    pub url: String,
    /// How long a request may take.
    pub timeout: SignedDuration,
    /// Whether the credential is an administrator's.
    pub admin: bool,
    /// Whose credential it is, where GitLab says so.
    pub username: Option<String>,
    /// What the credential opens.
    pub can: Can,
    /// Where it could read runners lately.
    pub readable: Readable,
}

/// For how long what could be read counts as readable.
const FRESH: SignedDuration = SignedDuration::from_mins(1);

/// The groups and projects whose runners could be read, and when.
#[derive(Debug, Default)]
pub struct Readable(Mutex<BTreeMap<Scope, Timestamp>>);

impl Readable {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Scope, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the runners of that place could be read within the last minute.
    pub(super) fn holds(&self, scope: Scope, now: Timestamp) -> bool {
        let all = self.all();
        all.get(&scope)
            .is_some_and(|at| now.duration_since(*at) < FRESH)
    }

    /// Notes that they could be read, and forgets what is older than that.
    pub(super) fn note(&self, scope: Scope, now: Timestamp) {
        let mut all = self.all();
        all.retain(|_, at| now.duration_since(*at) < FRESH);
        all.insert(scope, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitlab::model::GroupId;

    #[test]
    fn what_could_be_read_counts_for_a_minute() {
        let (readable, now) = (Readable::default(), Timestamp::UNIX_EPOCH);
        let [one, two] = [1, 2].map(|id| Scope::Group(GroupId(id)));
        readable.note(one, now);
        let soon = now + SignedDuration::from_secs(59);
        assert!(readable.holds(one, soon) && !readable.holds(two, soon));
        let later = now + FRESH;
        assert!(!readable.holds(one, later));
        readable.note(two, later);
        assert_eq!(readable.all().len(), 1);
    }
}
