//! What is told once: which of two statuses' differences, and what of an object that goes.
use gitlab_runner_registrar::{
    api::{
        conditions::Reason,
        v1alpha1::{
            DeletionPolicy, Drift, GitLabRunnerStatus, GivenUp, Operation, OperationType,
            PredecessorStatus, Registration,
        },
    },
    gitlab::model::RunnerId,
    plan::{
        Blocked, Doubt, Jobs, Level, Notice, Observed, Outcome, Plan, Predecessor, SecretSighting,
        Sighting, begun, notice_of_deletion, notices,
    },
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::super::decisions::given::{RUNNER, URL, but, known, nothing, now, seconds, seen, want};
use super::{Known, failure, rest};

/// As much of notice as tells it from others.
fn told(notice: &[Notice]) -> Vec<(&'static str, bool)> {
    notice
        .iter()
        .map(|notice| (notice.reason, notice.level == Level::Warning))
        .collect()
}

fn ready() -> GitLabRunnerStatus {
    Known::new(want(), seen()).first(&rest())
}

fn held(blocked: Blocked) -> Outcome {
    Outcome::Planned(Plan::Hold(blocked))
}

#[test]
fn what_keeps_us_from_going_on_is_told_once() {
    let known = Known::new(want(), seen());
    let suspended = Outcome::Obstructed(Reason::Suspended, "why".to_owned());
    let broken = Outcome::Obstructed(Reason::ConnectionNotReady, "why".to_owned());
    let lasting = failure(|failure| failure.persistent = true);
    let rows: [(Outcome, Option<(&str, bool)>); 7] = [
        (
            held(Blocked::SecretConflict(None)),
            Some(("SecretConflict", true)),
        ),
        (
            held(Blocked::Undeletable(None)),
            Some(("DeletionBlocked", true)),
        ),
        (
            held(Blocked::Unclear(Doubt::Crowded)),
            Some(("RegistrationUnclear", true)),
        ),
        (broken, Some(("ConnectionNotReady", true))),
        (lasting, Some(("GitLabUnavailable", true))),
        // What was asked for, and what soon passes.
        (suspended, Some(("Suspended", false))),
        (failure(|_| {}), None),
    ];
    for (how, reason) in rows {
        let status = known.after(&ready(), &how, now());
        let expected: Vec<_> = reason.into_iter().collect();
        assert_eq!(told(&notices(&ready(), &status, None)), expected, "{how:?}");
        assert_eq!(notices(&status, &status, None), [], "{how:?}: told before");
        let over = told(&notices(&status, &ready(), None));
        let expected: Vec<_> = reason.iter().map(|_| ("BecameReady", false)).collect();
        assert_eq!(over, expected, "{how:?}: over again");
    }
}

/// `kubectl describe` shows the last event, which must not tell of what has become something else.
#[test]
fn a_trouble_that_becomes_another_is_told_again() {
    let known = Known::new(want(), seen());
    let after = |before: &GitLabRunnerStatus, how: &Outcome| {
        let status = known.after(before, how, now());
        let told = told(&notices(before, &status, None));
        (status, told)
    };
    let refused = |words: &str| {
        failure(|failure| {
            failure.reason = Reason::GitLabRefused;
            failure.message = words.to_owned();
            failure.stalled = true;
        })
    };
    let lasting = |words: &str| {
        failure(|failure| {
            failure.message = words.to_owned();
            failure.persistent = true;
        })
    };
    let (status, first) = after(&ready(), &refused("no tags"));
    assert_eq!(first, [("GitLabRefused", true)]);
    let (status, second) = after(&status, &refused("no such group"));
    assert_eq!(second, [("GitLabRefused", true)]);
    let (status, third) = after(&status, &lasting("status 502"));
    assert_eq!(third, [("GitLabUnavailable", true)]);
    // The words of an outage are no news.
    let (status, fourth) = after(&status, &lasting("status 503"));
    assert_eq!(fourth, []);
    let (_, last) = after(&status, &rest());
    assert_eq!(last, [("BecameReady", false)]);
}

#[test]
fn each_drift_is_told_once() {
    let drift = |actual: &str| GitLabRunnerStatus {
        drift: vec![Drift {
            field: "paused".to_owned(),
            desired: "false".to_owned(),
            actual: actual.to_owned(),
        }],
        ..ready()
    };
    let first = notices(&ready(), &drift("true"), None);
    assert_eq!(told(&first), [("Drifted", true)]);
    assert_eq!(first[0].note, r#"paused is "true" and not "false""#);
    assert_eq!(notices(&drift("true"), &drift("true"), None), []);
    assert_eq!(
        told(&notices(&drift("true"), &drift("odd"), None)),
        [("Drifted", true)]
    );
    assert_eq!(notices(&drift("true"), &ready(), None), []);
}

fn attempt(runner_id: Option<i64>) -> Registration {
    Registration {
        attempt: "a1".to_owned(),
        attempted_at: Time(now()),
        gitlab_url: Some(URL.to_owned()),
        secret_name: None,
        runner_id,
        settings_digest: None,
        given_up: None,
    }
}

/// The pass that sees it need not be the one that registers anew.
#[test]
fn a_runner_that_vanished_is_told_where_its_number_leaves_status() {
    let gone = Known::new(want(), nothing(|seen| seen.scope = None));
    let absent = gone.seen.clone();
    let blocked = gone.after(&ready(), &held(Blocked::ScopeUnknown), now());
    let first = notices(&ready(), &blocked, absent.as_ref());
    assert_eq!(
        told(&first),
        [("ScopeNotFound", true), ("RunnerVanished", true)]
    );
    assert_eq!(
        first[1].note,
        "runner 7 is gone from GitLab, and is to be registered anew"
    );
    let begun = GitLabRunnerStatus {
        registration: Some(attempt(None)),
        ..blocked.clone()
    };
    assert_eq!(
        notices(&blocked, &begun, absent.as_ref()),
        [],
        "and not once more when it is registered anew"
    );
    // A number that an attempt left behind counts until the next attempt.
    let made = GitLabRunnerStatus {
        registration: Some(attempt(Some(7))),
        ..blocked
    };
    let again = notices(&made, &begun, absent.as_ref());
    assert_eq!(told(&again), [("RunnerVanished", true)]);
}

#[test]
fn a_runner_that_is_left_elsewhere_is_not_called_gone() {
    let doubt = Sighting::Unclear(Doubt::Foreign(RunnerId(7)));
    let elsewhere = but(|seen| seen.runner = doubt);
    let begun = GitLabRunnerStatus {
        runner: None,
        ..ready()
    };
    let left = notices(&ready(), &begun, Some(&elsewhere));
    assert_eq!(told(&left), [("Orphaned", false)]);
    assert!(left[0].note.contains(URL), "{left:?}");
}

/// Nobody looks after it any more, and nobody else need know of it.
#[test]
fn a_predecessor_that_is_somebody_elses_is_let_go_with_a_word() {
    let mut before = PredecessorStatus {
        id: 3,
        gitlab_url: URL.to_owned(),
        since: Time(now()),
        rotate_at: None,
        missing_since: None,
        paused_at: None,
        running_jobs: None,
    };
    let with = |before: &PredecessorStatus| GitLabRunnerStatus {
        predecessor: Some(before.clone()),
        ..ready()
    };
    let look = |doubt| {
        but(|seen| {
            seen.predecessor = Some(Box::new(Predecessor {
                known: known(RunnerId(3)),
                runner: Sighting::Unclear(doubt),
                retired: false,
                until: now(),
                missing_since: None,
                jobs: Jobs::Unasked,
            }));
        })
    };
    let foreign = look(Doubt::Foreign(RunnerId(3)));
    let left = notices(&with(&before), &ready(), Some(&foreign));
    assert_eq!(told(&left), [("Orphaned", false)]);
    assert!(left[0].note.starts_with("runner 3 stays"), "{left:?}");
    before.running_jobs = Some(1);
    let unclear = look(Doubt::Unmarked(RunnerId(3)));
    let kept = notices(&with(&before), &with(&before), Some(&unclear));
    assert_eq!(kept, []);
}

fn with_given_up(seconds_ago: i64) -> GitLabRunnerStatus {
    let given_up = GivenUp {
        attempt: "a0".to_owned(),
        attempted_at: Time(now() - seconds(seconds_ago)),
    };
    GitLabRunnerStatus {
        registration: Some(Registration {
            given_up: Some(given_up),
            ..attempt(None)
        }),
        ..ready()
    }
}

#[test]
fn an_attempt_that_is_no_longer_looked_for_is_told() {
    let known = Known::new(want(), seen());
    let after = |before: &GitLabRunnerStatus, how: &Outcome| {
        let status = known.after(before, how, now());
        notices(before, &status, known.seen.as_ref())
    };
    assert_eq!(after(&with_given_up(3590), &rest()), []);
    let late = after(&with_given_up(3600), &rest());
    assert_eq!(told(&late), [("AttemptAbandoned", true)]);
    assert!(late[0].note.contains("2026-03-01T11:00:00Z"), "{late:?}");
    // One that takes the place of the last again is still looked for.
    let void = failure(|failure| failure.attempt_is_void = true);
    assert_eq!(told(&after(&with_given_up(60), &void)), []);
    assert_eq!(
        told(&after(&with_given_up(3600), &void)),
        [("AttemptAbandoned", true)]
    );
}

#[test]
fn what_goes_with_the_object_is_told() {
    let bare = GitLabRunnerStatus::default();
    let unseen = GitLabRunnerStatus {
        registration: Some(attempt(None)),
        ..GitLabRunnerStatus::default()
    };
    let looked_for = nothing(|seen| seen.settles_at = Some(now()));
    let absent = nothing(|_| {});
    let (orphan, delete) = (DeletionPolicy::Orphan, DeletionPolicy::Delete);
    let lost = |at| {
        but(|seen| {
            seen.runner = Sighting::Unclear(Doubt::NotAsked(Some(RUNNER)));
            seen.secret = SecretSighting::Foreign(None);
            seen.goodbye.orphaned_at = at;
        })
    };
    let given_up = lost(Some(now()));
    let by_token = GitLabRunnerStatus {
        operation: Some(Operation {
            done_at: Some(Time(now())),
            ..begun(OperationType::RemoveByToken, RUNNER, None, now())
        }),
        ..ready()
    };
    let rows: [(DeletionPolicy, &GitLabRunnerStatus, &Observed, Option<&str>); 11] = [
        (delete, &ready(), &given_up, Some("LeftBehind")),
        (delete, &ready(), &lost(None), None),
        (delete, &by_token, &given_up, None),
        (orphan, &ready(), &seen(), Some("Orphaned")),
        (orphan, &unseen, &absent, Some("Orphaned")),
        (orphan, &bare, &absent, None),
        (delete, &ready(), &absent, None),
        (delete, &bare, &absent, None),
        (delete, &unseen, &looked_for, Some("AttemptAbandoned")),
        (
            delete,
            &with_given_up(60),
            &absent,
            Some("AttemptAbandoned"),
        ),
        (delete, &with_given_up(3600), &absent, None),
    ];
    for (policy, status, seen, expected) in rows {
        let notice = notice_of_deletion(policy, status, Some(seen), now());
        let reason = notice.as_ref().map(|notice| notice.reason);
        assert_eq!(reason, expected, "{policy:?} {status:?}");
    }
    let named = notice_of_deletion(orphan, &ready(), None, now())
        .unwrap()
        .note;
    let expected = "runner 7 stays in GitLab, and its token in Secret token-secret";
    assert_eq!(named, expected);
}
