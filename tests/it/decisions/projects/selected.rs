//! Projects that are selected: what an incomplete list leaves out is not taken for gone.
use gitlab_runner_registrar::plan::{
    Blocked, Plan, ProjectSighting, Unassignable, project_difference,
};

use super::super::given::exists;
use super::super::{hold, wait};
use super::{assign, found, seen, unassign};

fn unlisted(words: Option<&str>) -> ProjectSighting {
    ProjectSighting::Unlisted(words.map(str::to_owned))
}

#[test]
fn an_incomplete_list_assigns_and_never_unassigns() {
    let told = || {
        wait(Blocked::Projects(Unassignable {
            unknown: Vec::new(),
            unlisted: vec!["no such group".to_owned()],
            refused: Vec::new(),
        }))
    };
    let want = || exists(|_| {});
    hold(vec![
        (
            "a whole list is exact",
            want(),
            seen(&[41, 42], vec![found(41)]),
            unassign(42),
        ),
        (
            "one that is not whole is none to undo anything by",
            want(),
            seen(&[41, 42], vec![found(41), unlisted(None)]),
            Plan::Rest,
        ),
        (
            "what it shows is there",
            want(),
            seen(&[41], vec![found(41), found(42), unlisted(None)]),
            assign(42),
        ),
        (
            "one that cannot be read is told of",
            want(),
            seen(&[41], vec![unlisted(Some("no such group"))]),
            told(),
        ),
        (
            "and what is named is assigned all the same",
            want(),
            seen(&[41], vec![found(42), unlisted(Some("no such group"))]),
            assign(42),
        ),
        (
            "an empty list is a list",
            want(),
            seen(&[41], vec![]),
            unassign(41),
        ),
    ]);
}

#[test]
fn what_an_incomplete_list_leaves_out_is_no_difference() {
    let difference = |wanted: Vec<ProjectSighting>| {
        let seen = seen(&[41, 42], wanted);
        let gitlab_runner_registrar::plan::Sighting::Present(runner) = &seen.runner else {
            panic!("it is there");
        };
        project_difference(runner, &seen).map(|row| (row.desired, row.actual))
    };
    assert_eq!(difference(vec![found(41), unlisted(None)]), None);
    assert!(difference(vec![found(41)]).is_some());
    assert!(difference(vec![found(43), unlisted(None)]).is_some());
}
