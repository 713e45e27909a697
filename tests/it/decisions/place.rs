//! Where a runner is looked for, and how long an attempt is given.
use gitlab_runner_registrar::{
    api::v1alpha1::DeletionPolicy,
    gitlab::model::{Found, Runner, RunnerId},
    plan::{
        Doubt, GRACE_AT_LEAST, Intent, SecretSighting, Sighting, StoredToken, Wanted, Whereabouts,
        grace, whereabouts,
    },
};

use super::given::{RUNNER, URL, known, nothing, now, runner, seconds, stored, stored_with, want};

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

fn ours(change: impl FnOnce(&mut StoredToken)) -> SecretSighting {
    SecretSighting::Ours(stored_with(change))
}

#[test]
fn a_runner_is_looked_for_where_it_was_last_known() {
    let later = || Some(intent("a2"));
    let same = || Some(intent("a1"));
    let mark = || Whereabouts::Mark(intent("a2"));
    let other = || stored_with(|kept| kept.runner = Some(known(OTHER)));
    let rows = [
        (
            "nothing is known",
            SecretSighting::Absent,
            None,
            None,
            None,
            Whereabouts::Nowhere,
        ),
        (
            "an attempt and no more",
            SecretSighting::Absent,
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
            SecretSighting::Absent,
            None,
            Some(OTHER),
            None,
            number(OTHER),
        ),
        (
            "status comes before the mark",
            SecretSighting::Absent,
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
            SecretSighting::Foreign(None),
            None,
            None,
            later(),
            mark(),
        ),
        (
            "the former Secret",
            SecretSighting::Absent,
            Some(stored()),
            None,
            same(),
            number(RUNNER),
        ),
        (
            "an outdated former Secret",
            SecretSighting::Absent,
            Some(stored()),
            None,
            later(),
            mark(),
        ),
        (
            "the former Secret beside somebody else's",
            SecretSighting::Foreign(None),
            Some(stored()),
            None,
            same(),
            number(RUNNER),
        ),
        (
            "the former Secret beside an outdated one",
            ours(|kept| {
                kept.attempt = Some("a0".to_owned());
                kept.runner = Some(known(OTHER));
            }),
            Some(stored()),
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
        let others: Vec<_> = former
            .map(|kept| ("former".to_owned(), kept))
            .into_iter()
            .collect();
        let found = whereabouts(&secret, &others, status.as_ref(), intent.as_ref());
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

#[test]
fn a_path_is_looked_up_where_its_number_is_needed_and_means_what_is_recorded() {
    let mark = || Whereabouts::Mark(intent("a1"));
    let elsewhere = || {
        Whereabouts::Mark(Intent {
            gitlab_url: Some("https://elsewhere.example.com".to_owned()),
            ..intent("a1")
        })
    };
    let delete = || Some(want());
    let orphan = || {
        Some(Wanted {
            deletion: DeletionPolicy::Orphan,
            ..want()
        })
    };
    let rows = [
        ("to register", Whereabouts::Nowhere, delete(), false, true),
        ("to assign projects", number(RUNNER), delete(), false, true),
        ("to search", mark(), None, true, true),
        ("to search for twins", number(RUNNER), None, true, true),
        (
            "none was ever there",
            Whereabouts::Nowhere,
            None,
            false,
            false,
        ),
        ("none is searched for", number(RUNNER), None, false, false),
        ("none can be searched", mark(), None, false, false),
        (
            "another GitLab was asked",
            elsewhere(),
            delete(),
            true,
            false,
        ),
        ("nor when it goes", elsewhere(), None, true, false),
        (
            "unless that one is given up",
            elsewhere(),
            orphan(),
            true,
            true,
        ),
    ];
    for (sentence, place, want, searches, expected) in rows {
        let needs = place.needs_scope(want.as_ref(), URL, searches);
        assert_eq!(needs, expected, "{sentence}");
    }
}

fn unclear(doubt: Doubt) -> Sighting<Runner> {
    Sighting::Unclear(doubt)
}

/// A list, and whether it was looked through.
fn list(runners: Vec<Runner>, complete: bool) -> Found {
    Found { runners, complete }
}

#[test]
fn only_a_search_that_was_made_to_its_end_finds_nothing() {
    let later = now() + seconds(1);
    let there = || Sighting::Present(runner());
    let rows = [
        (
            "nothing",
            Some(list(vec![], true)),
            Sighting::Absent,
            Some(later),
        ),
        ("no list", None, unclear(Doubt::Unplaced), None),
        (
            "a crowd",
            Some(list(vec![], false)),
            unclear(Doubt::Crowded),
            None,
        ),
        ("it", Some(list(vec![runner()], true)), there(), None),
        (
            "it, in a crowd",
            Some(list(vec![runner()], false)),
            there(),
            None,
        ),
    ];
    for (sentence, search, sighting, settles_at) in rows {
        let mut seen = nothing(|_| {});
        seen.searched(search, later);
        assert_eq!(
            (seen.runner, seen.settles_at),
            (sighting, settles_at),
            "{sentence}"
        );
    }
}

#[test]
fn whoever_leaves_does_not_take_a_twin_for_absent_that_was_not_looked_for() {
    let there = || Sighting::Present(runner());
    let twin = || Runner {
        id: OTHER,
        ..runner()
    };
    let rows = [
        (
            "all was seen",
            Sighting::Absent,
            Some(list(vec![], true)),
            Sighting::Absent,
        ),
        ("no list", Sighting::Absent, None, unclear(Doubt::Unplaced)),
        (
            "a crowd",
            Sighting::Absent,
            Some(list(vec![], false)),
            unclear(Doubt::Crowded),
        ),
        ("first things first", there(), None, there()),
        (
            "it",
            Sighting::Absent,
            Some(list(vec![twin()], false)),
            Sighting::Present(twin()),
        ),
    ];
    for (sentence, sighting, search, expected) in rows {
        let mut seen = nothing(|seen| seen.runner = sighting.clone());
        seen.searched_for_twins(search.clone(), true);
        assert_eq!(seen.runner, expected, "{sentence}");
        assert_eq!(seen.twins, vec![], "{sentence}");
        // Whoever stays looks again, and is not held up.
        let found = search.is_some_and(|found| !found.runners.is_empty());
        let mut seen = nothing(|seen| seen.runner = sighting.clone());
        seen.searched_for_twins(found.then(|| list(vec![twin()], false)), false);
        let stays = if found { expected } else { sighting };
        assert_eq!(seen.runner, stays, "{sentence}");
    }
}
