//! The rules by which the stand-in misbehaves, and the requests that are held at gates.
mod glob;
mod rule;

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

pub use glob::Glob;
pub use rule::{BadRule, Fault, Rule};

/// By which a rule is named after it was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(pub u64);

/// A rule and what it has done so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// By which it is removed or released.
    pub id: FaultId,
    /// The rule as it was added.
    pub rule: Rule,
    /// How many requests fitted.
    pub matched: u64,
    /// How many of them it struck.
    pub struck: u64,
    /// How many requests are held at its gate right now.
    pub held: usize,
}

/// What the door has to do to one request.
#[derive(Debug)]
pub(crate) struct Strike {
    pub(crate) id: FaultId,
    pub(crate) done: bool,
    pub(crate) fault: Fault,
}

/// All rules, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Rules>);

#[derive(Debug, Default)]
struct Rules {
    next: u64,
    rules: Vec<Active>,
}

#[derive(Debug)]
struct Active {
    id: FaultId,
    rule: Rule,
    matched: u64,
    struck: u64,
    held: Vec<oneshot::Sender<()>>,
}

impl Faults {
    pub(crate) fn add(&self, rule: Rule) -> Result<FaultId, BadRule> {
        rule.check()?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.next += 1;
        let id = FaultId(all.next);
        all.rules.push(Active {
            id,
            rule,
            matched: 0,
            struck: 0,
            held: Vec::new(),
        });
        Ok(id)
    }

    /// Counts a request and tells which fault strikes it, if any.
    pub(crate) fn strike(&self, method: &str, path: &str, body: &[u8]) -> Option<Strike> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut strike = None;
        for active in &mut all.rules {
            if !active.rule.fits(method, path, body) {
                continue;
            }
            // Counted even when an earlier rule strikes, so that "the 2nd POST" means the 2nd POST.
            active.matched += 1;
            let spent = active
                .rule
                .times
                .is_some_and(|times| active.struck >= times);
            if strike.is_none() && !spent && active.rule.due_on(active.matched) {
                active.struck += 1;
                let Rule { done, fault, .. } = active.rule.clone();
                strike = Some(Strike {
                    id: active.id,
                    done,
                    fault,
                });
            }
        }
        strike
    }

    /// A place at a rule's gate; it opens when the request is released or the rule is gone.
    pub(crate) fn hold(&self, id: FaultId) -> oneshot::Receiver<()> {
        let (release, released) = oneshot::channel();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(active) = all.rules.iter_mut().find(|active| active.id == id) {
            active.held.push(release);
        }
        released
    }

    /// Lets go whom a gate holds, oldest first, at most so many; says how many, or nothing if there is no such rule.
    pub(crate) fn release(&self, id: FaultId, at_most: Option<usize>) -> Option<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let active = all.rules.iter_mut().find(|active| active.id == id)?;
        active.forget_who_left();
        let count = at_most.unwrap_or(usize::MAX).min(active.held.len());
        for release in active.held.drain(..count) {
            // A receiver that is gone meanwhile needs no release.
            let _gone = release.send(());
        }
        Some(count)
    }

    pub(crate) fn list(&self) -> Vec<Standing> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.rules.iter_mut().map(Active::standing).collect()
    }

    /// Removes a rule and lets go whom it held; says whether there was one.
    pub(crate) fn remove(&self, id: FaultId) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = all.rules.len();
        all.rules.retain(|active| active.id != id);
        all.rules.len() < before
    }

    /// Removes all rules and lets go whom they held.
    pub(crate) fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .rules
            .clear();
    }
}

impl Active {
    fn standing(&mut self) -> Standing {
        self.forget_who_left();
        let Self {
            id,
            rule,
            matched,
            struck,
            held,
        } = self;
        Standing {
            id: *id,
            rule: rule.clone(),
            matched: *matched,
            struck: *struck,
            held: held.len(),
        }
    }

    fn forget_who_left(&mut self) {
        self.held.retain(|release| !release.is_closed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(faults: &Faults, path: &str) -> Option<FaultId> {
        faults.strike("GET", path, b"").map(|strike| strike.id)
    }

    #[test]
    fn the_first_rule_that_is_due_strikes_and_all_count() {
        let faults = Faults::default();
        let all = faults
            .add(Rule::new("GET", "/**", Fault::Hang).nth(1))
            .unwrap();
        let second = faults
            .add(Rule::new("GET", "/a", Fault::Drop).nth(2))
            .unwrap();
        assert_eq!(strikes(&faults, "/a"), Some(all));
        assert_eq!(strikes(&faults, "/a"), Some(second));
        assert_eq!(strikes(&faults, "/a"), None);
        let counts: Vec<_> = faults
            .list()
            .iter()
            .map(|rule| (rule.matched, rule.struck))
            .collect();
        assert_eq!(counts, [(3, 1), (3, 1)]);
    }

    #[test]
    fn a_rule_is_spent_after_so_many_strikes() {
        let faults = Faults::default();
        let id = faults.add(Rule::always(Fault::Drop).times(2)).unwrap();
        assert_eq!(
            [
                strikes(&faults, "/"),
                strikes(&faults, "/"),
                strikes(&faults, "/")
            ],
            [Some(id), Some(id), None]
        );
    }

    #[test]
    fn a_gate_opens_oldest_first_and_forgets_who_left() {
        let faults = Faults::default();
        let gate = faults.add(Rule::always(Fault::Gate)).unwrap();
        let mut first = faults.hold(gate);
        let left = faults.hold(gate);
        let mut third = faults.hold(gate);
        drop(left);
        assert_eq!(faults.list().first().unwrap().held, 2);
        assert_eq!(faults.release(gate, Some(1)), Some(1));
        assert_eq!(first.try_recv(), Ok(()));
        assert_eq!(third.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        assert!(faults.remove(gate));
        assert_eq!(third.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(faults.release(gate, None), None);
    }
}
