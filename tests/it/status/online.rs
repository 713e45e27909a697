//! Whether runner processes use the token: by when it was stored, and when somebody last called.
use gitlab_runner_registrar::{
    api::conditions::{ConditionType, find},
    plan::{Observed, SecretSighting, Sighting, contact_due},
};
use jiff::Timestamp;

use super::super::decisions::given::{but, nothing, now, runner, seconds, stored_with, want};
use super::{Known, rest};

/// A sentence, when the token was stored and the runner contacted, in seconds ago, what Online says, and by when
/// somebody must have come.
type Row = (
    &'static str,
    Option<i64>,
    Option<i64>,
    &'static str,
    Option<Timestamp>,
);

/// A runner whose token was stored and that was last contacted so many seconds ago.
fn called(stored: Option<i64>, contacted: Option<i64>) -> Observed {
    let ago = |seconds_ago: i64| now() - seconds(seconds_ago);
    but(|seen| {
        let mut runner = runner();
        runner.contacted_at = contacted.map(ago);
        runner.online = contacted.map(|seconds_ago| seconds_ago < 7200);
        seen.runner = Sighting::Present(runner);
        let kept = stored_with(|kept| kept.issued_at = stored.map(ago));
        seen.secret = SecretSighting::Ours(kept);
    })
}

fn told(seen: Observed) -> String {
    let status = Known::new(want(), seen).first(&rest());
    let online = find(&status.conditions, ConditionType::Online).unwrap();
    format!("{} {}", online.status, online.reason)
}

#[test]
fn it_is_online_when_somebody_calls_with_the_token_that_the_secret_holds() {
    let due = |stored: i64| Some(now() - seconds(stored - 600));
    let rows: [Row; 12] = [
        (
            "just stored",
            Some(10),
            None,
            "Unknown AwaitingCall",
            due(10),
        ),
        (
            "nobody came",
            Some(600),
            None,
            "False NobodyCalls",
            due(600),
        ),
        (
            "just before that",
            Some(590),
            None,
            "Unknown AwaitingCall",
            due(590),
        ),
        ("somebody came", Some(10), Some(5), "True Called", None),
        ("at that very time", Some(10), Some(10), "True Called", None),
        ("long in use", Some(90_000), Some(5), "True Called", None),
        (
            "no longer in use",
            Some(90_000),
            Some(7200),
            "False NobodyCalls",
            None,
        ),
        // Whoever called before it was stored has used an older one.
        (
            "replaced a moment ago",
            Some(10),
            Some(11),
            "True Called",
            due(10),
        ),
        (
            "replaced and not taken up",
            Some(600),
            Some(601),
            "False NobodyCalls",
            due(600),
        ),
        (
            "replaced when nobody called any more",
            Some(10),
            Some(8000),
            "Unknown AwaitingCall",
            due(10),
        ),
        (
            "nobody knows since when",
            None,
            Some(5),
            "True Called",
            None,
        ),
        (
            "nor whether anybody came",
            None,
            None,
            "Unknown AwaitingCall",
            None,
        ),
    ];
    for (sentence, stored, contacted, expected, due) in rows {
        let seen = called(stored, contacted);
        assert_eq!(contact_due(&seen), due, "{sentence}");
        assert_eq!(told(seen), expected, "{sentence}");
    }
}

#[test]
fn what_is_not_seen_stays_as_it_was_and_goes_with_the_runner() {
    let online = |known: &Known, before| {
        let status = known.after(before, &rest(), now());
        find(&status.conditions, ConditionType::Online).cloned()
    };
    let before = Known::new(want(), called(Some(600), None)).first(&rest());
    let told = online(&Known::unseen(), &before).unwrap();
    assert_eq!(told.reason, "NobodyCalls");
    let mut leaving = Known::new(want(), called(Some(600), None));
    leaving.leaving = true;
    assert_eq!(online(&leaving, &before), None);
    assert_eq!(online(&Known::new(want(), nothing(|_| {})), &before), None);
}
