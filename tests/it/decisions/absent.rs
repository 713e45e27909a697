//! The object is to have a runner that is not there, or not surely: registered or waited for.
use gitlab_runner_registrar::{
    api::v1alpha1::{DeletionPolicy, DriftPolicy, Target},
    gitlab::model::{AccessLevel, NewRunner, RunnerId, Scope, Settings},
    plan::{Blocked, Doubt, Plan, SecretSighting, Sighting, Step},
};

use super::given::{GROUP, OWNER, RUNNER, but, exists, nothing, now, seconds, stored};
use super::{act, hold, wait};

fn registers(settings: Settings) -> Plan {
    let scope = GROUP;
    act(Step::Register(Box::new(NewRunner::new(scope, settings))))
}

fn described(text: &str) -> Settings {
    Settings {
        description: Some(text.to_owned()),
        ..Settings::default()
    }
}

fn foreign(seen: &mut gitlab_runner_registrar::plan::Observed) {
    seen.runner = Sighting::Unclear(Doubt::Foreign(RUNNER));
}

#[test]
fn a_runner_is_registered_when_it_is_surely_not_there() {
    let later = now() + seconds(1);
    hold(vec![
        (
            "what is not there is registered, under the object's name",
            exists(|_| {}),
            nothing(|_| {}),
            registers(described("space/name")),
        ),
        (
            "a description of spec comes first",
            exists(|want| want.settings.description = Some("own".into())),
            nothing(|_| {}),
            registers(described("own")),
        ),
        (
            "an empty description is one as well",
            exists(|want| want.settings.description = Some(String::new())),
            nothing(|_| {}),
            registers(described("")),
        ),
        (
            "all that is managed is set from the start",
            exists(|want| {
                want.settings = Settings {
                    description: Some("d".into()),
                    tags: Some(["a".into(), "b".into()].into()),
                    run_untagged: Some(false),
                    paused: Some(true),
                    locked: Some(true),
                    access_level: Some(AccessLevel::RefProtected),
                    maximum_timeout: Some(None),
                    maintenance_note: Some("n".into()),
                }
            }),
            nothing(|_| {}),
            registers(Settings {
                description: Some("d".into()),
                tags: Some(["a".into(), "b".into()].into()),
                run_untagged: Some(false),
                paused: Some(true),
                locked: Some(true),
                access_level: Some(AccessLevel::RefProtected),
                maximum_timeout: Some(None),
                maintenance_note: Some("n".into()),
            }),
        ),
        (
            "a Secret that outlived its runner is no obstacle",
            exists(|_| {}),
            nothing(|seen| seen.secret = SecretSighting::Ours(stored())),
            registers(described("space/name")),
        ),
        (
            "under Report a runner is registered too",
            exists(|want| want.drift = DriftPolicy::Report),
            nothing(|_| {}),
            registers(described("space/name")),
        ),
        (
            "an attempt that may still bear fruit is waited for",
            exists(|_| {}),
            nothing(|seen| seen.settles_at = Some(later)),
            wait(Blocked::Settling(later)),
        ),
        (
            "but no longer than it may",
            exists(|_| {}),
            nothing(|seen| seen.settles_at = Some(now())),
            registers(described("space/name")),
        ),
        (
            "without the scope's number nothing can be registered",
            exists(|_| {}),
            nothing(|seen| seen.scope = None),
            wait(Blocked::ScopeUnknown),
        ),
        (
            "waiting comes before that",
            exists(|_| {}),
            nothing(|seen| {
                seen.scope = None;
                seen.settles_at = Some(later);
            }),
            wait(Blocked::Settling(later)),
        ),
    ]);
}

#[test]
fn a_runner_that_will_be_assigned_is_locked_afterwards() {
    let with_projects = |projects: Vec<Target>| {
        exists(|want| {
            want.settings.locked = Some(true);
            want.projects = Some(projects);
        })
    };
    let registered = |locked: Option<bool>| {
        act(Step::Register(Box::new(NewRunner {
            scope: Scope::Project(OWNER),
            settings: Settings {
                locked,
                ..described("space/name")
            },
            life: None,
        })))
    };
    let seen = || nothing(|seen| seen.scope = Some(Scope::Project(OWNER)));
    let target = Target {
        id: Some(41),
        path: None,
    };
    hold(vec![
        (
            "GitLab assigns no locked runner, so it is registered unlocked",
            with_projects(vec![target]),
            seen(),
            registered(None),
        ),
        (
            "without further projects it is locked from the start",
            with_projects(vec![]),
            seen(),
            registered(Some(true)),
        ),
    ]);
}

#[test]
fn nothing_is_done_in_doubt() {
    let doubts = [
        Doubt::Unsearchable,
        Doubt::NotAsked(Some(RUNNER)),
        Doubt::Foreign(RunnerId(9)),
    ];
    for doubt in doubts {
        hold(vec![(
            "what is unclear is not taken for absent",
            exists(|_| {}),
            but(|seen| seen.runner = Sighting::Unclear(doubt)),
            wait(Blocked::Unclear(doubt)),
        )]);
    }
    let orphan = || exists(|want| want.deletion = DeletionPolicy::Orphan);
    hold(vec![
        (
            "a runner at a former url may be left behind under Orphan",
            orphan(),
            but(foreign),
            registers(described("space/name")),
        ),
        (
            "which is no licence for other doubts",
            orphan(),
            but(|seen| seen.runner = Sighting::Unclear(Doubt::Unsearchable)),
            wait(Blocked::Unclear(Doubt::Unsearchable)),
        ),
    ]);
}
