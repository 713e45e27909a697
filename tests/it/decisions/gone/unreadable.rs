//! The credential may not read the runner that is to go.
use gitlab_runner_registrar::{
    api::v1alpha1::DeletionPolicy,
    gitlab::model::RunnerId,
    plan::{Blocked, Desired, Doubt, Observed, SecretSighting, Sighting, Step},
};

use super::super::given::{RUNNER, but, known, stored, stored_with};
use super::super::{act, hold, wait};

const GONE: Desired = Desired::Gone(DeletionPolicy::Delete);

fn unclear(doubt: Doubt, secret: SecretSighting) -> Observed {
    but(|seen| {
        seen.runner = Sighting::Unclear(doubt);
        seen.secret = secret;
    })
}

#[test]
fn the_runners_own_token_is_enough() {
    let another =
        || SecretSighting::Ours(stored_with(|kept| kept.runner = Some(known(RunnerId(8)))));
    for doubt in [Doubt::Unreadable(RUNNER), Doubt::Hidden(RUNNER)] {
        let stays = || wait(Blocked::Unclear(doubt));
        hold(vec![
            (
                "with its token it goes",
                GONE,
                unclear(doubt, SecretSighting::Ours(stored())),
                act(Step::UnregisterByToken(RUNNER)),
            ),
            (
                "after what else carries the mark",
                GONE,
                Observed {
                    twins: vec![RunnerId(8)],
                    ..unclear(doubt, SecretSighting::Ours(stored()))
                },
                act(Step::Unregister(RunnerId(8))),
            ),
            (
                "without it stays",
                GONE,
                unclear(doubt, SecretSighting::Absent),
                stays(),
            ),
            (
                "nor does another's do",
                GONE,
                unclear(doubt, another()),
                stays(),
            ),
        ]);
    }
}
