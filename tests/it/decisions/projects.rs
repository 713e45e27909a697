//! The further projects of a project runner: assigned and unassigned one by one.
mod refused;
mod selected;

use gitlab_runner_registrar::{
    api::v1alpha1::DriftPolicy,
    gitlab::model::{ProjectId, Runner, Settings},
    plan::{Blocked, Observed, Plan, ProjectSighting, Step, Unassignable, project_difference},
};

use super::given::{GROUP, OWNER, RUNNER, exists, of_projects};
use super::{act, hold, wait};

fn found(id: u64) -> ProjectSighting {
    ProjectSighting::Found(ProjectId(id))
}

fn lost(name: &str) -> ProjectSighting {
    ProjectSighting::NotFound(name.to_owned())
}

fn seen(have: &[u64], wanted: Vec<ProjectSighting>) -> Observed {
    locked(have, wanted, |_| {})
}

fn locked(
    have: &[u64],
    wanted: Vec<ProjectSighting>,
    change: impl FnOnce(&mut Runner),
) -> Observed {
    let mut seen = of_projects(have, change);
    seen.projects = Some(wanted);
    seen
}

fn assign(id: u64) -> Plan {
    act(Step::Assign(RUNNER, ProjectId(id)))
}

fn unassign(id: u64) -> Plan {
    act(Step::Unassign(RUNNER, ProjectId(id)))
}

fn lock(locked: bool) -> Plan {
    act(Step::Edit(
        RUNNER,
        Box::new(Settings {
            locked: Some(locked),
            ..Settings::default()
        }),
    ))
}

#[test]
fn the_list_of_projects_is_exact() {
    hold(vec![
        (
            "as declared",
            exists(|_| {}),
            seen(&[41], vec![found(41)]),
            Plan::Rest,
        ),
        (
            "one is missing",
            exists(|_| {}),
            seen(&[41], vec![found(41), found(42)]),
            assign(42),
        ),
        (
            "one is too many",
            exists(|_| {}),
            seen(&[41, 42], vec![found(42)]),
            unassign(41),
        ),
        (
            "assigned before unassigned",
            exists(|_| {}),
            seen(&[41], vec![found(42)]),
            assign(42),
        ),
        (
            "an empty list leaves the owner alone",
            exists(|_| {}),
            seen(&[], vec![]),
            Plan::Rest,
        ),
        (
            "an empty list takes the others away",
            exists(|_| {}),
            seen(&[41], vec![]),
            unassign(41),
        ),
        (
            "the owner may be named, and is there already",
            exists(|_| {}),
            seen(&[], vec![found(OWNER.0)]),
            Plan::Rest,
        ),
        (
            "no list is no opinion",
            exists(|_| {}),
            of_projects(&[41], |_| {}),
            Plan::Rest,
        ),
        (
            "projects that are not shown are not judged",
            exists(|_| {}),
            locked(&[], vec![found(41)], |runner| runner.projects = None),
            Plan::Rest,
        ),
        (
            "only project runners have projects to choose",
            exists(|_| {}),
            {
                let mut seen = seen(&[], vec![found(41)]);
                seen.scope = Some(GROUP);
                seen
            },
            Plan::Rest,
        ),
        (
            "settings come first",
            exists(|want| want.settings.paused = Some(true)),
            seen(&[], vec![found(41)]),
            act(Step::Edit(
                RUNNER,
                Box::new(Settings {
                    paused: Some(true),
                    ..Settings::default()
                }),
            )),
        ),
        (
            "under Report nothing is assigned",
            exists(|want| want.drift = DriftPolicy::Report),
            seen(&[], vec![found(41), lost("a/b")]),
            Plan::Rest,
        ),
    ]);
}

#[test]
fn unknown_projects_hold_back_only_what_is_unsafe() {
    let unknown = |names: &[&str]| {
        wait(Blocked::Projects(Unassignable {
            unknown: names.iter().map(|name| (*name).to_owned()).collect(),
            unlisted: Vec::new(),
            refused: Vec::new(),
        }))
    };
    hold(vec![
        (
            "they are named",
            exists(|_| {}),
            seen(&[41], vec![lost("a/b"), found(41), lost("c")]),
            unknown(&["a/b", "c"]),
        ),
        (
            "the others are assigned",
            exists(|_| {}),
            seen(&[], vec![lost("a/b"), found(41)]),
            assign(41),
        ),
        (
            "none is unassigned: it may be the unknown one under another name",
            exists(|_| {}),
            seen(&[42], vec![lost("a/b")]),
            unknown(&["a/b"]),
        ),
    ]);
}

#[test]
fn a_locked_runner_is_opened_for_a_change_of_projects() {
    let locks = || exists(|want| want.settings.locked = Some(true));
    let is_locked = |runner: &mut Runner| runner.locked = true;
    hold(vec![
        (
            "GitLab assigns no locked runner",
            locks(),
            locked(&[], vec![found(41)], is_locked),
            lock(false),
        ),
        (
            "once open it is assigned",
            locks(),
            seen(&[], vec![found(41)]),
            assign(41),
        ),
        (
            "and then locked",
            locks(),
            seen(&[41], vec![found(41)]),
            lock(true),
        ),
        (
            "nor does it unassign one",
            locks(),
            locked(&[41], vec![], is_locked),
            lock(false),
        ),
        (
            "an administrator is spared that",
            locks(),
            Observed {
                admin: true,
                ..locked(&[], vec![found(41)], is_locked)
            },
            assign(41),
        ),
        (
            "a lock that is not managed is not touched",
            exists(|_| {}),
            locked(&[], vec![found(41)], is_locked),
            assign(41),
        ),
        (
            "what cannot be assigned does not keep it open",
            locks(),
            seen(&[], vec![lost("a/b")]),
            lock(true),
        ),
    ]);
}

#[test]
fn differences_in_projects_are_told_with_the_owner() {
    let told = |seen: &Observed| {
        let gitlab_runner_registrar::plan::Sighting::Present(runner) = &seen.runner else {
            return None;
        };
        let row = project_difference(runner, seen)?;
        Some((row.field, row.desired, row.actual))
    };
    for (have, wanted, row) in [
        (&[41][..], vec![found(41)], None),
        (&[], vec![], None),
        (&[], vec![found(OWNER.0)], None),
        (&[42], vec![found(41)], Some(("[40, 41]", "[40, 42]"))),
        (&[41], vec![], Some(("[40]", "[40, 41]"))),
    ] {
        let row = row.map(|(d, a): (&str, &str)| ("projects", d.to_owned(), a.to_owned()));
        assert_eq!(
            told(&seen(have, wanted.clone())),
            row,
            "{have:?} {wanted:?}"
        );
    }
}
