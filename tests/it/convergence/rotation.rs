//! A token that is due, or that somebody asks to have replaced, whatever interrupts that.
use gitlab_runner_registrar::{
    api::v1alpha1::{DriftPolicy, RotationOwner},
    plan::{Desired, Plan, Rotation},
};

use super::pass::Ended;
use super::starts::{InGitLab, InSecret, InStatus, Start};
use super::world::{Credential, Interruption, World};
use super::{MOST_PASSES, exists, interruptions, left_alone};
use crate::decisions::given::{RUNNER, SECRET, seconds};

/// A runner whose token is two hours old, and is to be replaced every hour or when somebody asks.
fn with_an_old_token(asks: bool, gitlab: InGitLab) -> World {
    let mut desired = exists(DriftPolicy::Correct);
    if let Desired::Exists(want) = &mut desired
        && !asks
    {
        want.rotation.every = Some(seconds(3600));
    }
    let start = Start {
        gitlab,
        secret: InSecret::Good,
        status: InStatus::Full,
        credential: Credential::Works,
        desired,
    };
    let mut world = start.world();
    world.rotate_at = asks.then(|| "now".to_owned());
    let issued_at = Some(world.after(7200));
    world.secrets.get_mut(SECRET).unwrap().issued_at = issued_at;
    world
}

/// Whether the Secret holds the token that GitLab takes.
fn works(world: &World) -> bool {
    let made = world.ours().find(|made| made.runner.id == RUNNER);
    world.secrets[SECRET].token == made.map(|made| made.token)
}

/// Passes until one rests. Between any two of them status says so where the token does not work.
fn settle(world: &mut World, troubles: &[Option<Interruption>]) -> bool {
    for pass in 0..MOST_PASSES {
        world.trouble = troubles.get(pass).copied().flatten();
        let ended = world.pass();
        world.trouble = None;
        let told = world.status.operation.is_some();
        assert!(works(world) || told, "{troubles:?}: {world:#?}");
        if ended == Ended::Planned(Plan::Rest) {
            return true;
        }
    }
    false
}

#[test]
fn a_token_is_replaced_when_it_is_due_and_when_somebody_asks() {
    for asks in [false, true] {
        for gitlab in [InGitLab::AsDeclared, InGitLab::Different] {
            for first in interruptions(6) {
                for second in interruptions(6) {
                    let troubles = [first, second];
                    let mut world = with_an_old_token(asks, gitlab);
                    let rests = settle(&mut world, &troubles);
                    let told = format!("{asks} {gitlab:?} {troubles:?}: {world:#?}");
                    assert!(rests && works(&world), "{told}");
                    assert_ne!(world.secrets[SECRET].token, Some(1), "{told}");
                    assert_eq!(world.status.last_handled_rotate_at, world.rotate_at);
                    // What was lost on the way is made once more, and nothing else.
                    let minted = world.minted - 100;
                    let lost = troubles.iter().flatten().count();
                    assert!((1..=1 + lost).contains(&(minted as usize)), "{told}");
                    left_alone(&mut world, Some(&Plan::Rest));
                }
            }
        }
    }
}

/// Between two passes somebody has had the token replaced.
#[test]
fn a_token_that_somebody_else_has_had_replaced_is_replaced_once_more() {
    for owner in [RotationOwner::Operator, RotationOwner::Runner] {
        for first in interruptions(6) {
            for second in interruptions(6) {
                let troubles = [first, second];
                let mut world = with_an_old_token(false, InGitLab::AsDeclared);
                if let Desired::Exists(want) = &mut world.desired {
                    want.rotation = Rotation {
                        owner,
                        ..Rotation::default()
                    };
                }
                world.shows_tokens = true;
                world.find(RUNNER).unwrap().token = 77;
                let (plan, _) = super::settle(&mut world, &troubles);
                let told = format!("{owner:?} {troubles:?}: {world:#?}");
                assert_eq!(plan, Some(Plan::Rest), "{told}");
                let healed = owner == RotationOwner::Operator;
                assert_eq!(works(&world), healed, "{told}");
                let untouched = world.find(RUNNER).unwrap().token == 77;
                assert_eq!(untouched, !healed, "{told}");
                left_alone(&mut world, Some(&Plan::Rest));
            }
        }
    }
}
