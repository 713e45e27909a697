//! A scope whose path means nothing for a while, at a GitLab in which its number is not recorded.
use gitlab_runner_registrar::{
    api::v1alpha1::{DeletionPolicy, DriftPolicy},
    plan::{Blocked, Desired, Doubt, Plan, resolved},
};

use super::starts::{InGitLab, InSecret, InStatus, Start};
use super::world::Credential;
use super::{exists, interruptions, settle};
use crate::decisions::given::GROUP;

/// What cannot be looked for is not taken for absent: it is neither registered once more nor left
/// behind, and as soon as there is a list to look at, all goes on.
#[test]
fn a_lost_runner_waits_for_its_scope() {
    let unplaced = Plan::Hold(Blocked::Unclear(Doubt::Unplaced));
    for desired in [
        exists(DriftPolicy::Correct),
        Desired::Gone(DeletionPolicy::Delete),
    ] {
        for gitlab in [InGitLab::Nothing, InGitLab::AsDeclared, InGitLab::Unlisted] {
            for status in [InStatus::OldAttempt, InStatus::FreshAttempt] {
                // What is not listed yet was registered a moment ago.
                if gitlab == InGitLab::Unlisted && status == InStatus::OldAttempt {
                    continue;
                }
                for first in interruptions(4) {
                    let start = Start {
                        gitlab,
                        secret: InSecret::Nothing,
                        status,
                        credential: Credential::Works,
                        desired: desired.clone(),
                    };
                    let mut world = start.world();
                    world.scope = None;
                    world.status.scope = Some(resolved(GROUP, "https://elsewhere.example.com"));
                    let (plan, _) = settle(&mut world, &[first]);
                    assert_eq!(plan, Some(unplaced.clone()), "{start:?} {first:?}");
                    assert!(world.posts.is_empty(), "{start:?} {first:?}");

                    world.scope = Some(GROUP);
                    let (plan, _) = settle(&mut world, &[first]);
                    assert_eq!(plan, Some(Plan::Rest), "{start:?} {first:?}");
                    let wanted = usize::from(world.want().is_some());
                    assert_eq!(world.ours().count(), wanted, "{start:?} {first:?}");
                }
            }
        }
    }
}
