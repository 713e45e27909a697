//! The smallest edit, each managed field alone, and the same in words.
use gitlab_runner_registrar::{
    gitlab::model::{AccessLevel, Note, Runner, Settings},
    plan::{Mark, diff, differences, normalised},
};

use super::given::{mark, runner};

/// A wanted setting, the edit, and its row: field, desired, actual.
type Row = (Settings, [&'static str; 3]);

fn only(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings);
    settings
}

#[test]
fn each_field_alone_is_changed_alone() {
    let rows: Vec<Row> = vec![
        (
            only(|s| s.description = Some("other".into())),
            ["description", "other", "builder"],
        ),
        (
            only(|s| s.description = Some(String::new())),
            ["description", "", "builder"],
        ),
        (
            only(|s| s.tags = Some(["b".into(), "a".into()].into())),
            ["tags", "[a, b]", "[linux]"],
        ),
        (
            only(|s| s.tags = Some([].into())),
            ["tags", "[]", "[linux]"],
        ),
        (
            only(|s| s.tags = Some(["Linux".into()].into())),
            ["tags", "[Linux]", "[linux]"],
        ),
        (
            only(|s| s.run_untagged = Some(false)),
            ["runUntagged", "false", "true"],
        ),
        (only(|s| s.paused = Some(true)), ["paused", "true", "false"]),
        (only(|s| s.locked = Some(true)), ["locked", "true", "false"]),
        (
            only(|s| s.access_level = Some(AccessLevel::RefProtected)),
            ["accessLevel", "ref_protected", "not_protected"],
        ),
        (
            only(|s| s.maximum_timeout = Some(Some(5445))),
            ["maximumTimeout", "1h30m45s", "1h"],
        ),
        (
            only(|s| s.maximum_timeout = Some(None)),
            ["maximumTimeout", "0s", "1h"],
        ),
    ];
    for (want, [field, desired, actual]) in rows {
        let edit = diff(&runner(), &want, &mark());
        assert_eq!(edit, Some(want), "{field}");
        let rows = differences(&runner(), &edit.unwrap_or_default());
        let [row] = rows.as_slice() else {
            panic!("{field}: {rows:?}");
        };
        let told = (row.field, &*row.desired, &*row.actual);
        assert_eq!(told, (field, desired, actual));
    }
}

#[test]
fn what_agrees_or_is_not_managed_is_no_difference() {
    let have = runner();
    let same = Settings {
        description: Some(have.description.clone()),
        tags: Some(have.tags.clone()),
        run_untagged: Some(have.run_untagged),
        paused: Some(have.paused),
        locked: Some(have.locked),
        access_level: Some(have.access_level),
        maximum_timeout: Some(have.maximum_timeout),
        maintenance_note: Some("ask the builders".to_owned()),
    };
    assert_eq!(diff(&have, &same, &mark()), None);
    assert_eq!(diff(&have, &Settings::default(), &mark()), None);
    let edit = diff(
        &have,
        &Settings {
            paused: Some(true),
            ..same
        },
        &mark(),
    );
    assert_eq!(edit, Some(only(|s| s.paused = Some(true))));
}

/// What GitLab holds, what is wanted, and what is written: the sign of the attempt that the runner
/// came from is kept, and another object's is not.
#[test]
fn a_note_is_a_text_and_a_mark() {
    let earlier = Mark {
        attempt: "a0".to_owned(),
        cluster: "moved".to_owned(),
        ..mark()
    };
    let stranger = Mark {
        uid: "uid-2".to_owned(),
        ..mark()
    };
    let rows = [
        ("as wanted", Some(mark().sign("text")), "text", None),
        (
            "of an earlier attempt",
            Some(earlier.sign("text")),
            "text",
            None,
        ),
        (
            "another text",
            Some(earlier.sign("old")),
            "text",
            Some(earlier.sign("text")),
        ),
        (
            "no text",
            Some(mark().sign("old")),
            "",
            Some(mark().sign("")),
        ),
        ("none wanted, none there", Some(mark().sign("")), "", None),
        (
            "lost mark",
            Some("text".to_owned()),
            "text",
            Some(mark().sign("text")),
        ),
        ("no note", None, "", Some(mark().sign(""))),
        (
            "another object's mark",
            Some(stranger.sign("text")),
            "text",
            Some(mark().sign("text")),
        ),
    ];
    for (sentence, have, want, written) in rows {
        let have = Runner {
            maintenance_note: Note::Shown(have),
            ..runner()
        };
        let want = only(|s| s.maintenance_note = Some(want.to_owned()));
        let edit = diff(&have, &want, &mark());
        assert_eq!(
            edit.and_then(|edit| edit.maintenance_note),
            written,
            "{sentence}"
        );
    }
    let edit = only(|s| s.maintenance_note = Some(mark().sign("new")));
    let rows = differences(&runner(), &edit);
    let told: Vec<_> = rows
        .iter()
        .map(|r| (r.field, &*r.desired, &*r.actual))
        .collect();
    assert_eq!(
        told,
        [("maintenanceNote", "new", "ask the builders")],
        "marks are not shown"
    );
}

#[test]
fn tags_are_what_gitlab_will_make_of_them() {
    for (written, held) in [
        (&["a", "b"][..], &["a", "b"][..]),
        (&["b", "a", "b"], &["a", "b"]),
        (&[" a ", "\tb"], &["a", "b"]),
        (&["a,b", "c, ,"], &["a", "b", "c"]),
        (&["", " "], &[]),
        (&["A", "a"], &["A", "a"]),
        (&["über 9"], &["über 9"]),
    ] {
        let tags: Vec<String> = normalised(written).into_iter().collect();
        assert_eq!(tags, held, "{written:?}");
    }
}
