//! A runner that is there is taken over from every start and after every interruption, and no other is
//! made.
use gitlab_runner_registrar::{
    api::{
        conditions::ConditionType,
        v1alpha1::{
            Adoption, DeletionPolicy, DriftPolicy, GitLabRunnerStatus, OperationType, ResetToken,
        },
    },
    gitlab::model::{Note, Runner, RunnerId, Settings},
    plan::{
        Blocked, Desired, Mark, Observed, Outcome, Plan, Sighting, Unfit, WantedAdoption, begun,
        resolved,
    },
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::act::{Stop, gone};
use super::build::{STRANGER, stranger};
use super::observe::ALIVE;
use super::world::{Made, Secret, World, is_ours, set};
use super::{again, interruptions, settle};
use crate::decisions::given::{self, GROUP, RUNNER, SECRET, URL, now, want};

impl World {
    /// The mark first, then its number in status.
    pub(super) fn adopt(
        &mut self,
        id: RunnerId,
        edit: Option<&Settings>,
        seen: &Observed,
    ) -> Result<(), Stop> {
        if let Some(edit) = edit {
            self.effect(Some(ConditionType::Registered), |world| {
                set(&mut world.find(id).ok_or_else(gone)?.runner, edit);
                Ok(())
            })?;
        }
        let runner = self.find(id).ok_or_else(gone)?.runner.clone();
        let seen = Observed {
            runner: Sighting::Present(runner),
            adoption: None,
            ..seen.clone()
        };
        let always = self.want().and_then(|want| want.adopt);
        let always = always.is_some_and(|adopt| adopt.reset == ResetToken::Always);
        let reset = always.then(|| {
            begun(
                OperationType::ResetToken,
                id,
                Some(SECRET.to_owned()),
                self.now,
            )
        });
        let mut status = self.status_of(Some(&seen), &Outcome::Planned(Plan::Rest));
        status.adoption = Some(Adoption {
            runner_id: i64::try_from(id.0).unwrap(),
            adopted_at: Time(self.now),
            object_uid: given::mark().uid,
        });
        status.operation.clone_from(&reset);
        self.write_status(|world| world.status = status)?;
        self.ended = reset.map(|reset| reset.id);
        Ok(())
    }
}

/// Whose mark the runner carries at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Marked {
    Nobody,
    /// As after a crash right after the mark was written.
    Us,
    /// An object that is gone.
    Former,
    /// An object that is there.
    Another,
}

/// What stands under the name of the Secret.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Left {
    Nothing,
    /// The Secret of the earlier object, with the runner's token.
    Good,
    /// The same without its token.
    Emptied,
    /// Somebody else's.
    Foreign,
}

/// A start.
#[derive(Clone, Debug)]
struct Start {
    marked: Marked,
    left: Left,
    reset: ResetToken,
    force: bool,
    drift: DriftPolicy,
    /// Whether status was put back from a backup, with the runner's number in it.
    restored: bool,
}

fn all() -> Vec<Start> {
    let mut all = Vec::new();
    for marked in [Marked::Nobody, Marked::Us, Marked::Former, Marked::Another] {
        for left in [Left::Nothing, Left::Good, Left::Emptied, Left::Foreign] {
            for reset in [ResetToken::Always, ResetToken::IfMissing, ResetToken::Never] {
                for force in [false, true] {
                    for (drift, restored) in [
                        (DriftPolicy::Correct, false),
                        (DriftPolicy::Correct, true),
                        (DriftPolicy::Report, false),
                    ] {
                        all.push(Start {
                            marked,
                            left,
                            reset,
                            force,
                            drift,
                            restored,
                        });
                    }
                }
            }
        }
    }
    all
}

/// The mark of another object.
fn mark_of(uid: &str) -> Mark {
    Mark {
        uid: uid.to_owned(),
        ..given::mark()
    }
}

impl Start {
    fn world(&self) -> World {
        let mut wanted = want();
        wanted.settings.paused = Some(true);
        wanted.drift = self.drift;
        wanted.adopt = Some(WantedAdoption {
            runner: RUNNER,
            reset: self.reset,
            force: self.force,
        });
        let mut world = World::new(Desired::Exists(Box::new(wanted)));
        let note = match self.marked {
            Marked::Nobody => "ask Ann".to_owned(),
            Marked::Us => given::mark().sign("ask Ann"),
            Marked::Former => mark_of("uid-0").sign("ask Ann"),
            Marked::Another => mark_of(ALIVE).sign("ask Ann"),
        };
        let runner = Runner {
            maintenance_note: Note::Shown(Some(note)),
            ..given::runner()
        };
        world.gitlab.push(Made {
            runner,
            token: 1,
            listed: world.now,
        });
        world.gitlab.push(stranger(world.now));
        let left = matches!(self.left, Left::Good | Left::Emptied);
        world.left_behind = left.then_some(RUNNER);
        let token = (self.left != Left::Emptied).then_some(1);
        if self.left != Left::Nothing {
            let secret = Secret {
                ours: false,
                runner: Some(RUNNER),
                attempt: Some("a0".to_owned()),
                operation: None,
                token,
                written: Some(1),
                issued_at: None,
                tidy: true,
            };
            world.secrets.insert(SECRET.to_owned(), secret);
        }
        if self.restored {
            let seen = given::seen();
            let mut status = world.status_of(Some(&seen), &super::pass::resting());
            if let Some(token) = &mut status.token {
                token.digest = Some("1".to_owned());
            }
            world.status = GitLabRunnerStatus {
                scope: Some(resolved(GROUP, URL)),
                ..status
            };
        }
        world
    }

    /// Why it is not taken over, if that is so.
    fn refusal(&self) -> Option<Blocked> {
        let unfit = |why| Some(Blocked::Unadoptable(RUNNER, why));
        match (self.marked, self.force) {
            (Marked::Another, _) => unfit(Unfit::InUse),
            (Marked::Former, false) => unfit(Unfit::Marked),
            _ if self.left == Left::Foreign => Some(Blocked::SecretConflict(None)),
            _ => None,
        }
    }

    /// Whether the runner's token is to stay the one that it had.
    fn keeps_token(&self) -> bool {
        self.reset == ResetToken::Never
            || self.left == Left::Good && self.reset == ResetToken::IfMissing
    }
}

fn is_taken_over(start: &Start, world: &World, interrupted: bool) -> bool {
    let ours: Vec<&Made> = world.ours().collect();
    let [made] = *ours else { return false };
    let secret = world.secrets.get(SECRET);
    let holds = secret.is_some_and(|secret| secret.ours && secret.token == Some(made.token));
    let never = start.reset == ResetToken::Never && start.left != Left::Good;
    let text = Mark::split(made.runner.maintenance_note.text().unwrap_or_default()).0;
    made.runner.id == RUNNER
        && text == "ask Ann"
        && (holds || never)
        && (made.token == 1) == start.keeps_token()
        && (interrupted || world.minted <= 101)
        && made.runner.paused == (start.drift == DriftPolicy::Correct)
}

#[test]
fn a_runner_is_taken_over_from_every_start() {
    for start in all() {
        for first in interruptions(4) {
            for second in again() {
                let mut world = start.world();
                let before = world.clone();
                let troubles = [first, second];
                let (plan, _) = settle(&mut world, &troubles);
                let told = || format!("{start:?} {troubles:?} ended with {plan:?}: {world:#?}");
                assert!(world.posts.is_empty(), "registered: {}", told());
                let theirs = world.gitlab.iter().find(|it| it.runner.id == STRANGER);
                assert_eq!(theirs, Some(&stranger(now())), "{}", told());
                if let Some(why) = start.refusal() {
                    assert_eq!(plan, Some(Plan::Hold(why)), "{}", told());
                    assert_eq!(world.gitlab, before.gitlab, "{}", told());
                    assert_eq!(world.secrets, before.secrets, "{}", told());
                } else {
                    let interrupted = first.is_some() || second.is_some();
                    assert_eq!(plan, Some(Plan::Rest), "{}", told());
                    assert!(is_taken_over(&start, &world, interrupted), "{}", told());
                }
            }
        }
    }
}

/// What was not taken over yet is nobody's to delete.
#[test]
fn who_goes_before_it_has_taken_over_leaves_the_runner() {
    for start in all().into_iter().filter(|start| !start.restored) {
        let mut world = start.world();
        world.desired = Desired::Gone(DeletionPolicy::Delete);
        let before = world.clone();
        let (plan, _) = settle(&mut world, &[]);
        assert_eq!(plan, Some(Plan::Rest), "{start:?}");
        assert_eq!(world.gitlab, before.gitlab, "{start:?}");
        assert_eq!(world.secrets, before.secrets, "{start:?}");
    }
}

#[test]
fn who_has_taken_over_takes_the_runner_along() {
    for start in all().into_iter().filter(|start| start.refusal().is_none()) {
        let mut world = start.world();
        let (plan, _) = settle(&mut world, &[]);
        assert_eq!(plan, Some(Plan::Rest), "{start:?}");
        world.desired = Desired::Gone(DeletionPolicy::Delete);
        let (plan, _) = settle(&mut world, &[]);
        assert_eq!(plan, Some(Plan::Rest), "{start:?}: {world:#?}");
        assert!(!world.gitlab.iter().any(|made| is_ours(&made.runner)));
    }
}
