//! A runner whose object goes while its predecessor is still there.
use gitlab_runner_registrar::{
    api::v1alpha1::DeletionPolicy,
    plan::{Blocked, Desired, Doubt, Draining, Jobs, Observed, Plan, Sighting, Step},
};

use super::{OLD, followed, pause, paused, there};
use crate::decisions::given::{RUNNER, now, seconds};
use crate::decisions::{act, hold};

#[test]
fn a_predecessor_goes_before_the_runner_whose_object_goes() {
    let gone = || Desired::Gone(DeletionPolicy::Delete);
    let drain = |jobs| Draining {
        since: now(),
        until: now() + seconds(60),
        jobs,
    };
    let drained = move |seen: &mut Observed| {
        let Sighting::Present(runner) = &mut seen.runner else {
            return;
        };
        runner.paused = true;
        seen.goodbye.drain = Some(drain(Jobs::Running(0)));
    };
    hold(vec![
        (
            "at once",
            gone(),
            followed(there(|_| {}), Jobs::Unasked, |_| {}),
            act(Step::Unregister(OLD)),
        ),
        (
            "when it is paused, if jobs are waited for",
            gone(),
            followed(there(|_| {}), Jobs::Unasked, drained),
            pause(OLD),
        ),
        (
            "and has none left",
            gone(),
            followed(paused(), Jobs::Running(1), drained),
            Plan::Hold(Blocked::Draining(drain(Jobs::Running(1)))),
        ),
        (
            "then",
            gone(),
            followed(paused(), Jobs::Running(0), drained),
            act(Step::Unregister(OLD)),
        ),
        (
            "also after the runner itself",
            gone(),
            followed(there(|_| {}), Jobs::Unasked, |seen| {
                seen.runner = Sighting::Absent;
            }),
            act(Step::Unregister(OLD)),
        ),
        (
            "which nobody is left to do",
            gone(),
            followed(
                Sighting::Unclear(Doubt::NotAsked(Some(OLD))),
                Jobs::Unasked,
                |seen| seen.runner = Sighting::Unclear(Doubt::NotAsked(Some(RUNNER))),
            ),
            Plan::Hold(Blocked::Undeletable(None)),
        ),
        (
            "and is given up with it",
            gone(),
            followed(
                Sighting::Unclear(Doubt::NotAsked(Some(OLD))),
                Jobs::Unasked,
                |seen| {
                    seen.runner = Sighting::Unclear(Doubt::NotAsked(Some(RUNNER)));
                    seen.goodbye.orphaned_at = Some(now());
                },
            ),
            act(Step::UnregisterByToken(RUNNER)),
        ),
        (
            "and both stay where that is asked for",
            Desired::Gone(DeletionPolicy::Orphan),
            followed(there(|_| {}), Jobs::Unasked, |_| {}),
            act(Step::ReleaseSecret),
        ),
    ]);
}
