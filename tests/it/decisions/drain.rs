//! What the removal of a runner waits for, and when one is left behind that nobody can remove.
use gitlab_runner_registrar::{
    api::v1alpha1::{DeletionPolicy, DrainStatus, GitLabRunnerSpec, GitLabRunnerStatus},
    gitlab::model::{ProjectId, RunnerId, Settings},
    plan::{
        Blocked, Desired, Doubt, Draining, Goodbye, Jobs, Observed, Plan, SecretSighting, Sighting,
        Step, goodbye,
    },
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;

use super::given::{RUNNER, but, now, of_projects, runner, seconds, stored_with};
use super::{act, hold, wait};

const GONE: Desired = Desired::Gone(DeletionPolicy::Delete);

fn draining(left: i64, jobs: Jobs) -> Draining {
    Draining {
        since: now() - seconds(60),
        until: now() + seconds(left),
        jobs,
    }
}

/// A runner that goes, with that much time left and such jobs.
fn goes(left: i64, paused: bool, jobs: Jobs) -> Observed {
    but(|seen| {
        let mut runner = runner();
        runner.paused = paused;
        seen.runner = Sighting::Present(runner);
        seen.goodbye.drain = Some(draining(left, jobs));
    })
}

fn waits(left: i64, jobs: Jobs) -> Plan {
    wait(Blocked::Draining(draining(left, jobs)))
}

fn unreadable() -> Jobs {
    Jobs::Unreadable("403 Forbidden".to_owned())
}

#[test]
fn a_runner_is_paused_and_its_jobs_are_waited_for() {
    let pause = || {
        let paused = Settings {
            paused: Some(true),
            ..Settings::default()
        };
        act(Step::Edit(RUNNER, Box::new(paused)))
    };
    let removed = || act(Step::Unregister(RUNNER));
    let refused = |seen: Observed| Observed {
        refused: true,
        ..seen
    };
    let by_token = || act(Step::UnregisterByToken(RUNNER));
    hold(vec![
        (
            "it is paused first",
            GONE,
            goes(9, false, Jobs::Unasked),
            pause(),
        ),
        (
            "its jobs are waited for",
            GONE,
            goes(9, true, Jobs::Running(2)),
            waits(9, Jobs::Running(2)),
        ),
        (
            "it has none",
            GONE,
            goes(9, true, Jobs::Running(0)),
            removed(),
        ),
        (
            "the time is over",
            GONE,
            goes(0, true, Jobs::Running(2)),
            removed(),
        ),
        (
            "the time is over before it was paused",
            GONE,
            goes(0, false, Jobs::Unasked),
            removed(),
        ),
        (
            "what is not known is no end",
            GONE,
            goes(9, true, Jobs::Unasked),
            waits(9, Jobs::Unasked),
        ),
        (
            "nor are jobs that are not shown",
            GONE,
            goes(9, true, Jobs::Hidden),
            waits(9, Jobs::Hidden),
        ),
        (
            "nor those that may not be seen",
            GONE,
            goes(9, true, unreadable()),
            waits(9, unreadable()),
        ),
        (
            "unless the time is over",
            GONE,
            goes(0, true, unreadable()),
            removed(),
        ),
        (
            "one that may not be paused is waited for all the same",
            GONE,
            refused(goes(9, false, Jobs::Running(1))),
            waits(9, Jobs::Running(1)),
        ),
        (
            "and goes when it has no job",
            GONE,
            refused(goes(9, false, Jobs::Running(0))),
            by_token(),
        ),
        (
            "twins have none",
            GONE,
            Observed {
                twins: vec![RunnerId(8)],
                ..goes(9, true, Jobs::Running(2))
            },
            act(Step::Unregister(RunnerId(8))),
        ),
        (
            "its projects are left only then",
            GONE,
            Observed {
                goodbye: goes(9, true, Jobs::Running(2)).goodbye,
                ..of_projects(&[41], |runner| runner.paused = true)
            },
            waits(9, Jobs::Running(2)),
        ),
        (
            "and then they are",
            GONE,
            Observed {
                goodbye: goes(9, true, Jobs::Running(0)).goodbye,
                ..of_projects(&[41], |runner| runner.paused = true)
            },
            act(Step::Unassign(RUNNER, ProjectId(41))),
        ),
        (
            "without a credential there is nobody to ask",
            GONE,
            Observed {
                runner: Sighting::Unclear(Doubt::NotAsked(Some(RUNNER))),
                ..goes(9, false, Jobs::Unasked)
            },
            by_token(),
        ),
        (
            "one that is left there goes on working",
            Desired::Gone(DeletionPolicy::Orphan),
            goes(9, false, Jobs::Unasked),
            act(Step::ReleaseSecret),
        ),
    ]);
}

/// Nobody can remove it: no credential works, and what the Secret holds is another runner's token.
fn lost(orphaned_at: Option<Timestamp>) -> Observed {
    but(|seen| {
        seen.runner = Sighting::Unclear(Doubt::NotAsked(Some(RUNNER)));
        seen.secret = SecretSighting::Ours(stored_with(|kept| kept.runner = None));
        seen.goodbye.orphaned_at = orphaned_at;
    })
}

/// Nobody can remove it: no credential works, and GitLab does not take the token in the Secret.
fn token_is_refused(orphaned_at: Option<Timestamp>) -> Observed {
    but(|seen| {
        seen.runner = Sighting::Unclear(Doubt::NotAsked(Some(RUNNER)));
        seen.refused = true;
        seen.goodbye.orphaned_at = orphaned_at;
    })
}

#[test]
fn a_runner_that_nobody_can_remove_is_left_behind_if_that_is_asked_for() {
    let later = now() + seconds(1);
    hold(vec![
        ("never", GONE, lost(None), wait(Blocked::Undeletable(None))),
        (
            "not yet",
            GONE,
            lost(Some(later)),
            wait(Blocked::Undeletable(Some(later))),
        ),
        ("now", GONE, lost(Some(now())), act(Step::ReleaseSecret)),
        (
            "and then nothing is left to do",
            GONE,
            Observed {
                secret: SecretSighting::Foreign(None),
                ..lost(Some(now()))
            },
            Plan::Rest,
        ),
        (
            "its token has come back",
            GONE,
            but(|seen| {
                seen.runner = Sighting::Unclear(Doubt::NotAsked(Some(RUNNER)));
                seen.goodbye.orphaned_at = Some(now());
            }),
            act(Step::UnregisterByToken(RUNNER)),
        ),
        (
            "its token was refused, and it is not yet time",
            GONE,
            token_is_refused(Some(later)),
            wait(Blocked::Undeletable(Some(later))),
        ),
        (
            "its token was refused",
            GONE,
            token_is_refused(Some(now())),
            act(Step::ReleaseSecret),
        ),
        (
            "its token was refused, and nobody says that it is left behind",
            GONE,
            token_is_refused(None),
            act(Step::UnregisterByToken(RUNNER)),
        ),
        (
            "a credential works again",
            GONE,
            but(|seen| {
                seen.secret = SecretSighting::Absent;
                seen.goodbye.orphaned_at = Some(now());
            }),
            act(Step::Unregister(RUNNER)),
        ),
        (
            "one that may be somebody else's is no case of this",
            GONE,
            but(|seen| {
                seen.runner = Sighting::Unclear(Doubt::Foreign(RUNNER));
                seen.goodbye.orphaned_at = Some(now());
            }),
            wait(Blocked::Unclear(Doubt::Foreign(RUNNER))),
        ),
    ]);
}

#[test]
fn what_was_begun_goes_on_with_the_time_that_is_left() {
    let spec = |drain, lost| -> GitLabRunnerSpec {
        serde_json::from_value(json!({
            "connectionRef": { "name": "gitlab" },
            "scope": { "instance": {} },
            "drain": drain,
            "lostCredentials": lost,
        }))
        .unwrap()
    };
    let before = now() - seconds(100);
    let begun = GitLabRunnerStatus {
        drain: Some(DrainStatus {
            started_at: Time(before),
            deadline: Time(before),
            running_jobs: Some(2),
        }),
        undeletable_since: Some(Time(before)),
        ..GitLabRunnerStatus::default()
    };
    let fresh = GitLabRunnerStatus::default();
    let drain = json!({ "timeout": "2m" });
    let orphan = json!({ "policy": "Orphan", "gracePeriod": "2m" });
    let of = |spec: &GitLabRunnerSpec, status: &GitLabRunnerStatus| {
        let Goodbye { drain, orphaned_at } = goodbye(spec, status, now());
        (drain.map(|drain| (drain.since, drain.until)), orphaned_at)
    };
    let after = |at: Timestamp, time| at + seconds(time);
    let both = spec(drain.clone(), orphan);
    assert_eq!(
        of(&both, &fresh),
        (Some((now(), after(now(), 120))), Some(after(now(), 120)))
    );
    assert_eq!(
        of(&both, &begun),
        (Some((before, after(before, 120))), Some(after(before, 120)))
    );
    let block = json!({ "policy": "Block", "gracePeriod": "2m" });
    assert_eq!(of(&spec(json!(null), block), &begun), (None, None));
    let ten_minutes = Some(after(before, 600));
    let unsaid = json!({ "policy": "Orphan" });
    assert_eq!(of(&spec(json!(null), unsaid), &begun), (None, ten_minutes));
    assert_eq!(of(&spec(json!(null), json!(null)), &begun), (None, None));
    assert_eq!(of(&spec(json!(null), json!({})), &begun), (None, None));
}
