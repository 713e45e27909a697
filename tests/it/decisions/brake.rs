//! Too many of a connection's runners are lost at once: nothing is done in GitLab but what somebody asks
//! for of a runner that is there.
use gitlab_runner_registrar::{
    api::v1alpha1::DeletionPolicy,
    gitlab::model::{ProjectId, RunnerId, Settings},
    plan::{
        Blocked, Brake, Desired, Doubt, Losses, Observed, Plan, SecretSighting, Sighting, Step,
    },
};

use super::given::{RUNNER, but, exists, nothing, now, of_projects, seconds, stored_with};
use super::{act, hold, wait};

const GONE: Desired = Desired::Gone(DeletionPolicy::Delete);
const ORPHAN: Desired = Desired::Gone(DeletionPolicy::Orphan);

const LOSSES: Losses = Losses { lost: 11, of: 30 };

const OTHERS_ARE_LOST: Brake = Brake {
    losses: LOSSES,
    is_lost: false,
};
const IT_IS_LOST: Brake = Brake {
    losses: LOSSES,
    is_lost: true,
};

fn while_others_are_lost(seen: Observed) -> Observed {
    Observed {
        brake: Some(OTHERS_ARE_LOST),
        ..seen
    }
}

fn while_it_is_lost(seen: Observed) -> Observed {
    Observed {
        brake: Some(IT_IS_LOST),
        ..seen
    }
}

fn unclear(doubt: Doubt) -> Observed {
    but(|seen| seen.runner = Sighting::Unclear(doubt))
}

#[test]
fn nothing_is_registered_or_changed_while_many_are_lost() {
    let paused = |value| exists(|want| want.settings.paused = Some(value));
    let vanished = Doubt::Vanished {
        id: RUNNER,
        until: now() + seconds(40),
    };
    let others = || wait(Blocked::Brake(OTHERS_ARE_LOST));
    let this = || wait(Blocked::Brake(IT_IS_LOST));
    hold(vec![
        (
            "a new object",
            exists(|_| {}),
            while_others_are_lost(nothing(|_| {})),
            others(),
        ),
        (
            "one whose runner is gone",
            exists(|_| {}),
            while_it_is_lost(but(|seen| seen.runner = Sighting::Absent)),
            this(),
        ),
        (
            "it is not said that another is about to be registered",
            exists(|_| {}),
            while_it_is_lost(unclear(vanished)),
            this(),
        ),
        (
            "a change of one that is there",
            paused(true),
            while_others_are_lost(but(|_| {})),
            others(),
        ),
        (
            "a token that was lost",
            exists(|_| {}),
            while_others_are_lost(but(|seen| seen.secret = SecretSighting::Absent)),
            others(),
        ),
        (
            "a token that is due, or that somebody asks to have replaced",
            exists(|_| {}),
            while_others_are_lost(but(|seen| seen.token.requested = true)),
            others(),
        ),
        (
            "a twin",
            exists(|_| {}),
            while_others_are_lost(but(|seen| seen.twins = vec![RunnerId(9)])),
            others(),
        ),
        (
            "a project",
            exists(|want| want.projects = Some(Vec::new())),
            Observed {
                projects: Some(Vec::new()),
                ..while_others_are_lost(of_projects(&[50], |_| {}))
            },
            others(),
        ),
        (
            "what is as declared stays so",
            paused(false),
            while_others_are_lost(but(|_| {})),
            Plan::Rest,
        ),
        (
            "a Secret is put right, which is nothing to GitLab",
            exists(|_| {}),
            while_others_are_lost(but(|seen| {
                seen.secret = SecretSighting::Ours(stored_with(|kept| kept.tidy = false));
            })),
            act(Step::RepairSecret(RUNNER)),
        ),
        (
            "another reason to wait is told as ever",
            exists(|_| {}),
            while_others_are_lost(unclear(Doubt::Foreign(RUNNER))),
            wait(Blocked::Unclear(Doubt::Foreign(RUNNER))),
        ),
    ]);
}

#[test]
fn only_what_is_there_is_deleted_while_many_are_lost() {
    let this = || wait(Blocked::Brake(IT_IS_LOST));
    hold(vec![
        (
            "it is there, and somebody wants it gone",
            GONE,
            while_others_are_lost(but(|_| {})),
            act(Step::Unregister(RUNNER)),
        ),
        (
            "so are its further projects",
            GONE,
            while_others_are_lost(of_projects(&[50], |_| {})),
            act(Step::Unassign(RUNNER, ProjectId(50))),
        ),
        (
            "and the lock before those",
            GONE,
            while_others_are_lost(of_projects(&[50], |runner| runner.locked = true)),
            act(Step::Edit(
                RUNNER,
                Box::new(Settings {
                    locked: Some(false),
                    ..Settings::default()
                }),
            )),
        ),
        (
            "it may be there although GitLab says that it is not",
            GONE,
            while_it_is_lost(nothing(|_| {})),
            this(),
        ),
        (
            "not by its own token either, when it cannot be seen",
            GONE,
            while_it_is_lost(unclear(Doubt::Unreadable(RUNNER))),
            this(),
        ),
        (
            "nor by a guess of a fine-grained token",
            GONE,
            while_it_is_lost(unclear(Doubt::Hidden(RUNNER))),
            this(),
        ),
        (
            "one that never had a runner, or has removed it, goes",
            GONE,
            while_others_are_lost(nothing(|_| {})),
            Plan::Rest,
        ),
        (
            "one that leaves its runner behind goes",
            ORPHAN,
            while_it_is_lost(nothing(|_| {})),
            Plan::Rest,
        ),
        (
            "and with it lets its Secret go",
            ORPHAN,
            while_it_is_lost(but(|seen| seen.runner = Sighting::Absent)),
            act(Step::ReleaseSecret),
        ),
    ]);
}
