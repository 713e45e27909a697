//! A runner that the credential may not look at.
use gitlab_runner_registrar::{
    api::v1alpha1::DeletionPolicy,
    plan::{Blocked, Desired, Doubt, Observed, Plan, SecretSighting, Sighting, Step, Undone},
};

use super::given::{RUNNER, but, exists, seconds, stored_with};
use super::{act, hold, wait};

fn unseen(change: impl FnOnce(&mut Observed)) -> Observed {
    but(|seen| {
        seen.runner = Sighting::Unclear(Doubt::Unseen(RUNNER));
        change(seen);
    })
}

#[test]
fn what_takes_more_than_to_register_is_told() {
    let gone = || Desired::Gone(DeletionPolicy::Delete);
    let lost = |seen: &mut Observed| seen.secret = SecretSighting::Absent;
    hold(vec![
        (
            "all that is known is well",
            exists(|_| {}),
            unseen(|seen| seen.changed = Some(false)),
            Plan::Rest,
        ),
        (
            "nobody noted what was asked for",
            exists(|_| {}),
            unseen(|_| {}),
            Plan::Rest,
        ),
        (
            "spec has changed",
            exists(|_| {}),
            unseen(|seen| seen.changed = Some(true)),
            wait(Blocked::OutOfReach(RUNNER, Undone::Settings)),
        ),
        (
            "its token is lost",
            exists(|_| {}),
            unseen(lost),
            wait(Blocked::OutOfReach(RUNNER, Undone::Token)),
        ),
        (
            "it is to serve other projects too",
            exists(|want| want.projects = Some(Vec::new())),
            unseen(|_| {}),
            wait(Blocked::OutOfReach(RUNNER, Undone::Projects)),
        ),
        (
            "somebody asks for another token",
            exists(|_| {}),
            unseen(|seen| seen.token.requested = true),
            wait(Blocked::OutOfReach(RUNNER, Undone::Rotation)),
        ),
        (
            "its token is due",
            exists(|want| want.rotation.every = Some(seconds(3600))),
            unseen(|_| {}),
            wait(Blocked::OutOfReach(RUNNER, Undone::Rotation)),
        ),
        (
            "a Secret is mended without GitLab",
            exists(|_| {}),
            unseen(|seen| {
                seen.secret = SecretSighting::Ours(stored_with(|kept| kept.tidy = false));
            }),
            act(Step::RepairSecret(RUNNER)),
        ),
        (
            "whoever holds the token removes the runner",
            gone(),
            unseen(|_| {}),
            act(Step::UnregisterByToken(RUNNER)),
        ),
        (
            "nobody does",
            gone(),
            unseen(lost),
            wait(Blocked::Unclear(Doubt::Unseen(RUNNER))),
        ),
    ]);
}
