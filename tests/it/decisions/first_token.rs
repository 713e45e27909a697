//! When the first token is replaced of a runner that was registered with a deadline for that.
use gitlab_runner_registrar::{
    api::v1alpha1::RotationOwner,
    gitlab::model::TokenLife,
    plan::{FirstToken, Plan, ResetReason, Step, StoredToken},
};

use super::given::{GROUP, but, exists, now, seconds};
use super::rotation::{aged, days, kept, renew};
use super::succession::{another, asked, twin};
use super::{act, hold};

/// A first token of that age and life that has a deadline in so many days.
fn first(age: i64, left: i64, deadline: i64) -> impl Fn(&mut StoredToken) {
    move |stored| {
        aged(age, Some(left))(stored);
        stored.rotation_deadline = Some(now() + days(deadline));
    }
}

/// GitLab refuses to replace the first token once its deadline is over, and knows no other deadline. What
/// counts is what it was registered with.
#[test]
fn the_first_token_is_replaced_before_its_deadline() {
    let asks = |expires_in, deadline| {
        exists(|want| {
            want.first_token = FirstToken {
                expires_in: Some(days(expires_in)),
                rotation_deadline: Some(days(deadline)),
            };
        })
    };
    let any = || exists(|_| {});
    hold(vec![
        (
            "two thirds of the time are over",
            any(),
            kept(first(2, 10, 1)),
            renew(ResetReason::Due),
        ),
        ("and not before", any(), kept(first(1, 11, 2)), Plan::Rest),
        (
            "spec asks for a shorter time since, which counts for the next",
            asks(12, 1),
            kept(first(1, 11, 2)),
            Plan::Rest,
        ),
        (
            "or for a longer one, and for another life",
            asks(15, 9),
            kept(first(2, 10, 1)),
            renew(ResetReason::Due),
        ),
        (
            "a token without a deadline is not due for what spec asks for since",
            asks(12, 3),
            kept(aged(2, Some(10))),
            Plan::Rest,
        ),
        (
            "nor is it the operator that replaces it where runners do",
            exists(|want| want.rotation.owner = RotationOwner::Runner),
            kept(first(2, 10, 1)),
            Plan::Rest,
        ),
    ]);
}

/// A GitLab that knows no such parameter ignores it without a word, and what it gives is rounded.
#[test]
fn a_life_is_given_if_the_token_ends_then() {
    let life = TokenLife {
        expires_at: now(),
        rotation_deadline: None,
    };
    for (given, is) in [
        (None, false),
        (Some(now()), true),
        (Some(now() + seconds(59)), true),
        (Some(now() - seconds(59)), true),
        (Some(now() + seconds(60)), false),
        (Some(now() - days(1)), false),
    ] {
        assert_eq!(life.is_given(given), is, "{given:?}");
    }
}

/// It is registered by the same settings, of which those that say how long its token lives are some.
#[test]
fn the_token_of_a_successor_ends_as_spec_says() {
    let settings = FirstToken {
        expires_in: Some(seconds(7200)),
        rotation_deadline: Some(seconds(3600)),
    };
    let Plan::Act(Step::Register(mut new)) = another(GROUP, |_| {}) else {
        unreachable!()
    };
    new.life = Some(TokenLife {
        expires_at: now() + seconds(7200),
        rotation_deadline: Some(now() + seconds(3600)),
    });
    hold(vec![(
        "as that of the first",
        twin(|want| want.first_token = settings),
        asked(but(|_| {})),
        act(Step::Register(new)),
    )]);
}
