//! What a pass that did not get to its end leaves of the conditions, and what it changes.
use gitlab_runner_registrar::{
    api::conditions::{ConditionType, Reason},
    gitlab::model::Scope,
    plan::{Blocked, Outcome, Plan, SecretSighting, Sighting},
};

use super::super::decisions::given::{OWNER, but, now, of_projects, seconds, seen, want};
use super::conditions::{FINE, with_parts};
use super::{Known, failure, rest, since, told};

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
        (Reason::Suspended, &["Ready=True Suspended"]),
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

    let leaving = Known {
        want: None,
        leaving: true,
        ..Known::new(want(), seen())
    };
    assert_eq!(
        told(&leaving.after(&ready, &passing, later))[0],
        "Ready=Unknown GitLabUnavailable",
        "an object that goes is told of at once"
    );
    let gone = Known {
        want: None,
        leaving: true,
        ..Known::new(want(), but(|seen| seen.runner = Sighting::Absent))
    };
    let status = gone.after(&ready, &rest(), later);
    assert_eq!(told(&status)[0], "Ready=False Progressing");
    assert_eq!(status.runner, ready.runner, "it still names its runner");

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
    let foreign = Known::new(
        want(),
        but(|seen| seen.secret = SecretSighting::Foreign(None)),
    );
    let later = now() + seconds(60);
    let how = Outcome::Planned(Plan::Hold(Blocked::SecretConflict(None)));
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
