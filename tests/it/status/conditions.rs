//! Ready, its parts, and whose turn it is.
use gitlab_runner_registrar::{
    api::v1alpha1::DriftPolicy,
    gitlab::model::{NewRunner, ProjectId, RunnerId, Settings},
    plan::{
        Blocked, Doubt, Draining, Jobs, Observed, Outcome, Plan, ProjectSighting, SecretSighting,
        Sighting, Step, TokenState, Unassignable, Wanted,
    },
};

use super::super::decisions::given::{
    GROUP, RUNNER, but, nothing, now, of_projects, seconds, seen, stored_with, want,
};
use super::{Known, rest, told};

fn wanting(change: impl FnOnce(&mut Wanted)) -> Wanted {
    let mut want = want();
    change(&mut want);
    want
}

pub(super) const FINE: [&str; 3] = [
    "Registered=True Succeeded",
    "TokenReady=True Succeeded",
    "Synced=True Succeeded",
];

pub(super) fn with_parts<'a>(summary: &[&'a str], parts: &[&'a str]) -> Vec<&'a str> {
    [summary, parts].concat()
}

#[test]
fn what_is_as_declared_is_ready() {
    let known = Known::new(want(), seen());
    let status = known.first(&rest());
    assert_eq!(told(&status), with_parts(&["Ready=True Succeeded"], &FINE));
    assert_eq!(status.conditions[0].message, "runner 7 is as declared");
}

/// A runner that serves project 41, and what it should serve.
fn assigned(wanted: &[u64], drift: DriftPolicy) -> Known {
    let mut seen = of_projects(&[41], |_| {});
    let found = |id: &u64| ProjectSighting::Found(ProjectId(*id));
    seen.projects = Some(wanted.iter().map(found).collect());
    let mut known = Known::new(wanting(|want| want.drift = drift), seen);
    known.project_scope = true;
    known
}

#[test]
fn a_project_runner_has_one_part_more() {
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
            "Ready=True Drifted",
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
    let why = Blocked::Projects(Unassignable {
        unknown: vec!["a/b".to_owned()],
        unlisted: Vec::new(),
        refused: Vec::new(),
    });
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

/// Those that are refused in the same words are named together, and the unknown ones as well.
#[test]
fn projects_that_are_refused_are_named_with_gitlabs_words() {
    let mut refused = assigned(&[41, 42], DriftPolicy::Correct);
    let seen = refused.seen.as_mut().unwrap();
    let no = "GitLab said 403: 403 Forbidden";
    seen.projects = Some(vec![
        ProjectSighting::Found(ProjectId(43)),
        ProjectSighting::NotFound("a/b".to_owned()),
        ProjectSighting::Found(ProjectId(44)),
    ]);
    seen.refused_projects = [43, 44].map(|id| (ProjectId(id), no.to_owned())).into();
    let why = Blocked::Projects(Unassignable {
        unknown: vec!["a/b".to_owned()],
        unlisted: Vec::new(),
        refused: ["43", "44"]
            .map(|name| (name.to_owned(), no.to_owned()))
            .into(),
    });
    let status = refused.first(&Outcome::Planned(Plan::Hold(why)));
    let told = told(&status);
    assert!(
        told.contains(&"Stalled=True ProjectRefused".to_owned()),
        "{told:?}"
    );
    let message =
        format!("43, 44: {no}; GitLab knows no project a/b, or the credential cannot see it");
    for about in ["Ready", "ProjectsAssigned"] {
        let condition = status.conditions.iter().find(|c| c.type_ == about).unwrap();
        assert_eq!(
            (&*condition.reason, &*condition.message),
            ("ProjectRefused", &*message)
        );
    }
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
        "Ready=True Drifted",
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

    let edit = Step::Edit(RUNNER, Box::default());
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
    let vanished = || Doubt::Vanished {
        id: RunnerId(9),
        until: later,
    };
    let draining = |jobs| Draining {
        since: now(),
        until: later,
        jobs,
    };
    let rows: Vec<(Blocked, Observed, &str, &str)> = vec![
        (
            Blocked::Settling(later),
            absent(),
            "RegistrationUnclear",
            "Reconciling",
        ),
        (Blocked::ScopeUnknown, absent(), "ScopeNotFound", "Stalled"),
        (
            Blocked::SecretConflict(None),
            but(|seen| seen.secret = SecretSighting::Foreign(None)),
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
            Blocked::Unclear(Doubt::Unmarked(RunnerId(9))),
            unclear(Doubt::Unmarked(RunnerId(9))),
            "RunnerForeign",
            "Stalled",
        ),
        (
            Blocked::Unclear(vanished()),
            unclear(vanished()),
            "RunnerMissing",
            "Reconciling",
        ),
        (
            Blocked::UnderWay(later),
            but(|_| {}),
            "Progressing",
            "Reconciling",
        ),
        (
            Blocked::Unclear(Doubt::NotAsked(None)),
            unclear(Doubt::NotAsked(None)),
            "ConnectionNotReady",
            "Reconciling",
        ),
        (
            Blocked::Undeletable(None),
            unclear(Doubt::NotAsked(None)),
            "DeletionBlocked",
            "Stalled",
        ),
        (
            Blocked::Undeletable(Some(later)),
            unclear(Doubt::NotAsked(None)),
            "DeletionBlocked",
            "Reconciling",
        ),
        (
            Blocked::Draining(draining(Jobs::Running(2))),
            but(|_| {}),
            "Draining",
            "Reconciling",
        ),
        (
            Blocked::Draining(draining(Jobs::Unreadable("403 Forbidden".to_owned()))),
            but(|_| {}),
            "JobsUnreadable",
            "Reconciling",
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
    let emptied = |token| {
        but(|seen| seen.secret = SecretSighting::Ours(stored_with(|kept| kept.token = token)))
    };
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
            but(|seen| seen.secret = SecretSighting::Foreign(None)),
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
        (unclear(Doubt::NotAsked(None)), &[FINE[1]]),
    ];
    let new = NewRunner {
        scope: GROUP,
        settings: Settings::default(),
        life: None,
    };
    let how = Outcome::Planned(Plan::Act(Step::Register(Box::new(new))));
    for (seen, parts) in rows {
        let sentence = format!("{seen:?}");
        let status = Known::new(want(), seen).first(&how);
        assert_eq!(told(&status)[2..], *parts, "{sentence}");
    }
}
