//! A token that is due while its runner works, and is to work until another has taken its place.
use std::time::Duration;

use gitlab_runner_registrar::{
    api::v1alpha1::{DeletionPolicy, DriftPolicy, RotationOverlap},
    gitlab::model::RunnerId,
    plan::{Desired, Jobs, Plan, Predecessor},
};

use super::drain::spec;
use super::pass::Ended;
use super::starts::{InGitLab, InSecret, InStatus, Start};
use super::world::{Credential, How, Interruption, World};
use super::{MOST_PASSES, again, exists, interruptions};
use crate::decisions::given::{RUNNER, SECRET, URL, mark, seconds};

impl World {
    /// What a pass sees of the runner whose place another has taken.
    pub(super) fn predecessor(&self) -> Option<Box<Predecessor>> {
        let mut before = Predecessor::of(&self.status, &spec("1m"), self.now)?;
        let made = self.gitlab.iter();
        let made = made.clone().find(|made| made.runner.id == before.known.id);
        let (certain, resync) = (self.want().is_none(), Duration::from_secs(2));
        match made.map(|made| made.runner.clone()) {
            _ if self.credential == Credential::Gone => {}
            Some(runner) => before.shown(runner, &mark().uid, URL),
            None => before.missing(certain, resync, self.now),
        }
        if before.until > self.now && before.drains().is_some() {
            before.jobs = Jobs::Running(if self.now < self.jobs_end { 2 } else { 0 });
        }
        Some(Box::new(before))
    }

    /// A process comes with the token in the Secret.
    fn comes(&mut self) {
        let (token, now) = (self.secrets[SECRET].token, self.now);
        let made = self.gitlab.iter_mut();
        let mut made = made.filter(|made| Some(made.token) == token);
        let made = made.next().unwrap();
        made.runner.online = Some(true);
        made.runner.contacted_at = Some(now);
    }

    fn works(&self) -> bool {
        let token = self.secrets[SECRET].token;
        self.gitlab.iter().any(|made| Some(made.token) == token)
    }
}

/// A runner at work, whose token is two hours old and is to be replaced every hour or since somebody asks,
/// with jobs that take so long.
fn at_work(jobs: i64, asks: bool) -> World {
    let mut desired = exists(DriftPolicy::Correct);
    if let Desired::Exists(want) = &mut desired {
        want.rotation.every = (!asks).then(|| seconds(3600));
        want.rotation.overlap = RotationOverlap::Twin;
        want.settings.paused = Some(false);
    }
    let start = Start {
        gitlab: InGitLab::AsDeclared,
        secret: InSecret::Good,
        status: InStatus::Full,
        credential: Credential::Works,
        desired,
    };
    let mut world = start.world();
    world.rotate_at = asks.then(|| "now".to_owned());
    world.jobs_end = world.now + seconds(jobs);
    let issued_at = Some(world.after(7200));
    world.secrets.get_mut(SECRET).unwrap().issued_at = issued_at;
    world.comes();
    let runner = &mut world.find(RUNNER).unwrap().runner;
    runner.paused = false;
    world
}

/// Passes until another runner has the place and is alone. The token in the Secret works at every time, and
/// a runner with jobs is there.
fn settle(world: &mut World, troubles: &[Option<Interruption>]) -> bool {
    for pass in 0..2 * MOST_PASSES {
        world.trouble = troubles.get(pass).copied().flatten();
        let ended = world.pass();
        world.trouble = None;
        assert!(world.works(), "{troubles:?}: {world:#?}");
        // Whoever reads the Secret does so some time later.
        if pass >= 3 {
            world.comes();
        }
        let over = world.now >= world.jobs_end;
        assert!(
            over || world.find(RUNNER).is_some(),
            "{troubles:?}: {world:#?}"
        );
        let alone = world.status.predecessor.is_none() && world.find(RUNNER).is_none();
        if ended == Ended::Planned(Plan::Rest) && alone {
            return true;
        }
    }
    false
}

#[test]
fn another_runner_takes_the_place_of_one_whose_token_is_due_and_nobody_is_left_without() {
    for (jobs, asks) in [(0, true), (20, false)] {
        for first in interruptions(8) {
            for second in again() {
                let troubles = [first, second];
                let mut world = at_work(jobs, asks);
                let rests = settle(&mut world, &troubles);
                let told = format!("{jobs} {troubles:?}: {world:#?}");
                assert!(rests, "{told}");
                let answered = &world.status.last_handled_rotate_at;
                assert_eq!(*answered, world.rotate_at, "{told}");
                let ours: Vec<RunnerId> = world.ours().map(|made| made.runner.id).collect();
                let kept = world.secrets[SECRET].runner;
                assert_eq!(ours, kept.into_iter().collect::<Vec<_>>(), "{told}");
                super::left_alone(&mut world, Some(&Plan::Rest));
            }
        }
    }
}

/// The process dies before the first attempt has reached GitLab, and the next one is refused: then the runner
/// that is there is the object's again, and not looked for among others.
#[test]
fn a_refusal_after_an_attempt_in_vain_gives_the_runner_its_place_back() {
    let dies = Interruption {
        after: 1,
        how: How::Killed,
    };
    let refused = Interruption {
        after: 1,
        how: How::Refused,
    };
    let mut world = at_work(600, true);
    world.trouble = Some(dies);
    world.pass();
    for _ in 0..MOST_PASSES {
        world.trouble = Some(refused);
        world.pass();
        world.trouble = None;
        if !world.posts.is_empty() {
            break;
        }
    }
    assert_eq!(world.posts.len(), 1, "{world:#?}");
    world.rotate_at = None;
    world.pass();
    let runner = world.status.runner.as_ref().map(|runner| runner.id);
    assert_eq!((runner, world.works()), (Some(7), true), "{world:#?}");
}

/// Whoever asks once more while both are there gets one more token, and no more than that.
#[test]
fn a_second_request_is_answered_once_while_both_are_there() {
    let mut world = at_work(60, true);
    for _ in 0..3 {
        world.pass();
    }
    assert_eq!(world.status.last_handled_rotate_at, world.rotate_at);
    let (both, minted) = (world.ours().count(), world.minted);
    world.rotate_at = Some("again".to_owned());
    for _ in 0..5 {
        world.pass();
        assert!(world.works());
    }
    assert_eq!((both, world.minted), (2, minted + 1));
    assert_eq!(world.status.last_handled_rotate_at, world.rotate_at);
}

/// Whenever the object is deleted in the course of that, no runner stays.
#[test]
fn both_runners_go_with_the_object() {
    for passes in 0..8 {
        for first in interruptions(5) {
            let mut world = at_work(20, false);
            for pass in 0..passes {
                world.trouble = first.filter(|_| pass == 0);
                world.pass();
                world.comes();
            }
            world.desired = Desired::Gone(DeletionPolicy::Delete);
            let told = format!("{passes} {first:?}");
            let (plan, _) = super::settle(&mut world, &[]);
            assert_eq!(plan, Some(Plan::Rest), "{told}: {world:#?}");
            let late = world.late.len();
            assert_eq!((world.ours().count(), late), (0, 0), "{told}: {world:#?}");
        }
    }
}
