//! Projects that GitLab refuses keep nothing else from being done.
use gitlab_runner_registrar::{
    api::v1alpha1::Target,
    gitlab::model::ProjectId,
    plan::{Blocked, Observed, Plan, Unassignable},
};

use super::super::given::exists;
use super::super::{hold, wait};
use super::{assign, found, lock, locked, lost, seen, unassign};

/// The words with which GitLab refuses.
const NO: &str = "GitLab said 403: 403 Forbidden";

fn refusing(seen: Observed, projects: &[u64]) -> Observed {
    let refused = projects.iter().map(|id| (ProjectId(*id), NO.to_owned()));
    Observed {
        refused_projects: refused.collect(),
        ..seen
    }
}

fn refused(names: &[&str], unknown: &[&str]) -> Plan {
    wait(Blocked::Projects(Unassignable {
        unknown: unknown.iter().map(|name| (*name).to_owned()).collect(),
        unlisted: Vec::new(),
        refused: names
            .iter()
            .map(|name| ((*name).to_owned(), NO.to_owned()))
            .collect(),
    }))
}

#[test]
fn what_is_refused_keeps_nothing_else_from_being_done() {
    let locks = || exists(|want| want.settings.locked = Some(true));
    let paths = || {
        exists(|want| {
            let target = |path: &str| Target {
                id: None,
                path: Some(path.to_owned()),
            };
            want.projects = Some(vec![target("a/b"), target("a/c")]);
        })
    };
    hold(vec![
        (
            "the next one is assigned",
            exists(|_| {}),
            refusing(seen(&[], vec![found(41), found(42)]), &[41]),
            assign(42),
        ),
        (
            "when that is done it is named, by its number",
            exists(|_| {}),
            refusing(seen(&[42], vec![found(41), found(42)]), &[41]),
            refused(&["41"], &[]),
        ),
        (
            "or by its path, where spec says that",
            paths(),
            refusing(seen(&[42], vec![found(41), found(42)]), &[41]),
            refused(&["a/b"], &[]),
        ),
        (
            "what is unknown is named as well",
            paths(),
            refusing(seen(&[], vec![found(41), lost("a/c")]), &[41]),
            refused(&["a/b"], &["a/c"]),
        ),
        (
            "what is too many goes nevertheless",
            exists(|_| {}),
            refusing(seen(&[43], vec![found(41)]), &[41]),
            unassign(43),
        ),
        (
            "one that cannot be taken away is named by its path",
            exists(|_| {}),
            refusing(seen(&[43], vec![]), &[43]),
            refused(&["platform/project-43"], &[]),
        ),
        (
            "and keeps no other from being taken away",
            exists(|_| {}),
            refusing(seen(&[43, 44], vec![]), &[43]),
            unassign(44),
        ),
        (
            "the lock is closed",
            locks(),
            refusing(seen(&[], vec![found(41)]), &[41]),
            lock(true),
        ),
        (
            "and stays so",
            locks(),
            refusing(
                locked(&[], vec![found(41)], |runner| runner.locked = true),
                &[41],
            ),
            refused(&["41"], &[]),
        ),
        (
            "what somebody else has assigned since is as wanted",
            exists(|_| {}),
            refusing(seen(&[41], vec![found(41)]), &[41]),
            Plan::Rest,
        ),
        (
            "nor is one refused that nobody wants any more",
            exists(|_| {}),
            refusing(seen(&[], vec![]), &[41]),
            Plan::Rest,
        ),
    ]);
}
