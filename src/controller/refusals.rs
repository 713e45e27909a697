//! What GitLab has said no to, so that an object that is woken without news does not have the same
//! put to GitLab once more.
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use kube::ResourceExt;
use tokio::time::Instant;

use super::{connections::Connected, error::Error};
use crate::api::v1alpha1::GitLabRunner;
use crate::gitlab::model::RunnerId;
use crate::plan::{Failure, Step};

/// The last refusal of each object, by its uid.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<String, Refusal>>);

struct Refusal {
    step: Step,
    under: Circumstances,
    failure: Failure,
    at: Instant,
}

/// What somebody can change so that the same step may succeed: the object, or its connection with
/// the credential. Whoever has changed something in GitLab can set an annotation.
pub(super) struct Circumstances {
    generation: Option<i64>,
    annotations: BTreeMap<String, String>,
    client: Weak<Connected>,
}

impl Circumstances {
    pub(super) fn new(runner: &GitLabRunner, client: Option<&Arc<Connected>>) -> Self {
        Self {
            generation: runner.metadata.generation,
            annotations: runner.annotations().clone(),
            client: client.map(Arc::downgrade).unwrap_or_default(),
        }
    }

    fn are(&self, others: &Self) -> bool {
        let Self {
            generation,
            annotations,
            client,
        } = self;
        *generation == others.generation
            && *annotations == others.annotations
            && client.ptr_eq(&others.client)
    }
}

impl Refusals {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Refusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers how a step failed, if it was refused and asking again would not help.
    pub(super) fn note(&self, uid: &str, step: &Step, under: Circumstances, error: &Error) {
        if let Some(failure) = error.refusal() {
            let refusal = Refusal {
                step: step.clone(),
                under,
                failure,
                at: Instant::now(),
            };
            self.all().insert(uid.to_owned(), refusal);
        }
    }

    /// The refusal of this very step, no longer than `period` ago and under the same circumstances.
    pub(super) fn recall(
        &self,
        uid: &str,
        step: &Step,
        now: &Circumstances,
        period: Duration,
    ) -> Option<Failure> {
        let all = self.all();
        let last = all.get(uid).filter(|last| last.at.elapsed() < period)?;
        (last.step == *step && last.under.are(now)).then(|| last.failure.clone())
    }

    /// Whether the last refusal was of a step about this runner, no longer than `period` ago and
    /// under the same circumstances.
    pub(super) fn concern(
        &self,
        uid: &str,
        runner: RunnerId,
        now: &Circumstances,
        period: Duration,
    ) -> bool {
        let all = self.all();
        let last = all.get(uid).filter(|last| last.at.elapsed() < period);
        last.is_some_and(|last| last.step.runner() == Some(runner) && last.under.are(now))
    }

    /// Forgets an object that is gone.
    pub(super) fn forget(&self, uid: &str) {
        self.all().remove(uid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::conditions::ConditionType;
    use crate::gitlab;

    #[test]
    fn what_is_recalled_is_a_certain_refusal_and_voids_no_later_attempt() {
        let refused = |status| Error::Act {
            doing: "register the runner",
            about: ConditionType::Registered,
            source: gitlab::Error::Refused {
                status,
                message: "no".to_owned(),
                refusal: gitlab::Refusal::Other,
            },
        };
        assert!(refused(403).failure(false).unwrap().attempt_is_void);
        let runner = || {
            let runner = GitLabRunner::new("one", serde_json::from_str(SPEC).unwrap());
            Circumstances::new(&runner, None)
        };
        let (refusals, step) = (Refusals::default(), Step::Release);
        let recall = || refusals.recall("uid", &step, &runner(), Duration::from_mins(1));
        for uncertain in [refused(409), Error::Stale, Error::Panicked] {
            refusals.note("uid", &step, runner(), &uncertain);
            assert_eq!(recall(), None);
        }
        refusals.note("uid", &step, runner(), &refused(403));
        let recalled = recall().unwrap();
        assert!(recalled.stalled && !recalled.attempt_is_void);
        let later = refusals.recall("uid", &step, &runner(), Duration::ZERO);
        assert_eq!(later, None);
        refusals.forget("uid");
        assert_eq!(recall(), None);
    }

    const SPEC: &str = r#"{ "connectionRef": { "name": "gitlab" }, "scope": { "instance": {} } }"#;
}
