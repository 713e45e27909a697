//! Where a runner is looked for, and how long an attempt is given.
use gitlab_runner_registrar::{
    gitlab::model::RunnerId,
    plan::{GRACE_AT_LEAST, Intent, Keeping, Kept, Whereabouts, grace, whereabouts},
};

use super::given::{RUNNER, URL, keeping, keeping_with, known, now, seconds};

const OTHER: RunnerId = RunnerId(8);

fn intent(attempt: &str) -> Intent {
    Intent {
        attempt: attempt.to_owned(),
        at: now(),
        gitlab_url: Some(URL.to_owned()),
        given_up: None,
    }
}

fn number(id: RunnerId) -> Whereabouts {
    Whereabouts::Number(known(id))
}

fn ours(change: impl FnOnce(&mut Keeping)) -> Kept {
    Kept::Ours(keeping_with(change))
}

#[test]
fn a_runner_is_looked_for_where_it_was_last_known() {
    let later = || Some(intent("a2"));
    let same = || Some(intent("a1"));
    let mark = || Whereabouts::Mark(intent("a2"));
    let other = || keeping_with(|kept| kept.runner = Some(known(OTHER)));
    let rows = [
        (
            "nothing is known",
            Kept::Absent,
            None,
            None,
            None,
            Whereabouts::Nowhere,
        ),
        (
            "an attempt and no more",
            Kept::Absent,
            None,
            None,
            later(),
            mark(),
        ),
        (
            "the Secret alone",
            ours(|_| {}),
            None,
            None,
            None,
            number(RUNNER),
        ),
        (
            "the Secret and its attempt",
            ours(|_| {}),
            None,
            None,
            same(),
            number(RUNNER),
        ),
        ("a later attempt", ours(|_| {}), None, None, later(), mark()),
        (
            "a Secret without a sign, after an attempt",
            ours(|kept| kept.attempt = None),
            None,
            None,
            same(),
            Whereabouts::Mark(intent("a1")),
        ),
        (
            "a Secret without a sign, and no attempt",
            ours(|kept| kept.attempt = None),
            None,
            None,
            None,
            number(RUNNER),
        ),
        (
            "a Secret without a number",
            ours(|kept| kept.runner = None),
            None,
            None,
            same(),
            Whereabouts::Mark(intent("a1")),
        ),
        (
            "status alone",
            Kept::Absent,
            None,
            Some(OTHER),
            None,
            number(OTHER),
        ),
        (
            "status comes before the mark",
            Kept::Absent,
            None,
            Some(OTHER),
            later(),
            number(OTHER),
        ),
        (
            "status comes before the Secret, which more people may write",
            ours(|_| {}),
            None,
            Some(OTHER),
            same(),
            number(OTHER),
        ),
        (
            "and before an outdated one",
            ours(|_| {}),
            None,
            Some(OTHER),
            later(),
            number(OTHER),
        ),
        (
            "a Secret of somebody else",
            Kept::Foreign,
            None,
            None,
            later(),
            mark(),
        ),
        (
            "the former Secret",
            Kept::Absent,
            Some(keeping()),
            None,
            same(),
            number(RUNNER),
        ),
        (
            "an outdated former Secret",
            Kept::Absent,
            Some(keeping()),
            None,
            later(),
            mark(),
        ),
        (
            "the former Secret beside somebody else's",
            Kept::Foreign,
            Some(keeping()),
            None,
            same(),
            number(RUNNER),
        ),
        (
            "the Secret comes before the former one",
            ours(|_| {}),
            Some(other()),
            None,
            same(),
            number(RUNNER),
        ),
    ];
    for (sentence, secret, former, status, intent, place) in rows {
        let status = status.map(known);
        let found = whereabouts(&secret, former.as_ref(), status.as_ref(), intent.as_ref());
        assert_eq!(found, place, "{sentence}");
    }
}

#[test]
fn an_attempt_is_given_twice_the_time_of_a_request() {
    for (timeout, wait) in [(0, 60), (1, 60), (30, 60), (31, 62), (300, 600)] {
        let until = grace(&intent("a1"), seconds(timeout));
        assert_eq!(until.duration_since(now()), seconds(wait), "{timeout}s");
    }
    assert_eq!(GRACE_AT_LEAST, seconds(60));
    let endless = grace(&intent("a1"), seconds(i64::MAX));
    assert_eq!(endless, jiff::Timestamp::MAX, "no wait overflows");
}
