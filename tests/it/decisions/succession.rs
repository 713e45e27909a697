//! A runner whose token is due, and one that takes its place.
mod gone;

use gitlab_runner_registrar::{
    api::v1alpha1::{DriftPolicy, ResetToken, RotationOverlap},
    gitlab::model::{AccessLevel, NewRunner, Runner, RunnerId, Scope, Settings},
    plan::{
        Blocked, Desired, Doubt, Jobs, Observed, Plan, Predecessor, ProjectSighting, ResetReason,
        Sighting, Step, Unassignable, Wanted, WantedAdoption,
    },
};

use super::given::{GROUP, OWNER, RUNNER, but, exists, known, now, of_projects, runner, seconds};
use super::{act, hold};

const OLD: RunnerId = RunnerId(3);

pub(super) fn twin(change: impl FnOnce(&mut Wanted)) -> Desired {
    exists(|want| {
        want.rotation.overlap = RotationOverlap::Twin;
        change(want);
    })
}

pub(super) fn asked(mut seen: Observed) -> Observed {
    seen.token.requested = true;
    seen
}

fn in_place() -> Plan {
    act(Step::ResetToken(RUNNER, ResetReason::Requested))
}

/// One like the runner that is there, in that scope.
pub(super) fn another(scope: Scope, change: impl FnOnce(&mut Settings)) -> Plan {
    let like = runner();
    let mut settings = Settings {
        description: Some(like.description),
        tags: Some(like.tags),
        run_untagged: Some(like.run_untagged),
        paused: Some(like.paused),
        locked: matches!(scope, Scope::Project(_)).then_some(like.locked),
        access_level: Some(like.access_level),
        maximum_timeout: Some(like.maximum_timeout),
        maintenance_note: Some("ask the builders".to_owned()),
    };
    change(&mut settings);
    act(Step::Register(Box::new(NewRunner::new(scope, settings))))
}

/// The runner is new, and there is another whose place it has taken.
fn followed(old: Sighting<Runner>, jobs: Jobs, change: impl FnOnce(&mut Observed)) -> Observed {
    but(|seen| {
        seen.predecessor = Some(Box::new(Predecessor {
            known: known(OLD),
            runner: old,
            retired: false,
            until: now() + seconds(60),
            missing_since: None,
            jobs,
        }));
        change(seen);
    })
}

fn there(change: impl FnOnce(&mut Runner)) -> Sighting<Runner> {
    let mut old = Runner {
        id: OLD,
        ..runner()
    };
    change(&mut old);
    Sighting::Present(old)
}

fn paused() -> Sighting<Runner> {
    there(|old| old.paused = true)
}

fn pause(id: RunnerId) -> Plan {
    let settings = Settings {
        paused: Some(true),
        ..Settings::default()
    };
    act(Step::Edit(id, Box::new(settings)))
}

#[test]
fn a_runner_is_registered_beside_one_that_is_at_work() {
    hold(vec![
        (
            "alike",
            twin(|_| {}),
            asked(but(|_| {})),
            another(GROUP, |_| {}),
        ),
        (
            "only where that is asked for",
            exists(|_| {}),
            asked(but(|_| {})),
            in_place(),
        ),
        (
            "nobody uses it",
            twin(|_| {}),
            asked(but(|seen| seen.runner = there_unused())),
            in_place(),
        ),
        (
            "the credential could not find it",
            twin(|_| {}),
            asked(but(|seen| seen.can_search = false)),
            in_place(),
        ),
        (
            "it was taken over",
            twin(|want| {
                want.adopt = Some(WantedAdoption {
                    runner: RUNNER,
                    force: false,
                    reset: ResetToken::IfMissing,
                });
            }),
            asked(but(|_| {})),
            in_place(),
        ),
        (
            "its own predecessor is still there",
            twin(|_| {}),
            asked(followed(paused(), Jobs::Running(1), |_| {})),
            in_place(),
        ),
        (
            "of a project, with what spec does not name",
            twin(|_| {}),
            asked(of_projects(&[40], |_| {})),
            in_place(),
        ),
        (
            "of a project alone",
            twin(|_| {}),
            asked(of_projects(&[], |_| {})),
            another(Scope::Project(OWNER), |_| {}),
        ),
        (
            "what differs is corrected first",
            twin(|want| want.settings.paused = Some(true)),
            asked(but(|_| {})),
            pause(RUNNER),
        ),
        (
            "and under Report goes along as it is",
            twin(|want| {
                want.drift = DriftPolicy::Report;
                want.settings.paused = Some(true);
            }),
            asked(but(|_| {})),
            another(GROUP, |_| {}),
        ),
        (
            "a number that has its own place again",
            twin(|_| {}),
            asked(but(|seen| {
                let again = followed(Sighting::Present(runner()), Jobs::Unasked, |_| {});
                let mut before = again.predecessor.unwrap();
                before.known = known(RUNNER);
                seen.predecessor = Some(before);
            })),
            another(GROUP, |_| {}),
        ),
    ]);
}

/// After a registration that was in vain: what spec does not name comes from the one that is there.
#[test]
fn another_attempt_is_made_like_the_first() {
    let by_hand = there(|old| {
        old.access_level = AccessLevel::RefProtected;
        old.run_untagged = false;
    });
    let vain = |retired| {
        followed(by_hand.clone(), Jobs::Unasked, |seen| {
            seen.runner = Sighting::Absent;
            seen.predecessor.as_mut().unwrap().retired = retired;
        })
    };
    let like = |settings: &mut Settings| {
        settings.access_level = Some(AccessLevel::RefProtected);
        settings.run_untagged = Some(false);
    };
    hold(vec![
        (
            "like the one that is there",
            twin(|_| {}),
            vain(false),
            another(GROUP, like),
        ),
        (
            "but for a pause that is ours",
            twin(|_| {}),
            vain(true),
            another(GROUP, |settings| {
                like(settings);
                settings.paused = None;
            }),
        ),
    ]);
}

fn there_unused() -> Sighting<Runner> {
    Sighting::Present(Runner {
        online: None,
        contacted_at: None,
        ..runner()
    })
}

#[test]
fn the_predecessor_goes_when_its_successor_is_in_use_and_its_jobs_are_over() {
    let unused = |seen: &mut Observed| seen.runner = there_unused();
    hold(vec![
        (
            "nobody has come with the new token",
            twin(|_| {}),
            followed(there(|_| {}), Jobs::Unasked, unused),
            Plan::Rest,
        ),
        (
            "nobody uses the old one either",
            twin(|_| {}),
            followed(there(|old| old.online = Some(false)), Jobs::Unasked, unused),
            pause(OLD),
        ),
        (
            "somebody has come",
            twin(|_| {}),
            followed(there(|_| {}), Jobs::Unasked, |_| {}),
            pause(OLD),
        ),
        (
            "it was paused before, and nobody has come",
            twin(|_| {}),
            followed(paused(), Jobs::Running(0), unused),
            Plan::Rest,
        ),
        (
            "a window opens meanwhile",
            twin(|want| want.settings.paused = Some(true)),
            followed(there(|_| {}), Jobs::Unasked, |seen| {
                seen.runner = Sighting::Present(Runner {
                    paused: true,
                    contacted_at: None,
                    ..runner()
                });
            }),
            pause(OLD),
        ),
        (
            "the new one does not serve all projects yet",
            twin(|want| want.projects = Some(Vec::new())),
            followed(there(|_| {}), Jobs::Unasked, |seen| {
                seen.projects = Some(vec![ProjectSighting::NotFound("a/b".to_owned())]);
                seen.scope = Some(Scope::Project(OWNER));
            }),
            Plan::Hold(Blocked::Projects(Unassignable {
                unknown: vec!["a/b".to_owned()],
                ..Unassignable::default()
            })),
        ),
        (
            "it has its own place again, and no jobs",
            twin(|_| {}),
            but(|seen| {
                let again = Runner {
                    paused: true,
                    ..runner()
                };
                seen.runner = Sighting::Present(again.clone());
                let ended = followed(Sighting::Present(again), Jobs::Unasked, |_| {});
                let mut before = ended.predecessor.unwrap();
                before.known = known(RUNNER);
                before.retired = true;
                seen.predecessor = Some(before);
            }),
            act(Step::Edit(
                RUNNER,
                Box::new(Settings {
                    paused: Some(false),
                    ..Settings::default()
                }),
            )),
        ),
        (
            "it has jobs",
            twin(|_| {}),
            followed(paused(), Jobs::Running(2), |_| {}),
            Plan::Rest,
        ),
        (
            "nobody knows whether it has",
            twin(|_| {}),
            followed(paused(), Jobs::Hidden, |_| {}),
            Plan::Rest,
        ),
        (
            "they are over",
            twin(|_| {}),
            followed(paused(), Jobs::Running(0), |_| {}),
            act(Step::Unregister(OLD)),
        ),
        (
            "the time is over",
            exists(|_| {}),
            followed(paused(), Jobs::Running(2), |seen| {
                seen.predecessor.as_mut().unwrap().until = now();
            }),
            act(Step::Unregister(OLD)),
        ),
        (
            "it is somebody else's by now",
            twin(|_| {}),
            followed(
                Sighting::Unclear(Doubt::Foreign(OLD)),
                Jobs::Unasked,
                |_| {},
            ),
            Plan::Rest,
        ),
        (
            "settings of the new one come first",
            twin(|want| want.settings.paused = Some(true)),
            followed(paused(), Jobs::Running(0), |_| {}),
            pause(RUNNER),
        ),
    ]);
}
