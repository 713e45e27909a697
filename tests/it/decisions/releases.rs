//! What is done where GitLab is older than what spec asks for.
use gitlab_runner_registrar::{
    api::v1alpha1::{DeletionPolicy, ResetToken, RotationOverlap, SecretKeyRef},
    gitlab::model::{NewRunner, Release, RunnerId, Settings, TokenLife},
    plan::{
        Blocked, Desired, FirstToken, Lack, Observed, Plan, ResetReason, SecretSighting, Step,
        Wanted, WantedAdoption,
    },
};

use super::given::{GROUP, RUNNER, but, exists, nothing, now, seconds};
use super::{act, hold, wait};

const OLD: Release = Release::new(13, 12);
const MIDDLE: Release = Release::new(15, 2);

fn by_token(change: impl FnOnce(&mut Wanted)) -> Desired {
    exists(|want| {
        want.registration_token = Some(SecretKeyRef {
            name: "registration".to_owned(),
            key: "token".to_owned(),
        });
        change(want);
    })
}

fn in_release(release: Release, seen: Observed) -> Observed {
    Observed {
        release: Some(release),
        ..seen
    }
}

fn lacks(field: &'static str, release: Release, since: Release, instead: &'static str) -> Plan {
    wait(Blocked::Unsupported(Lack {
        field,
        release,
        since,
        enterprise: false,
        instead,
    }))
}

fn lacks_life(release: Release) -> Plan {
    wait(Blocked::Unsupported(Lack {
        field: "registration.expiresIn",
        release,
        since: Release::TOKEN_LIFE,
        enterprise: true,
        instead: "take it out of spec, and rotationDeadline with it",
    }))
}

fn short_lived() -> Desired {
    with_life(|_| {})
}

fn with_life(change: impl FnOnce(&mut Wanted)) -> Desired {
    exists(|want| {
        want.first_token = FirstToken {
            expires_in: Some(seconds(7200)),
            rotation_deadline: Some(seconds(3600)),
        };
        change(want);
    })
}

/// GitLab ignores what it does not know, so that nothing is registered there.
#[test]
fn an_end_of_the_first_token_is_asked_for_where_gitlab_knows_one() {
    let (before, since) = (Release::new(18, 9), Release::TOKEN_LIFE);
    let community = |seen| Observed {
        community: true,
        ..in_release(since, seen)
    };
    let settings = Settings {
        description: Some("space/name".to_owned()),
        ..Settings::default()
    };
    let mut new = NewRunner::new(GROUP, settings);
    new.life = Some(TokenLife {
        expires_at: now() + seconds(7200),
        rotation_deadline: Some(now() + seconds(3600)),
    });
    hold(vec![
        (
            "one before does not",
            short_lived(),
            in_release(before, nothing(|_| {})),
            lacks_life(before),
        ),
        (
            "nor does the Community Edition",
            short_lived(),
            community(nothing(|_| {})),
            lacks_life(since),
        ),
        (
            "one that does is told",
            short_lived(),
            in_release(since, nothing(|_| {})),
            act(Step::Register(Box::new(new))),
        ),
        (
            "of a runner that is there it says nothing",
            short_lived(),
            community(but(|_| {})),
            Plan::Rest,
        ),
        (
            "unless another is to be registered in its place",
            with_life(|want| want.rotation.overlap = RotationOverlap::Twin),
            community(but(|_| {})),
            lacks_life(since),
        ),
        (
            "which one that was taken over is not given",
            with_life(|want| {
                want.rotation.overlap = RotationOverlap::Twin;
                want.adopt = Some(WantedAdoption {
                    runner: RUNNER,
                    reset: ResetToken::IfMissing,
                    force: false,
                });
            }),
            community(but(|_| {})),
            Plan::Rest,
        ),
    ]);
}

fn registers() -> Plan {
    let settings = Settings {
        description: Some("space/name".to_owned()),
        ..Settings::default()
    };
    let scope = GROUP;
    act(Step::Register(Box::new(NewRunner::new(scope, settings))))
}

#[test]
fn what_a_release_lacks_is_told_and_nothing_is_done() {
    let method = "set spec.registration.method to RegistrationToken, with a tokenSecretRef";
    let adopting = |reset| {
        by_token(|want| {
            want.adopt = Some(WantedAdoption {
                runner: RunnerId(7),
                reset,
                force: false,
            });
        })
    };
    hold(vec![
        (
            "no user registers",
            exists(|_| {}),
            in_release(MIDDLE, nothing(|_| {})),
            lacks("registration.method User", MIDDLE, Release::USER, method),
        ),
        (
            "users do, later",
            exists(|_| {}),
            in_release(Release::USER, nothing(|_| {})),
            registers(),
        ),
        (
            "a token does",
            by_token(|_| {}),
            in_release(OLD, nothing(|_| {})),
            registers(),
        ),
        (
            "how it was registered is of no account once it is there",
            exists(|_| {}),
            in_release(MIDDLE, but(|_| {})),
            Plan::Rest,
        ),
        (
            "no note",
            by_token(|want| want.settings.maintenance_note = Some("text".to_owned())),
            in_release(OLD, nothing(|_| {})),
            lacks(
                "maintenanceNote",
                OLD,
                Release::PAUSED,
                "take it out of spec",
            ),
        ),
        (
            "no room for the mark",
            by_token(|want| want.settings.description = Some("x".repeat(897))),
            in_release(OLD, nothing(|_| {})),
            lacks(
                "description of more than 896 characters",
                OLD,
                Release::PAUSED,
                "shorten it, since the operator's mark stands in it too",
            ),
        ),
        (
            "no token by age",
            by_token(|want| want.rotation.every = Some(seconds(3600))),
            in_release(OLD, but(|_| {})),
            lacks(
                "tokenRotation.every",
                OLD,
                Release::RESETS,
                "take it out of spec, or set tokenRotation.overlap to Twin",
            ),
        ),
        (
            "a successor has one of its own",
            by_token(|want| {
                want.rotation.every = Some(seconds(8_640_000));
                want.rotation.overlap = RotationOverlap::Twin;
            }),
            in_release(OLD, but(|_| {})),
            Plan::Rest,
        ),
        (
            "no token on request",
            by_token(|_| {}),
            in_release(OLD, but(|seen| seen.token.requested = true)),
            lacks(
                "the annotation gitlab-registrar.dev/rotate-at",
                OLD,
                Release::RESETS,
                "take it away, or set tokenRotation.overlap to Twin",
            ),
        ),
        (
            "no reset of what is taken over",
            adopting(ResetToken::IfMissing),
            in_release(OLD, nothing(|_| {})),
            lacks(
                "adopt.resetToken IfMissing or Always",
                OLD,
                Release::RESETS,
                "set it to Never",
            ),
        ),
    ]);
}

#[test]
fn a_token_that_cannot_be_replaced_costs_its_runner() {
    let lost = || but(|seen| seen.secret = SecretSighting::Absent);
    let reset = act(Step::ResetToken(RUNNER, ResetReason::Missing));
    let instead =
        "put the runner's token back into the Secret, or delete this object and make it anew";
    let waits = lacks("a token that is lost", OLD, Release::RESETS, instead);
    hold(vec![
        (
            "13 makes none",
            by_token(|_| {}),
            in_release(OLD, lost()),
            act(Step::Discard(RUNNER, ResetReason::Missing)),
        ),
        (
            "but not one that was taken over",
            by_token(|_| {}),
            in_release(OLD, {
                let mut seen = lost();
                seen.taken_over = true;
                seen
            }),
            waits.clone(),
        ),
        (
            "nor one that is to stay",
            by_token(|want| want.deletion = DeletionPolicy::Orphan),
            in_release(OLD, lost()),
            waits.clone(),
        ),
        (
            "nor one whose place no other could take",
            exists(|_| {}),
            in_release(OLD, lost()),
            waits,
        ),
        (
            "15.2 does",
            by_token(|_| {}),
            in_release(MIDDLE, lost()),
            reset.clone(),
        ),
        ("nobody knows which it is", by_token(|_| {}), lost(), reset),
    ]);
}
