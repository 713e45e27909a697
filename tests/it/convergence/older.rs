//! Where less can be done: with a GitLab that replaces no token, and with a credential that only registers.
use gitlab_runner_registrar::{
    api::v1alpha1::{DriftPolicy, SecretKeyRef},
    gitlab::model::Release,
    plan::{Blocked, Desired, Doubt, Plan},
};

use super::build::{STRANGER, stranger};
use super::starts::{self, InSecret};
use super::world::{Credential, How, Interruption};
use super::{again, exists, interruptions, is_kept, settle, try_all};
use crate::decisions::given::now;

/// A token that is lost costs its runner, and there is one again with its token in the Secret.
#[test]
fn a_runner_whose_token_is_lost_is_replaced_where_no_token_is() {
    let Desired::Exists(mut want) = exists(DriftPolicy::Correct) else {
        return;
    };
    want.registration_token = Some(SecretKeyRef {
        name: "registration".to_owned(),
        key: "token".to_owned(),
    });
    let desired = [Desired::Exists(want)];
    for start in starts::all(&desired, Credential::Works) {
        for first in interruptions(4) {
            for second in again() {
                let mut world = start.world();
                world.release = Some(Release::new(13, 12));
                let (plan, _) = settle(&mut world, &[first, second]);
                let told = || format!("{start:?} {first:?} {second:?}: {plan:?}, {world:#?}");
                let theirs = world.gitlab.iter().find(|it| it.runner.id == STRANGER);
                assert_eq!(theirs, Some(&stranger(now())), "{}", told());
                match &plan {
                    Some(Plan::Rest) => {
                        let kept = world
                            .want()
                            .is_some_and(|want| is_kept(&start, &world, want));
                        assert!(kept, "{}", told());
                    }
                    Some(Plan::Hold(Blocked::SecretConflict(_))) => {
                        assert_eq!(start.secret, InSecret::Foreign, "{}", told());
                    }
                    // After an attempt that was refused the number in an edited Secret is all there is,
                    // and a person has to delete that.
                    Some(Plan::Hold(Blocked::Unclear(Doubt::Foreign(_)))) => {
                        let edited = start.secret == InSecret::OtherNumber;
                        let refused = [first, second].into_iter().flatten().any(is_refused);
                        assert!(start.is_misled() || edited && refused, "{}", told());
                    }
                    _ => panic!("{}", told()),
                }
            }
        }
    }
}

fn is_refused(interruption: Interruption) -> bool {
    interruption.how == How::Refused
}

/// What it cannot look at it makes no second time, and what it cannot mend it tells.
#[test]
fn who_may_only_register_makes_one_runner() {
    let starts = starts::all(&[exists(DriftPolicy::Correct)], Credential::OnlyRegisters);
    try_all(&starts, |start, world, plan| {
        let most = 1 + usize::from(start.is_lost());
        let told = match plan {
            Some(
                Plan::Rest
                | Plan::Hold(Blocked::OutOfReach(..) | Blocked::Unclear(Doubt::Unsearchable)),
            ) => true,
            Some(Plan::Hold(Blocked::SecretConflict(_))) => start.secret == InSecret::Foreign,
            _ => false,
        };
        told && world.ours().count() <= most
    });
}
