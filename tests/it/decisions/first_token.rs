//! When the first token is replaced of a runner that was registered with a deadline for that.
use gitlab_runner_registrar::{
    api::v1alpha1::RotationOwner,
    plan::{FirstToken, Plan, ResetReason, Wanted},
};

use super::given::exists;
use super::hold;
use super::rotation::{aged, days, kept, renew};

/// GitLab refuses to replace the first token once its deadline is over, and knows no other deadline.
#[test]
fn the_first_token_is_replaced_before_its_deadline() {
    let until = |want: &mut Wanted| {
        want.first_token = FirstToken {
            expires_in: Some(days(12)),
            rotation_deadline: Some(days(3)),
        };
    };
    hold(vec![
        (
            "two thirds of the time are over",
            exists(until),
            kept(aged(2, Some(10))),
            renew(ResetReason::Due),
        ),
        (
            "and not before",
            exists(until),
            kept(aged(1, Some(11))),
            Plan::Rest,
        ),
        (
            "the next token has no deadline",
            exists(until),
            kept(|stored| {
                aged(2, Some(10))(stored);
                stored.operation = Some("o1".to_owned());
            }),
            Plan::Rest,
        ),
        (
            "nor one of which GitLab has ignored what it was asked for",
            exists(until),
            kept(aged(9, None)),
            Plan::Rest,
        ),
        (
            "nor is it the operator that replaces it where runners do",
            exists(|want| {
                until(want);
                want.rotation.owner = RotationOwner::Runner;
            }),
            kept(aged(2, Some(10))),
            Plan::Rest,
        ),
    ]);
}
