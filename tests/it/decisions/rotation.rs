//! A token with which nothing is wrong: when it is replaced all the same.
use gitlab_runner_registrar::{
    api::v1alpha1::{DriftPolicy, RotationOwner},
    gitlab::model::{RunnerId, Settings},
    plan::{
        Blocked, Observed, Plan, ResetReason, Rotation, SecretSighting, Shown, Step, StoredToken,
        TokenState, Wanted,
    },
};
use jiff::{SignedDuration, Timestamp};

use super::given::{RUNNER, but, exists, known, now, seconds, stored_with};
use super::{act, hold};

const DAY: i64 = 86_400;

pub(super) fn days(n: i64) -> SignedDuration {
    seconds(n * DAY)
}

pub(super) fn renew(why: ResetReason) -> Plan {
    act(Step::ResetToken(RUNNER, why))
}

/// A token of that age, in days, that ends in so many days, if ever.
pub(super) fn aged(age: i64, left: Option<i64>) -> impl Fn(&mut StoredToken) {
    move |stored| {
        stored.issued_at = Some(now() - days(age));
        stored.expires_at = left.map(|left| now() + days(left));
    }
}

pub(super) fn kept(change: impl FnOnce(&mut StoredToken)) -> Observed {
    but(|seen| seen.secret = SecretSighting::Ours(stored_with(change)))
}

fn asked(change: impl FnOnce(&mut Observed)) -> Observed {
    but(|seen| {
        seen.token.requested = true;
        change(seen);
    })
}

#[test]
fn a_token_is_due_at_the_earliest_of_its_age_its_end_and_two_thirds_of_its_life() {
    let issued: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let day = |n: i64| issued + days(n);
    // Every, before its end, the life, and when it is due; all in days.
    let rows = [
        (None, None, None, None),
        (Some(30), None, None, Some(30)),
        (None, Some(2), None, None),
        (None, None, Some(30), Some(20)),
        (Some(10), None, Some(30), Some(10)),
        (Some(25), None, Some(30), Some(20)),
        (None, Some(12), Some(30), Some(18)),
        // A manager renews its token when three quarters are over, whatever is written here.
        (None, Some(1), Some(30), Some(20)),
        // GitLab gives shorter lives than was thought of: each new token would be due at once.
        (None, Some(40), Some(30), Some(15)),
        (Some(15), Some(12), Some(30), Some(15)),
    ];
    for (every, before, life, due) in rows {
        let rotation = Rotation {
            every: every.map(days),
            before_expiry: before.map(days),
            ..Rotation::default()
        };
        let chosen = rotation.due(Some(issued), life.map(day));
        assert_eq!(chosen, due.map(day), "{every:?} {before:?} {life:?}");
        let left = Rotation {
            owner: RotationOwner::Runner,
            ..rotation
        };
        assert_eq!(left.due(Some(issued), life.map(day)), None);
        // No time overflows.
        let latest = rotation.due(Some(Timestamp::MAX), Some(Timestamp::MAX));
        assert!(latest.is_none_or(|at| at <= Timestamp::MAX));
        rotation.due(Some(Timestamp::MAX), Some(Timestamp::MIN));
        rotation.due(Some(Timestamp::MIN), Some(Timestamp::MAX));
    }
    let every = Rotation {
        every: Some(days(30)),
        before_expiry: Some(days(2)),
        ..Rotation::default()
    };
    let unknown = every.due(None, None).unwrap();
    assert!(unknown < issued, "one of unknown age is replaced at once");
    let ends = Rotation {
        every: None,
        ..every
    };
    assert_eq!(ends.due(None, Some(day(9))), Some(day(7)));
}

#[test]
fn a_token_is_replaced_when_it_is_time() {
    let every = |want: &mut Wanted| want.rotation.every = Some(days(30));
    hold(vec![
        (
            "one without an end stays",
            exists(|_| {}),
            kept(aged(9999, None)),
            Plan::Rest,
        ),
        (
            "unless its age counts",
            exists(every),
            kept(aged(30, None)),
            renew(ResetReason::Due),
        ),
        (
            "and is reached",
            exists(every),
            kept(aged(29, None)),
            Plan::Rest,
        ),
        (
            "two thirds of a life are over, though nothing is written of rotation",
            exists(|_| {}),
            kept(aged(20, Some(10))),
            renew(ResetReason::Due),
        ),
        (
            "and not before",
            exists(|_| {}),
            kept(aged(19, Some(11))),
            Plan::Rest,
        ),
        (
            "under Report too: it is no setting",
            exists(|want| want.drift = DriftPolicy::Report),
            kept(aged(20, Some(10))),
            renew(ResetReason::Due),
        ),
        (
            "what is wrong with it is said first",
            exists(every),
            kept(|stored| {
                aged(60, None)(stored);
                stored.token = TokenState::Edited;
            }),
            renew(ResetReason::Edited),
        ),
        (
            "an untidy Secret is put right first",
            exists(every),
            kept(|stored| {
                aged(60, None)(stored);
                stored.tidy = false;
            }),
            act(Step::RepairSecret(RUNNER)),
        ),
        (
            "and settings, since GitLab may refuse a new token for good",
            exists(|want| {
                every(want);
                want.settings.paused = Some(true);
            }),
            kept(aged(60, None)),
            act(Step::Edit(
                RUNNER,
                Box::new(Settings {
                    paused: Some(true),
                    ..Settings::default()
                }),
            )),
        ),
        (
            "somebody else's Secret is not written",
            exists(every),
            asked(|seen| seen.secret = SecretSighting::Foreign(None)),
            Plan::Hold(Blocked::SecretConflict(None)),
        ),
        (
            "a twin goes first",
            exists(every),
            asked(|seen| seen.twins = vec![RunnerId(9)]),
            act(Step::Unregister(RunnerId(9))),
        ),
        (
            "somebody else has had it replaced",
            exists(|_| {}),
            but(|seen| seen.token.shown = Shown::Another),
            renew(ResetReason::Superseded),
        ),
        (
            "what is around it is put right with the new one",
            exists(|_| {}),
            but(|seen| {
                seen.token.shown = Shown::Another;
                seen.secret = SecretSighting::Ours(stored_with(|kept| kept.tidy = false));
            }),
            renew(ResetReason::Superseded),
        ),
        (
            "and a copy under a former name is no better",
            exists(|_| {}),
            but(|seen| {
                seen.token.shown = Shown::Another;
                seen.others = vec![("former".to_owned(), stored_with(|_| {}))];
            }),
            renew(ResetReason::Superseded),
        ),
        (
            "whether that is so is being found out",
            exists(|_| {}),
            but(|seen| seen.token.shown = Shown::Unsettled),
            Plan::Rest,
        ),
        (
            "it is the same",
            exists(|_| {}),
            but(|seen| seen.token.shown = Shown::Kept),
            Plan::Rest,
        ),
        (
            "somebody asks",
            exists(|_| {}),
            asked(|_| {}),
            renew(ResetReason::Requested),
        ),
        (
            "a missing token is replaced for that reason alone",
            exists(|_| {}),
            asked(|seen| seen.secret = SecretSighting::Absent),
            renew(ResetReason::Missing),
        ),
    ]);
}

#[test]
fn a_template_that_makes_no_configuration_keeps_nothing_else_from_being_done() {
    let unmade = |change: fn(&mut Observed)| {
        but(|seen| {
            seen.token.unmade = Some("why".to_owned());
            change(seen);
        })
    };
    hold(vec![
        (
            "it is told when all else is done",
            exists(|_| {}),
            unmade(|_| {}),
            Plan::Hold(Blocked::Template("why".to_owned())),
        ),
        (
            "a token heals first",
            exists(|_| {}),
            unmade(|seen| seen.secret = SecretSighting::Absent),
            renew(ResetReason::Missing),
        ),
        (
            "and is replaced when somebody asks",
            exists(|_| {}),
            unmade(|seen| seen.token.requested = true),
            renew(ResetReason::Requested),
        ),
        (
            "somebody else's Secret is said first",
            exists(|_| {}),
            unmade(|seen| seen.secret = SecretSighting::Foreign(None)),
            Plan::Hold(Blocked::SecretConflict(None)),
        ),
    ]);
}

#[test]
fn runner_processes_that_renew_their_token_are_left_alone() {
    let theirs = || exists(|want| want.rotation.owner = RotationOwner::Runner);
    let row =
        |sentence, change: fn(&mut StoredToken), plan| (sentence, theirs(), kept(change), plan);
    hold(vec![
        row(
            "its life is over soon",
            |stored| aged(29, Some(1))(stored),
            Plan::Rest,
        ),
        row(
            "it has ended in the Secret",
            |stored| stored.token = TokenState::Expired,
            Plan::Rest,
        ),
        row(
            "and what is around it is not touched either",
            |stored| {
                stored.token = TokenState::Expired;
                stored.tidy = false;
            },
            Plan::Rest,
        ),
        row(
            "what is missing is made anew",
            |stored| stored.token = TokenState::Missing,
            renew(ResetReason::Missing),
        ),
        row(
            "as is that of another runner",
            |stored| stored.runner = Some(known(RunnerId(8))),
            renew(ResetReason::Foreign),
        ),
        (
            "they have renewed it",
            theirs(),
            but(|seen| seen.token.shown = Shown::Another),
            Plan::Rest,
        ),
        (
            "one that has ended is replaced when somebody asks",
            theirs(),
            asked(|seen| {
                let ended = stored_with(|stored| stored.token = TokenState::Expired);
                seen.secret = SecretSighting::Ours(ended);
            }),
            renew(ResetReason::Requested),
        ),
    ]);
}
