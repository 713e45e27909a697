//! One budget for each credential, whichever connections have it.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::caches::ConnectionKey;
use crate::gitlab::{Budget, HeldBack};

/// How many requests a minute may be sent that only a runner's own token goes with: as many as with a
/// credential whose connection does not say.
const WITHOUT_CREDENTIAL: u32 = 600;

/// What somebody is told who waits for a budget.
pub(super) fn told(held: &HeldBack, connection: &ConnectionKey) -> String {
    match held.limit {
        Some(limit) => format!(
            "waiting for its turn: the {limit} requests a minute that {connection} may send to GitLab are used up; its spec.requestsPerMinute says how many it may"
        ),
        None => format!("waiting for its turn: GitLab asked {connection} to slow down"),
    }
}

/// Which GitLab, and the digest of the token for it.
pub(super) type Holder = (String, String);

/// The budgets of all credentials.
#[derive(Default)]
pub(super) struct Budgets(Mutex<HashMap<Holder, Shared>>);

struct Shared {
    budget: Budget,
    /// What each connection allows.
    ceilings: HashMap<ConnectionKey, u32>,
}

impl Shared {
    fn apply(&self) {
        if let Some(smallest) = self.ceilings.values().min() {
            self.budget.set_ceiling(*smallest);
        }
    }
}

impl Budgets {
    /// The budget of a credential, for a connection that allows so much.
    pub(super) fn join(&self, key: &ConnectionKey, holder: Holder, ceiling: u32) -> Budget {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leave(&mut all, key, Some(&holder));
        let shared = all.entry(holder).or_insert_with(|| Shared {
            budget: Budget::per_minute(ceiling),
            ceilings: HashMap::new(),
        });
        shared.ceilings.insert(key.clone(), ceiling);
        shared.apply();
        shared.budget.clone()
    }

    /// The budget for requests that no credential goes with, but a runner's own token.
    pub(super) fn without_credential(&self, gitlab_url: &str) -> Budget {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = all.entry((gitlab_url.to_owned(), String::new()));
        let shared = shared.or_insert_with(|| Shared {
            budget: Budget::per_minute(WITHOUT_CREDENTIAL),
            ceilings: HashMap::new(),
        });
        shared.budget.clone()
    }

    /// A connection is no more. What it has sent still counts for whoever comes after it.
    pub(super) fn leave(&self, key: &ConnectionKey) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leave(&mut all, key, None);
    }
}

/// Takes a connection out of all budgets but that one, and forgets those that are over.
fn leave(all: &mut HashMap<Holder, Shared>, key: &ConnectionKey, but: Option<&Holder>) {
    all.retain(|holder, shared| {
        if but != Some(holder) && shared.ceilings.remove(key).is_some() {
            shared.apply();
        }
        but == Some(holder) || !shared.ceilings.is_empty() || !shared.budget.is_over()
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::v1alpha1::ConnectionKind;
    use crate::gitlab::Lane;

    fn key(name: &str) -> ConnectionKey {
        ConnectionKey {
            kind: ConnectionKind::GitLabConnection,
            namespace: Some("ci".to_owned()),
            name: name.to_owned(),
        }
    }

    fn holder(digest: &str) -> Holder {
        ("https://gitlab.example.com".to_owned(), digest.to_owned())
    }

    #[test]
    fn who_has_the_same_credential_shares_a_budget_and_the_smallest_number_counts() {
        let budgets = Budgets::default();
        let limit = |budget: &Budget| budget.reading().limit;
        let one = budgets.join(&key("one"), holder("a"), 600);
        let two = budgets.join(&key("two"), holder("a"), 60);
        let other = budgets.join(&key("three"), holder("b"), 300);
        assert_eq!((limit(&one), limit(&two), limit(&other)), (60, 60, 300));
        let room = one.admit(Lane::Change, "whoever", 60).unwrap();
        assert!(two.admit(Lane::Change, "another", 1).is_err());
        drop(room);
        budgets.join(&key("two"), holder("b"), 60);
        assert_eq!((limit(&one), limit(&other)), (600, 60));
        budgets.leave(&key("two"));
        assert_eq!(limit(&other), 300);
    }

    #[test]
    fn a_budget_outlives_its_connections_as_long_as_somebody_has_a_client() {
        let budgets = Budgets::default();
        let first = budgets.join(&key("one"), holder("a"), 60);
        budgets.leave(&key("one"));
        let again = budgets.join(&key("one"), holder("a"), 60);
        let room = first.admit(Lane::Change, "whoever", 60).unwrap();
        assert!(again.admit(Lane::Change, "another", 1).is_err());
        drop((room, first, again));
        budgets.leave(&key("one"));
        assert!(budgets.0.lock().unwrap().is_empty());
    }
}
