//! The credential may not read the runner that is to go.
use gitlab_runner_registrar::{
    api::v1alpha1::DeletionPolicy,
    gitlab::model::RunnerId,
    plan::{Blocked, Desired, Doubt, Observed, SecretSighting, Sighting, Step},
};

use super::super::given::{RUNNER, but, known, stored, stored_with};
use super::super::{act, hold, wait};

const GONE: Desired = Desired::Gone(DeletionPolicy::Delete);

fn unreadable(secret: SecretSighting) -> Observed {
    but(|seen| {
        seen.runner = Sighting::Unclear(Doubt::Unreadable(RUNNER));
        seen.secret = secret;
    })
}

#[test]
fn the_runners_own_token_is_enough() {
    let another = SecretSighting::Ours(stored_with(|kept| kept.runner = Some(known(RunnerId(8)))));
    let stays = || wait(Blocked::Unclear(Doubt::Unreadable(RUNNER)));
    hold(vec![
        (
            "with its token it goes",
            GONE,
            unreadable(SecretSighting::Ours(stored())),
            act(Step::UnregisterByToken(RUNNER)),
        ),
        (
            "without it stays",
            GONE,
            unreadable(SecretSighting::Absent),
            stays(),
        ),
        ("nor does another's do", GONE, unreadable(another), stays()),
    ]);
}
