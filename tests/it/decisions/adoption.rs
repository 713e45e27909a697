//! Which runners may be taken over, and what is done with one that may.
use std::collections::BTreeSet;

use gitlab_runner_registrar::{
    api::v1alpha1::ResetToken,
    gitlab::model::{Note, ProjectId, Runner, RunnerId, Scope, Settings},
    plan::{
        Adoption, Blocked, Desired, Doubt, Mark, Observed, Plan, ResetReason, SecretSighting,
        Sighting, Step, Unfit, WantedAdoption, judge, lives_at,
    },
};

use super::given::{
    GROUP, OWNER, RUNNER, but, exists, known, mark, nothing, project, runner, stored_with,
};
use super::{act, hold, wait};

fn adopting(reset: ResetToken) -> Desired {
    exists(|want| {
        want.adopt = Some(WantedAdoption {
            runner: RUNNER,
            reset,
            force: false,
        });
    })
}

fn noted(note: Note) -> Runner {
    Runner {
        maintenance_note: note,
        ..runner()
    }
}

fn text(note: &str) -> Note {
    Note::Shown(Some(note.to_owned()))
}

/// The runner is to be taken over, and looking at it has told that.
fn looked_at(adoption: Adoption) -> Observed {
    nothing(|seen| {
        seen.runner = Sighting::Unclear(Doubt::Unadopted(RUNNER));
        seen.adoption = Some(adoption);
    })
}

fn fits(note: Note) -> Observed {
    looked_at(Adoption::Fits(Box::new(noted(note))))
}

fn takes(note: Option<&str>) -> Plan {
    let edit = note.map(|note| {
        Box::new(Settings {
            maintenance_note: Some(note.to_owned()),
            ..Settings::default()
        })
    });
    act(Step::Adopt(RUNNER, edit))
}

#[test]
fn the_mark_is_written_first_and_nothing_else_with_it() {
    let desired = || adopting(ResetToken::IfMissing);
    let signed = mark().sign("ask Ann");
    let theirs = Mark {
        uid: "uid-0".to_owned(),
        ..mark()
    };
    let made_for = Some(known(RUNNER));
    hold(vec![
        (
            "a note keeps its text",
            desired(),
            fits(text("ask Ann")),
            takes(Some(&signed)),
        ),
        (
            "no note",
            desired(),
            fits(Note::Shown(None)),
            takes(Some(&mark().to_string())),
        ),
        (
            "another mark gives way",
            desired(),
            fits(text(&theirs.sign("ask Ann"))),
            takes(Some(&signed)),
        ),
        (
            "our mark is there, as after a crash",
            desired(),
            fits(text(&signed)),
            takes(None),
        ),
        (
            "before 16.10 no note can be changed",
            desired(),
            fits(Note::Fixed(None)),
            takes(None),
        ),
        ("nor seen", desired(), fits(Note::Unseen), takes(None)),
        (
            "a note without room for a mark stays as it is",
            desired(),
            fits(text(&"x".repeat(1020))),
            takes(None),
        ),
        (
            "what does not fit is left alone",
            desired(),
            looked_at(Adoption::Unfit(RUNNER, Unfit::Marked)),
            wait(Blocked::Unadoptable(RUNNER, Unfit::Marked)),
        ),
        (
            "somebody else's Secret is in the way",
            desired(),
            Observed {
                secret: SecretSighting::Foreign(made_for.clone()),
                ..fits(text("ask Ann"))
            },
            wait(Blocked::SecretConflict(made_for)),
        ),
        (
            "nobody knows the place",
            desired(),
            Observed {
                scope: None,
                ..looked_at(Adoption::Unfit(RUNNER, Unfit::Untold))
            },
            wait(Blocked::ScopeUnknown),
        ),
    ]);
}

/// Once it is taken over it is a runner like any other, but for its token.
#[test]
fn a_token_is_reset_as_spec_says() {
    let missing = || but(|seen| seen.secret = SecretSighting::Absent);
    let emptied = || {
        but(|seen| {
            seen.secret = SecretSighting::Ours(stored_with(|kept| {
                kept.token = gitlab_runner_registrar::plan::TokenState::Missing;
            }));
        })
    };
    let untidy =
        || but(|seen| seen.secret = SecretSighting::Ours(stored_with(|kept| kept.tidy = false)));
    let reset = || act(Step::ResetToken(RUNNER, ResetReason::Missing));
    let another = exists(|want| {
        want.adopt = Some(WantedAdoption {
            runner: RunnerId(8),
            reset: ResetToken::Never,
            force: false,
        });
    });
    hold(vec![
        (
            "missing",
            adopting(ResetToken::IfMissing),
            missing(),
            reset(),
        ),
        ("always", adopting(ResetToken::Always), missing(), reset()),
        ("never", adopting(ResetToken::Never), missing(), Plan::Rest),
        (
            "never, whatever becomes of the Secret",
            adopting(ResetToken::Never),
            emptied(),
            Plan::Rest,
        ),
        (
            "a Secret that was left behind is taken over without a reset",
            adopting(ResetToken::Never),
            untidy(),
            act(Step::RepairSecret(RUNNER)),
        ),
        ("that is of one runner only", another, missing(), reset()),
    ]);
}

#[test]
fn whose_a_runner_is_and_where_decides() {
    let living = BTreeSet::from(["uid-2".to_owned()]);
    let of = |uid: &str| {
        let mark = Mark {
            uid: uid.to_owned(),
            ..mark()
        };
        noted(text(&mark.to_string()))
    };
    let typed = |word: &str| Runner {
        runner_type: word.to_owned(),
        ..noted(Note::Shown(None))
    };
    let plain = || noted(Note::Shown(None));
    let home = Some(true);
    for (what, runner, scope, lives, force, expected) in [
        ("nobody's", plain(), GROUP, home, false, None),
        ("ours", of("uid-1"), GROUP, home, false, None),
        (
            "a note that is not shown",
            noted(Note::Unseen),
            GROUP,
            home,
            false,
            None,
        ),
        (
            "of one that is gone",
            of("uid-0"),
            GROUP,
            home,
            false,
            Some(Unfit::Marked),
        ),
        ("by force", of("uid-0"), GROUP, home, true, None),
        (
            "of one that is there",
            of("uid-2"),
            GROUP,
            home,
            false,
            Some(Unfit::InUse),
        ),
        (
            "not even by force",
            of("uid-2"),
            GROUP,
            home,
            true,
            Some(Unfit::InUse),
        ),
        (
            "another type",
            typed("instance_type"),
            GROUP,
            home,
            true,
            Some(Unfit::OtherType("the instance")),
        ),
        (
            "a group's for a project",
            typed("group_type"),
            Scope::Project(OWNER),
            home,
            true,
            Some(Unfit::OtherType("a group")),
        ),
        (
            "a project's for the instance",
            typed("project_type"),
            Scope::Instance,
            home,
            true,
            Some(Unfit::OtherType("projects")),
        ),
        (
            "elsewhere",
            plain(),
            GROUP,
            Some(false),
            true,
            Some(Unfit::OtherPlace),
        ),
        (
            "who knows where",
            plain(),
            GROUP,
            None,
            true,
            Some(Unfit::Untold),
        ),
    ] {
        let wanted = WantedAdoption {
            runner: RUNNER,
            reset: ResetToken::IfMissing,
            force,
        };
        let judged = judge(&runner, scope, lives, "uid-1", wanted.among(&living, false));
        assert_eq!(judged, expected, "{what}");
    }
}

#[test]
fn where_a_runner_lives_is_told_by_what_gitlab_shows() {
    let group = |path: Option<&str>| lives_at(&runner(), GROUP, path);
    assert_eq!(group(Some("platform")), Some(true));
    assert_eq!(
        group(Some("Platform")),
        Some(true),
        "paths do not mind case"
    );
    assert_eq!(group(Some("platform/tools")), Some(false));
    assert_eq!(group(None), None);
    let hidden = Runner {
        group_url: None,
        ..runner()
    };
    assert_eq!(lives_at(&hidden, GROUP, Some("platform")), None);
    let of = |projects: Option<Vec<u64>>| {
        let runner = Runner {
            projects: projects.map(|ids| ids.into_iter().map(project).collect()),
            ..runner()
        };
        lives_at(&runner, Scope::Project(ProjectId(40)), None)
    };
    assert_eq!(of(Some(vec![39, 40])), Some(true));
    assert_eq!(of(Some(vec![39])), Some(false));
    assert_eq!([of(Some(vec![])), of(None)], [None, None], "not shown");
    assert_eq!(lives_at(&runner(), Scope::Instance, None), Some(true));
}
