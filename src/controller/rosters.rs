//! One roster for each GitLab and credential, shared by the connections that have both in common.
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::caches::ConnectionKey;
use super::connections::{Connections, Standing};
use crate::observe::{Connected, Roster};
use crate::plan::{Fingerprint, Pace};

/// The rosters that somebody uses.
#[derive(Default)]
pub struct Rosters(Mutex<Vec<(Fingerprint, Weak<Roster>)>>);

impl Rosters {
    /// The roster of that GitLab and credential, which is made if there is none.
    pub fn of(&self, credential: &Fingerprint) -> Arc<Roster> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(_, roster)| roster.strong_count() > 0);
        let same = all.iter().find(|(known, _)| known == credential);
        if let Some(roster) = same.and_then(|(_, roster)| roster.upgrade()) {
            return roster;
        }
        let roster = Arc::<Roster>::default();
        all.push((credential.clone(), Arc::downgrade(&roster)));
        roster
    }

    /// All of them.
    pub fn all(&self) -> Vec<Arc<Roster>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .filter_map(|(_, roster)| roster.upgrade())
            .collect()
    }
}

impl Connections {
    /// The rosters of the connections that work.
    pub(super) fn rosters(&self) -> Vec<(ConnectionKey, Arc<Roster>)> {
        let entries = self.entries();
        let usable = entries
            .iter()
            .filter_map(|(key, entry)| match &entry.standing {
                Some(Standing::Usable(connected)) => Some((key.clone(), connected.roster.clone())),
                Some(_) | None => None,
            });
        usable.collect()
    }

    /// How the runners of a connection are looked at, as far as is known.
    pub(super) fn pace(&self, key: &ConnectionKey) -> Option<Pace> {
        match self.standing(key) {
            Standing::Usable(connected) => connected.roster.pace(),
            Standing::Unseen | Standing::Broken(..) => None,
        }
    }

    /// The connections that share a roster and work, and one of their clients.
    pub(super) fn sharing(
        &self,
        roster: &Arc<Roster>,
    ) -> (Vec<ConnectionKey>, Option<Arc<Connected>>) {
        let entries = self.entries();
        let usable = entries
            .iter()
            .filter_map(|(key, entry)| match &entry.standing {
                Some(Standing::Usable(connected)) if Arc::ptr_eq(&connected.roster, roster) => {
                    Some((key.clone(), connected.clone()))
                }
                Some(_) | None => None,
            });
        let (keys, connected): (Vec<_>, Vec<_>) = usable.unzip();
        (keys, connected.into_iter().next())
    }

    /// Whether a connection still works by this very client: a credential that was replaced is not used
    /// any longer than needs be (contract §1.10).
    pub(super) fn is_used(&self, connected: &Arc<Connected>) -> bool {
        let entries = self.entries();
        entries.values().any(|entry| {
            let standing = entry.standing.as_ref();
            matches!(standing, Some(Standing::Usable(now)) if Arc::ptr_eq(now, connected))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_same_credential_shares_a_roster_as_long_as_anybody_has_it() {
        let of = |digest: &str| Fingerprint {
            digest: digest.to_owned(),
            gitlab_url: "https://gitlab.example.com".to_owned(),
        };
        let rosters = Rosters::default();
        let one = rosters.of(&of("a"));
        assert!(Arc::ptr_eq(&one, &rosters.of(&of("a"))));
        let other = rosters.of(&of("b"));
        assert!(!Arc::ptr_eq(&one, &other));
        assert_eq!(rosters.all().len(), 2);
        drop(one);
        assert_eq!(rosters.all().len(), 1);
        drop(rosters.of(&of("c")));
        assert_eq!(rosters.0.lock().unwrap().len(), 2);
    }
}
