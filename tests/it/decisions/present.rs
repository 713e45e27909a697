//! The runner is there, or might be: made as declared, unless a Secret of somebody else forbids.
use gitlab_runner_registrar::{
    api::v1alpha1::{DeletionPolicy, DriftPolicy},
    gitlab::model::{NewRunner, Note, RunnerId, Settings},
    plan::{Blocked, Desired, Doubt, Naming, Observed, Plan, SecretSighting, Sighting, Step},
};

use super::given::{
    GROUP, RUNNER, but, exists, known, mark, nothing, now, seconds, stored, stored_with,
};
use super::{act, hold, wait};

#[test]
fn a_secret_of_somebody_else_stops_nothing_but_the_token() {
    let conflict = || wait(Blocked::SecretConflict(None));
    let paused = Settings {
        paused: Some(true),
        ..Settings::default()
    };
    let orphan = || exists(|want| want.deletion = DeletionPolicy::Orphan);
    hold(vec![
        (
            "a token would have no place",
            exists(|_| {}),
            nothing(|seen| seen.secret = SecretSighting::Foreign(None)),
            conflict(),
        ),
        (
            "a runner that is there is edited all the same",
            exists(|want| want.settings.paused = Some(true)),
            but(|seen| seen.secret = SecretSighting::Foreign(None)),
            act(Step::Edit(RUNNER, Box::new(paused))),
        ),
        (
            "and then there is nothing left to do",
            exists(|_| {}),
            but(|seen| seen.secret = SecretSighting::Foreign(None)),
            conflict(),
        ),
        (
            "under Report too",
            exists(|want| want.drift = DriftPolicy::Report),
            but(|seen| seen.secret = SecretSighting::Foreign(None)),
            conflict(),
        ),
        (
            "whom it was made for is told",
            exists(|_| {}),
            nothing(|seen| seen.secret = SecretSighting::Foreign(Some(known(RunnerId(8))))),
            wait(Blocked::SecretConflict(Some(known(RunnerId(8))))),
        ),
        (
            "a token under its former name stays there",
            exists(|_| {}),
            but(|seen| {
                seen.secret = SecretSighting::Foreign(None);
                seen.others = vec![("former".into(), stored())];
            }),
            conflict(),
        ),
        (
            "no other runner is registered in place of a foreign one",
            orphan(),
            but(|seen| {
                seen.runner = Sighting::Unclear(Doubt::Foreign(RUNNER));
                seen.secret = SecretSighting::Foreign(None);
            }),
            conflict(),
        ),
    ]);
}

/// Whoever keeps the number first would not look for the mark again.
#[test]
fn twins_go_before_anything_is_kept() {
    let twins = |seen: &mut Observed| {
        seen.twins = vec![RunnerId(8), RunnerId(9)];
        seen.secret = SecretSighting::Absent;
    };
    let first = || act(Step::Unregister(RunnerId(8)));
    let report = exists(|want| want.drift = DriftPolicy::Report);
    let gone = Desired::Gone(DeletionPolicy::Delete);
    hold(vec![
        ("one after the other", exists(|_| {}), but(twins), first()),
        ("they are no drift", report, but(twins), first()),
        ("they go with the object too", gone, but(twins), first()),
        (
            "and while the Secret is somebody else's",
            exists(|_| {}),
            but(|seen| {
                twins(seen);
                seen.secret = SecretSighting::Foreign(None);
            }),
            first(),
        ),
    ]);
}

#[test]
fn a_runner_that_is_there_is_made_as_declared() {
    let edit = Settings {
        paused: Some(true),
        ..Settings::default()
    };
    let paused = || exists(|want| want.settings.paused = Some(true));
    hold(vec![
        (
            "what is as declared is left alone",
            exists(|_| {}),
            but(|_| {}),
            Plan::Rest,
        ),
        (
            "what differs is changed, and nothing else",
            paused(),
            but(|_| {}),
            act(Step::Edit(RUNNER, Box::new(edit))),
        ),
        (
            "unless it is only to be reported",
            exists(|want| {
                want.settings.paused = Some(true);
                want.drift = DriftPolicy::Report;
            }),
            but(|_| {}),
            Plan::Rest,
        ),
        (
            "the token comes first",
            paused(),
            but(|seen| seen.secret = SecretSighting::Ours(stored_with(|kept| kept.tidy = false))),
            act(Step::RepairSecret(RUNNER)),
        ),
        (
            "a note that lost its mark gets this object's",
            exists(|want| want.settings.maintenance_note = Some("text".into())),
            but(|seen| noted(seen, Note::Shown(None))),
            act(Step::Edit(
                RUNNER,
                Box::new(Settings {
                    maintenance_note: Some(mark().sign("text")),
                    ..Settings::default()
                }),
            )),
        ),
        (
            "nothing is written for a scope that names another place",
            paused(),
            but(|seen| seen.naming = elsewhere()),
            wait(Blocked::ScopeElsewhere {
                named: "platform/tools".to_owned(),
                lives: "platform (group 31)".to_owned(),
            }),
        ),
        (
            "nor is another registered there",
            exists(|_| {}),
            but(|seen| {
                seen.runner = Sighting::Absent;
                seen.naming = elsewhere();
            }),
            wait(Blocked::ScopeElsewhere {
                named: "platform/tools".to_owned(),
                lives: "platform (group 31)".to_owned(),
            }),
        ),
        (
            "a place that has moved goes on being served",
            paused(),
            but(|seen| seen.naming = Naming::Moved("plateau (group 31)".to_owned())),
            act(Step::Edit(
                RUNNER,
                Box::new(Settings {
                    paused: Some(true),
                    ..Settings::default()
                }),
            )),
        ),
        (
            "what is to go goes, whatever scope names by then",
            Desired::Gone(DeletionPolicy::Delete),
            but(|seen| seen.naming = elsewhere()),
            act(Step::Unregister(RUNNER)),
        ),
        (
            "a note that this GitLab lets nobody change is left",
            exists(|want| want.settings.maintenance_note = Some("text".into())),
            but(|seen| noted(seen, Note::Fixed(Some("theirs".to_owned())))),
            Plan::Rest,
        ),
        (
            "and whatever else differs is put right without it",
            exists(|want| {
                want.settings.maintenance_note = Some("text".into());
                want.settings.paused = Some(true);
            }),
            but(|seen| noted(seen, Note::Fixed(None))),
            act(Step::Edit(
                RUNNER,
                Box::new(Settings {
                    paused: Some(true),
                    ..Settings::default()
                }),
            )),
        ),
        (
            "a note that cannot be read is not taken for another one",
            exists(|want| want.settings.maintenance_note = Some("text".into())),
            but(|seen| noted(seen, Note::Unseen)),
            Plan::Rest,
        ),
        (
            "no time is waited for once the runner is there",
            exists(|_| {}),
            but(|seen| seen.settles_at = Some(now() + seconds(60))),
            Plan::Rest,
        ),
    ]);
}

fn elsewhere() -> Naming {
    Naming::Other {
        named: "platform/tools".to_owned(),
        lives: "platform (group 31)".to_owned(),
    }
}

fn noted(seen: &mut Observed, note: Note) {
    if let Sighting::Present(runner) = &mut seen.runner {
        runner.maintenance_note = note;
    }
}

/// A policy from before is no answer to a doubt that has just come up.
#[test]
fn a_runner_that_has_lost_its_mark_is_left_behind_only_when_somebody_says_so() {
    let orphan = || exists(|want| want.deletion = DeletionPolicy::Orphan);
    let unmarked = |answered| {
        but(|seen| {
            seen.runner = Sighting::Unclear(Doubt::Unmarked(RUNNER));
            seen.answered = answered;
        })
    };
    let held = || wait(Blocked::Unclear(Doubt::Unmarked(RUNNER)));
    let new = || {
        let settings = Settings {
            description: Some("space/name".to_owned()),
            ..Settings::default()
        };
        let scope = GROUP;
        act(Step::Register(Box::new(NewRunner::new(scope, settings))))
    };
    hold(vec![
        ("it is told", orphan(), unmarked(false), held()),
        ("and answered", orphan(), unmarked(true), new()),
        (
            "with another change",
            exists(|_| {}),
            unmarked(true),
            held(),
        ),
    ]);
}
