//! Ready, its parts, and whose turn it is.
use gitlab_runner_registrar::{
    api::{
        conditions::{ConditionType, Reason},
        v1alpha1::DriftPolicy,
    },
    gitlab::model::{NewRunner, ProjectId, RunnerId, Scope, Settings},
    plan::{
        Blocked, Doubt, Kept, Observed, Outcome, Plan, ProjectSighting, Sighting, Step, TokenState,
        Wanted,
    },
};

use super::super::decisions::given::{
    GROUP, OWNER, RUNNER, but, keeping_with, nothing, now, of_projects, seconds, seen, want,
};
use super::{Known, failure, rest, since, told};

fn wanting(change: impl FnOnce(&mut Wanted)) -> Wanted {
    let mut want = want();
    change(&mut want);
    want
}

const FINE: [&str; 3] = [
    "Registered=True Succeeded",
    "TokenReady=True Succeeded",
    "Synced=True Succeeded",
];

fn with_parts<'a>(summary: &[&'a str], parts: &[&'a str]) -> Vec<&'a str> {
    [summary, parts].concat()
}

#[test]
fn what_is_as_declared_is_ready() {
    let known = Known::new(want(), seen());
    let status = known.first(&rest());
    assert_eq!(told(&status), with_parts(&["Ready=True Succeeded"], &FINE));
    assert_eq!(status.conditions[0].message, "runner 7 is as declared");
}

#[test]
fn a_project_runner_has_one_part_more() {
    let assigned = |wanted: &[u64], drift| {
        let mut seen = of_projects(&[41], |_| {});
        let found = |id: &u64| ProjectSighting::Found(ProjectId(*id));
        seen.projects = Some(wanted.iter().map(found).collect());
        let mut known = Known::new(wanting(|want| want.drift = drift), seen);
        known.project_scope = true;
        known
    };
    let rows = [
        (
            &[41][..],
            DriftPolicy::Correct,
            "Ready=True Succeeded",
            "ProjectsAssigned=True Succeeded",
        ),
        (
            &[42],
            DriftPolicy::Report,
            "Ready=False Drifted",
            "ProjectsAssigned=False Drifted",
        ),
        (
            &[42],
            DriftPolicy::Correct,
            "Ready=False Progressing",
            "ProjectsAssigned=False Progressing",
        ),
    ];
    for (wanted, drift, ready, part) in rows {
        let status = assigned(wanted, drift).first(&rest());
        let told = told(&status);
        assert_eq!((&*told[0], &**told.last().unwrap()), (ready, part));
    }
    let mut unknown = assigned(&[41], DriftPolicy::Correct);
    let lost = ProjectSighting::NotFound("a/b".to_owned());
    unknown.seen.as_mut().unwrap().projects = Some(vec![lost]);
    let why = Blocked::ProjectsUnknown(vec!["a/b".to_owned()]);
    let status = unknown.first(&Outcome::Planned(Plan::Hold(why)));
    let expected = with_parts(
        &[
            "Ready=False ProjectNotFound",
            "Stalled=True ProjectNotFound",
        ],
        &FINE,
    );
    let expected = with_parts(&expected, &["ProjectsAssigned=False ProjectNotFound"]);
    assert_eq!(told(&status), expected);
    assert!(status.conditions[0].message.contains("a/b"));
}

#[test]
fn drift_is_told_and_not_called_stalled() {
    let drifted = |drift| {
        let want = wanting(|want| {
            want.settings.paused = Some(true);
            want.drift = drift;
        });
        Known::new(want, seen())
    };
    let status = drifted(DriftPolicy::Report).first(&rest());
    let expected = [
        "Ready=False Drifted",
        FINE[0],
        FINE[1],
        "Synced=False Drifted",
    ];
    assert_eq!(told(&status), expected);
    let [row] = &status.drift[..] else {
        panic!("{:?}", status.drift);
    };
    assert_eq!(
        (&*row.field, &*row.desired, &*row.actual),
        ("paused", "true", "false")
    );

    let edit = Step::Edit(RUNNER, Box::new(Settings::default()));
    let status = drifted(DriftPolicy::Correct).first(&Outcome::Planned(Plan::Act(edit)));
    let busy = ["Ready=False Progressing", "Reconciling=True Progressing"];
    let expected = with_parts(&busy, &[FINE[0], FINE[1], "Synced=False Progressing"]);
    assert_eq!(told(&status), expected);
    assert_eq!(
        status.drift,
        [],
        "what is being changed back is no drift to report"
    );
}

/// Why we wait, what Ready says, and whether anything is to be expected of us.
#[test]
fn each_reason_to_wait_says_whose_turn_it_is() {
    let later = now() + seconds(40);
    let absent = || nothing(|_| {});
    let unclear = |doubt| but(|seen| seen.runner = Sighting::Unclear(doubt));
    let foreign = || Doubt::Foreign(RunnerId(9));
    let rows: Vec<(Blocked, Observed, &str, &str)> = vec![
        (
            Blocked::Settling(later),
            absent(),
            "RegistrationUnclear",
            "Reconciling",
        ),
        (Blocked::ScopeUnknown, absent(), "ScopeNotFound", "Stalled"),
        (
            Blocked::SecretConflict,
            but(|seen| seen.secret = Kept::Foreign),
            "SecretConflict",
            "Stalled",
        ),
        (
            Blocked::Unclear(Doubt::Unsearchable),
            unclear(Doubt::Unsearchable),
            "RegistrationUnclear",
            "Stalled",
        ),
        (
            Blocked::Unclear(foreign()),
            unclear(foreign()),
            "RunnerForeign",
            "Stalled",
        ),
        (
            Blocked::Unclear(Doubt::NotAsked),
            unclear(Doubt::NotAsked),
            "ConnectionNotReady",
            "Stalled",
        ),
        (
            Blocked::Undeletable,
            unclear(Doubt::NotAsked),
            "DeletionBlocked",
            "Stalled",
        ),
    ];
    for (why, seen, reason, mood) in rows {
        let status = Known::new(want(), seen).first(&Outcome::Planned(Plan::Hold(why)));
        let told = told(&status);
        let expected = [
            format!("Ready=False {reason}"),
            format!("{mood}=True {reason}"),
        ];
        assert_eq!(told[..2], expected);
        assert!(
            !status.conditions[0].message.is_empty(),
            "{reason} needs a sentence"
        );
    }
}

#[test]
fn the_parts_say_what_was_seen() {
    let emptied =
        |token| but(|seen| seen.secret = Kept::Ours(keeping_with(|kept| kept.token = token)));
    let unclear = |doubt| but(|seen| seen.runner = Sighting::Unclear(doubt));
    let rows: Vec<(Observed, &[&str])> = vec![
        (
            nothing(|_| {}),
            &[
                "Registered=False Progressing",
                "TokenReady=False Progressing",
            ],
        ),
        (
            emptied(TokenState::Missing),
            &[FINE[0], "TokenReady=False Progressing", FINE[2]],
        ),
        (
            emptied(TokenState::Edited),
            &[FINE[0], "TokenReady=False Progressing", FINE[2]],
        ),
        (
            but(|seen| seen.secret = Kept::Foreign),
            &[FINE[0], "TokenReady=False SecretConflict", FINE[2]],
        ),
        (
            unclear(Doubt::Unsearchable),
            &["Registered=Unknown RegistrationUnclear", FINE[1]],
        ),
        (
            unclear(Doubt::Foreign(RunnerId(9))),
            &["Registered=Unknown RunnerForeign", FINE[1]],
        ),
        (unclear(Doubt::NotAsked), &[FINE[1]]),
    ];
    let new = NewRunner {
        scope: GROUP,
        settings: Settings::default(),
    };
    let how = Outcome::Planned(Plan::Act(Step::Register(Box::new(new))));
    for (seen, parts) in rows {
        let sentence = format!("{seen:?}");
        let status = Known::new(want(), seen).first(&how);
        assert_eq!(told(&status)[2..], *parts, "{sentence}");
    }
}

#[test]
fn before_looking_only_the_summary_is_judged() {
    let rows: [(Reason, &[&str]); 4] = [
        (
            Reason::Pending,
            &["Ready=Unknown Pending", "Reconciling=True Pending"],
        ),
        (
            Reason::InvalidSpec,
            &["Ready=False InvalidSpec", "Stalled=True InvalidSpec"],
        ),
        (Reason::Suspended, &["Ready=False Suspended"]),
        (
            Reason::ConnectionNotReady,
            &[
                "Ready=False ConnectionNotReady",
                "Reconciling=True ConnectionNotReady",
            ],
        ),
    ];
    let known = Known::unseen();
    let ready = Known::new(want(), seen()).first(&rest());
    for (reason, expected) in rows {
        let how = Outcome::Obstructed(reason, "why".to_owned());
        assert_eq!(told(&known.first(&how)), expected);
        let status = known.after(&ready, &how, now());
        assert_eq!(
            told(&status),
            with_parts(expected, &FINE),
            "the parts stay as they were"
        );
    }
}

#[test]
fn a_passing_fault_leaves_ready_alone_and_a_lasting_one_does_not() {
    let known = Known::new(want(), seen());
    let ready = known.first(&rest());
    let later = now() + seconds(300);
    let passing = failure(|_| {});
    let lasting = failure(|failure| failure.persistent = true);
    let stalled = failure(|failure| {
        failure.stalled = true;
        failure.reason = Reason::GitLabRefused;
    });
    let rows: [(_, &[&str]); 3] = [
        (&passing, &["Ready=True Succeeded"]),
        (
            &lasting,
            &[
                "Ready=Unknown GitLabUnavailable",
                "Reconciling=True GitLabUnavailable",
            ],
        ),
        (
            &stalled,
            &["Ready=False GitLabRefused", "Stalled=True GitLabRefused"],
        ),
    ];
    for (how, expected) in rows {
        let status = known.after(&ready, how, later);
        assert_eq!(told(&status), with_parts(expected, &FINE));
        let moved = since(&status, ConditionType::Ready) == Some(later);
        assert_eq!(moved, how != &passing, "the time moves with the value");
    }
    let status = known.after(&ready, &passing, later);
    assert_eq!(status, ready, "one lost packet makes no write");

    let changed = Known {
        generation: 4,
        ..Known::new(want(), seen())
    };
    let status = changed.after(&ready, &passing, later);
    let expected = [
        "Ready=Unknown GitLabUnavailable",
        "Reconciling=True GitLabUnavailable",
    ];
    assert_eq!(
        told(&status)[..2],
        expected,
        "Ready was said of another generation"
    );

    let fresh = known.first(&passing);
    assert_eq!(
        told(&fresh)[..2],
        expected,
        "what never was Ready is not now"
    );
}

#[test]
fn a_failed_step_is_told_by_its_condition() {
    let mut known = Known::new(want(), of_projects(&[], |_| {}));
    known.project_scope = true;
    for about in [
        ConditionType::Registered,
        ConditionType::TokenReady,
        ConditionType::Synced,
        ConditionType::ProjectsAssigned,
    ] {
        let how = failure(|failure| {
            failure.about = Some(about);
            failure.reason = Reason::GitLabRefused;
            failure.stalled = true;
        });
        let status = known.first(&how);
        let bad = format!("{about:?}=False GitLabRefused");
        let others = told(&status)
            .iter()
            .skip(2)
            .filter(|c| c.contains("=False"))
            .count();
        assert!(
            told(&status).contains(&bad) && others == 1,
            "{:?}",
            told(&status)
        );
    }
    assert_eq!(known.seen.unwrap().scope, Some(Scope::Project(OWNER)));
}

#[test]
fn a_transition_time_moves_only_with_its_value() {
    let known = Known::new(want(), seen());
    let first = known.first(&rest());
    let foreign = Known::new(want(), but(|seen| seen.secret = Kept::Foreign));
    let later = now() + seconds(60);
    let how = Outcome::Planned(Plan::Hold(Blocked::SecretConflict));
    let second = foreign.after(&first, &how, later);
    let times = |about| {
        (
            since(&first, about).unwrap(),
            since(&second, about).unwrap(),
        )
    };
    assert_eq!(times(ConditionType::Ready), (now(), later));
    assert_eq!(times(ConditionType::TokenReady), (now(), later));
    assert_eq!(times(ConditionType::Registered), (now(), now()));
}
