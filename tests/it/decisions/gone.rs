//! The object goes: with its runner, or without.
mod unreadable;

use gitlab_runner_registrar::{
    api::v1alpha1::DeletionPolicy,
    gitlab::model::{ProjectId, RunnerId, Settings},
    plan::{
        Blocked, Desired, Doubt, Observed, Plan, SecretSighting, Sighting, Step, StoredToken,
        TokenState,
    },
};

use super::given::{
    GROUP, RUNNER, but, known, nothing, now, of_projects, seconds, stored, stored_with,
};
use super::{act, hold, wait};

const GONE: Desired = Desired::Gone(DeletionPolicy::Delete);
const ORPHAN: Desired = Desired::Gone(DeletionPolicy::Orphan);

fn of_another() -> SecretSighting {
    SecretSighting::Ours(stored_with(|kept| kept.runner = Some(known(RunnerId(8)))))
}

#[test]
fn a_runner_is_removed_before_its_object() {
    let later = now() + seconds(1);
    hold(vec![
        (
            "it is there",
            GONE,
            but(|_| {}),
            act(Step::Unregister(RUNNER)),
        ),
        (
            "a Secret of somebody else is no obstacle",
            GONE,
            but(|seen| seen.secret = SecretSighting::Foreign(None)),
            act(Step::Unregister(RUNNER)),
        ),
        ("it is not there", GONE, nothing(|_| {}), Plan::Rest),
        (
            "an attempt may still bear fruit",
            GONE,
            nothing(|seen| seen.settles_at = Some(later)),
            wait(Blocked::Settling(later)),
        ),
        (
            "it may no longer",
            GONE,
            nothing(|seen| seen.settles_at = Some(now())),
            Plan::Rest,
        ),
        (
            "a scope that is unknown does not matter",
            GONE,
            but(|seen| seen.scope = None),
            act(Step::Unregister(RUNNER)),
        ),
    ]);
    for doubt in [Doubt::Unsearchable, Doubt::Foreign(RunnerId(8))] {
        hold(vec![(
            "in doubt the object stays",
            GONE,
            but(|seen| seen.runner = Sighting::Unclear(doubt)),
            wait(Blocked::Unclear(doubt)),
        )]);
    }
}

#[test]
fn further_projects_are_unassigned_first_when_a_non_admin_must() {
    let open = Settings {
        locked: Some(false),
        ..Settings::default()
    };
    hold(vec![
        (
            "one after the other",
            GONE,
            of_projects(&[41, 42], |_| {}),
            act(Step::Unassign(RUNNER, ProjectId(41))),
        ),
        (
            "until only the owner is left",
            GONE,
            of_projects(&[], |_| {}),
            act(Step::Unregister(RUNNER)),
        ),
        (
            "an administrator need not",
            GONE,
            Observed {
                admin: true,
                ..of_projects(&[41], |_| {})
            },
            act(Step::Unregister(RUNNER)),
        ),
        (
            "a locked one is opened for that",
            GONE,
            of_projects(&[41], |runner| runner.locked = true),
            act(Step::Edit(RUNNER, Box::new(open))),
        ),
        (
            "a locked one with no further project need not",
            GONE,
            of_projects(&[], |runner| runner.locked = true),
            act(Step::Unregister(RUNNER)),
        ),
        (
            "without the owner's number GitLab may judge",
            GONE,
            Observed {
                scope: None,
                ..of_projects(&[41], |_| {})
            },
            act(Step::Unregister(RUNNER)),
        ),
        (
            "the projects of a group runner are none to unassign",
            GONE,
            Observed {
                scope: Some(GROUP),
                ..of_projects(&[41], |_| {})
            },
            act(Step::Unregister(RUNNER)),
        ),
    ]);
}

/// The token removes it whatever the credential may not do, and however many projects it has.
#[test]
fn the_runners_own_token_removes_what_the_credential_may_not() {
    let narrow = |seen: Observed| Observed {
        can_assign: false,
        ..seen
    };
    let refused = |seen: Observed| Observed {
        refused: true,
        ..seen
    };
    let without = |seen: Observed| Observed {
        secret: SecretSighting::Absent,
        ..seen
    };
    let several = || of_projects(&[41], |_| {});
    let elsewhere = Step::Unassign(RUNNER, ProjectId(41));
    let by_token = || act(Step::UnregisterByToken(RUNNER));
    let by_number = || act(Step::Unregister(RUNNER));
    hold(vec![
        ("it may not unassign", GONE, narrow(several()), by_token()),
        (
            "nor what is locked",
            GONE,
            narrow(of_projects(&[41], |runner| runner.locked = true)),
            by_token(),
        ),
        (
            "an administrator's it may be, of which GitLab has not told",
            GONE,
            narrow(without(several())),
            by_number(),
        ),
        (
            "an administrator's it is",
            GONE,
            Observed {
                admin: true,
                ..narrow(several())
            },
            by_number(),
        ),
        (
            "nothing is to be unassigned",
            GONE,
            narrow(of_projects(&[], |_| {})),
            by_number(),
        ),
        (
            "it has projects that are not shown",
            GONE,
            refused(of_projects(&[], |_| {})),
            by_token(),
        ),
        (
            "it may not be taken out of a project",
            GONE,
            refused(several()),
            by_token(),
        ),
        ("it is a group's", GONE, refused(but(|_| {})), by_token()),
        (
            "without the token the refusal stands",
            GONE,
            refused(without(of_projects(&[], |_| {}))),
            by_number(),
        ),
        (
            "and so does that of a project",
            GONE,
            refused(without(several())),
            act(elsewhere),
        ),
        (
            "another runner's token is of no use",
            GONE,
            Observed {
                secret: of_another(),
                ..refused(of_projects(&[], |_| {}))
            },
            by_number(),
        ),
    ]);
}

#[test]
fn without_a_credential_the_runners_own_token_removes_it() {
    let not_asked = |here: SecretSighting, former: Option<StoredToken>| {
        but(|seen| {
            seen.runner = Sighting::Unclear(Doubt::NotAsked(Some(RUNNER)));
            seen.secret = here;
            let former = former.map(|kept| ("former".to_owned(), kept));
            seen.others = former.into_iter().collect();
        })
    };
    let by_token = |id| act(Step::UnregisterByToken(id));
    let spoilt = |token| stored_with(|kept| kept.token = token);
    let undeletable = || wait(Blocked::Undeletable(None));
    hold(vec![
        (
            "the token we keep",
            GONE,
            not_asked(SecretSighting::Ours(stored()), None),
            by_token(RUNNER),
        ),
        (
            "or kept under the former name",
            GONE,
            not_asked(SecretSighting::Absent, Some(stored())),
            by_token(RUNNER),
        ),
        (
            "here or there",
            GONE,
            not_asked(of_another(), Some(stored())),
            by_token(RUNNER),
        ),
        (
            "one of another runner is of no use",
            GONE,
            not_asked(of_another(), None),
            undeletable(),
        ),
        (
            "nor is one when the number was lost",
            GONE,
            Observed {
                runner: Sighting::Unclear(Doubt::NotAsked(None)),
                ..but(|_| {})
            },
            undeletable(),
        ),
        (
            "an edited token is no proof",
            GONE,
            not_asked(SecretSighting::Ours(spoilt(TokenState::Edited)), None),
            undeletable(),
        ),
        (
            "an emptied Secret holds none",
            GONE,
            not_asked(SecretSighting::Ours(spoilt(TokenState::Missing)), None),
            undeletable(),
        ),
        (
            "a token of nobody knows which runner",
            GONE,
            not_asked(
                SecretSighting::Ours(stored_with(|kept| kept.runner = None)),
                None,
            ),
            undeletable(),
        ),
        (
            "no Secret",
            GONE,
            not_asked(SecretSighting::Absent, None),
            undeletable(),
        ),
        (
            "a Secret of somebody else",
            GONE,
            not_asked(SecretSighting::Foreign(None), None),
            undeletable(),
        ),
    ]);
}

#[test]
fn an_orphan_keeps_its_token() {
    let release = || act(Step::ReleaseSecret);
    let others = || vec![("former".to_owned(), stored())];
    hold(vec![
        ("the Secret is released", ORPHAN, but(|_| {}), release()),
        (
            "so is a former one",
            ORPHAN,
            but(|seen| {
                seen.secret = SecretSighting::Absent;
                seen.others = others();
            }),
            release(),
        ),
        (
            "beside one of somebody else",
            ORPHAN,
            but(|seen| {
                seen.secret = SecretSighting::Foreign(None);
                seen.others = others();
            }),
            release(),
        ),
        (
            "whatever it holds, and whatever GitLab says",
            ORPHAN,
            nothing(|seen| {
                seen.secret =
                    SecretSighting::Ours(stored_with(|kept| kept.token = TokenState::Missing));
            }),
            release(),
        ),
        (
            "released, it is not ours",
            ORPHAN,
            but(|seen| seen.secret = SecretSighting::Foreign(None)),
            Plan::Rest,
        ),
        (
            "none is to be released",
            ORPHAN,
            nothing(|seen| {
                seen.runner = Sighting::Unclear(Doubt::NotAsked(Some(RUNNER)));
                seen.settles_at = Some(now() + seconds(60));
            }),
            Plan::Rest,
        ),
    ]);
}
