//! What GitLab has said no to, so that the same is put to it again slower and slower, and at once when
//! something has changed that it may hang on.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use kube::ResourceExt;
use tokio::time::Instant;

use super::error::Error;
use crate::api::v1alpha1::GitLabRunner;
use crate::backoff;
use crate::gitlab::model::{ProjectId, RunnerId};
use crate::observe::Connected;
use crate::plan::{Failure, Step};

/// More than an object's steps can differ in: the oldest is forgotten, and put to GitLab again.
const MOST: usize = 256;

/// What GitLab has refused of one object.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Option<Refused>>);

struct Refused {
    under: Circumstances,
    steps: Vec<Refusal>,
}

struct Refusal {
    step: Step,
    failure: Failure,
    words: String,
    times: u32,
    at: Instant,
}

/// What somebody can change so that the same step may succeed: the object, or its connection with
/// the credential. Whoever has changed something in GitLab can set an annotation.
pub(super) struct Circumstances {
    generation: Option<i64>,
    annotations: BTreeMap<String, String>,
    client: Weak<Connected>,
    /// The digest of the registration token, where one is used.
    registration: Option<String>,
}

impl Circumstances {
    pub(super) fn new(runner: &GitLabRunner, client: Option<&Arc<Connected>>) -> Self {
        Self {
            generation: runner.metadata.generation,
            annotations: runner.annotations().clone(),
            client: client.map(Arc::downgrade).unwrap_or_default(),
            registration: None,
        }
    }

    /// The same with that registration token, by its digest.
    pub(super) fn with_registration(self, registration: Option<String>) -> Self {
        Self {
            registration,
            ..self
        }
    }

    fn are(&self, others: &Self) -> bool {
        let Self {
            generation,
            annotations,
            client,
            registration,
        } = self;
        *generation == others.generation
            && *annotations == others.annotations
            && client.ptr_eq(&others.client)
            && *registration == others.registration
    }
}

/// Who asks, and how things are.
pub(super) struct Asker<'a> {
    /// The uid of the object, which spreads the times.
    pub(super) uid: &'a str,
    /// How often an idle runner is looked at.
    pub(super) resync: Duration,
    /// How things are.
    pub(super) now: Circumstances,
}

impl Refusal {
    /// Whether it is too early to ask again.
    fn stands(&self, uid: &str, resync: Duration) -> bool {
        self.at.elapsed() < backoff::after_refusals(self.times, resync, uid)
    }
}

impl Refusals {
    fn all(&self) -> MutexGuard<'_, Option<Refused>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers how a step failed, if it was refused and asking again would not help.
    pub(super) fn note(&self, step: &Step, under: Circumstances, error: &Error) {
        let Some((failure, words)) = error.refusal() else {
            return;
        };
        let mut all = self.all();
        let before = all.take().filter(|before| before.under.are(&under));
        let mut steps = before.map(|before| before.steps).unwrap_or_default();
        let again = steps.iter().position(|refusal| refusal.step.is_alike(step));
        let again = again.map(|place| steps.remove(place));
        if steps.len() >= MOST {
            steps.remove(0);
        }
        steps.push(Refusal {
            step: step.clone(),
            failure,
            words,
            times: again.map_or(1, |again| again.times.saturating_add(1)),
            at: Instant::now(),
        });
        *all = Some(Refused { under, steps });
    }

    /// What stands of the refusals, as things are now.
    fn standing<T>(&self, asker: &Asker<'_>, pick: impl Fn(&Refusal) -> Option<T>) -> Vec<T> {
        let all = self.all();
        let same = all.iter().filter(|refused| refused.under.are(&asker.now));
        let steps = same.flat_map(|refused| &refused.steps);
        steps
            .filter(|refusal| refusal.stands(asker.uid, asker.resync))
            .filter_map(pick)
            .collect()
    }

    /// The refusal of this very step, while it is too early to ask again.
    pub(super) fn recall(&self, step: &Step, asker: &Asker<'_>) -> Option<Failure> {
        let same = |refusal: &Refusal| {
            let same = refusal.step.is_alike(step);
            same.then(|| refusal.failure.clone())
        };
        self.standing(asker, same).pop()
    }

    /// Whether a step about this runner was refused, and it is too early to ask again.
    pub(super) fn concern(&self, runner: RunnerId, asker: &Asker<'_>) -> bool {
        let about = |refusal: &Refusal| (refusal.step.runner() == Some(runner)).then_some(());
        !self.standing(asker, about).is_empty()
    }

    /// The projects that GitLab would not assign this runner to, or take it from, with its words.
    pub(super) fn of_projects(
        &self,
        runner: RunnerId,
        asker: &Asker<'_>,
    ) -> Vec<(ProjectId, String)> {
        self.standing(asker, |refusal| {
            let project = refusal.step.project()?;
            let ours = refusal.step.runner() == Some(runner);
            ours.then(|| (project, refusal.words.clone()))
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::api::conditions::ConditionType;
    use crate::gitlab;
    use crate::gitlab::model::{NewRunner, Scope, Settings, TokenLife};

    const RESYNC: Duration = Duration::from_mins(10);

    fn refused(status: u16) -> Error {
        Error::Act {
            doing: "register the runner",
            about: ConditionType::Registered,
            advice: None,
            source: gitlab::Error::Refused {
                status,
                message: "no".to_owned(),
                refusal: gitlab::Refusal::Other,
            },
        }
    }

    fn now() -> Circumstances {
        let runner = GitLabRunner::new("one", serde_json::from_str(SPEC).unwrap());
        Circumstances::new(&runner, None)
    }

    fn asker(now: Circumstances, resync: Duration) -> Asker<'static> {
        let uid = "uid";
        Asker { uid, resync, now }
    }

    #[test]
    fn what_is_recalled_is_a_certain_refusal_and_voids_no_later_attempt() {
        assert!(refused(403).failure(false).unwrap().attempt_is_void);
        let (refusals, step) = (Refusals::default(), Step::ReleaseSecret);
        let recall = || refusals.recall(&step, &asker(now(), RESYNC));
        for uncertain in [refused(409), Error::Stale, Error::Panicked] {
            refusals.note(&step, now(), &uncertain);
            assert_eq!(recall(), None);
        }
        refusals.note(&step, now(), &refused(403));
        let recalled = recall().unwrap();
        assert!(recalled.stalled && !recalled.attempt_is_void);
    }

    #[test]
    fn the_same_is_counted_and_anew_after_a_change() {
        let (refusals, step) = (Refusals::default(), Step::ReleaseSecret);
        let times = || refusals.all().as_ref().unwrap().steps[0].times;
        for expected in 1..=3 {
            refusals.note(&step, now(), &refused(403));
            assert_eq!(times(), expected);
            let soon = refusals.recall(&step, &asker(now(), Duration::ZERO));
            assert_eq!(soon, None, "it is time to ask again");
        }
        let changed = || Circumstances {
            generation: Some(2),
            ..now()
        };
        let recalled = refusals.recall(&step, &asker(changed(), RESYNC));
        assert_eq!(recalled, None);
        refusals.note(&step, changed(), &refused(403));
        assert_eq!(times(), 1);
        assert_eq!(refusals.recall(&step, &asker(now(), RESYNC)), None);
    }

    /// The end of the first token is counted from the time of each attempt.
    #[test]
    fn a_registration_with_an_end_of_its_token_is_the_same_a_minute_later() {
        let register = |seconds, tag: &str| {
            let expires_at = Timestamp::from_second(seconds).unwrap();
            let settings = Settings {
                tags: Some([tag.to_owned()].into()),
                ..Settings::default()
            };
            let life = TokenLife {
                expires_at,
                rotation_deadline: None,
            };
            Step::Register(Box::new(NewRunner {
                life: Some(life),
                ..NewRunner::new(Scope::Instance, settings)
            }))
        };
        let refusals = Refusals::default();
        for minute in 0..3 {
            refusals.note(&register(minute * 60, "a"), now(), &refused(400));
        }
        assert_eq!(refusals.all().as_ref().unwrap().steps.len(), 1);
        let recall = |tag| refusals.recall(&register(240, tag), &asker(now(), RESYNC));
        assert!(recall("a").is_some() && recall("b").is_none());
    }

    #[test]
    fn each_project_has_a_refusal_of_its_own() {
        let refusals = Refusals::default();
        let [one, two] = [RunnerId(1), RunnerId(2)];
        for step in [
            Step::Assign(one, ProjectId(7)),
            Step::Unassign(one, ProjectId(8)),
            Step::Assign(two, ProjectId(9)),
            Step::Unregister(one),
        ] {
            refusals.note(&step, now(), &refused(403));
        }
        let words = "GitLab said 403: no".to_owned();
        assert_eq!(
            refusals.of_projects(one, &asker(now(), RESYNC)),
            [(ProjectId(7), words.clone()), (ProjectId(8), words)]
        );
        assert!(refusals.concern(two, &asker(now(), RESYNC)));
        assert!(!refusals.concern(RunnerId(3), &asker(now(), RESYNC)));
    }

    const SPEC: &str = r#"{ "connectionRef": { "name": "gitlab" }, "scope": { "instance": {} } }"#;
}
