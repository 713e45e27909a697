use super::*;

/// A token that was issued after GitLab was asked is not the one that it has shown.
#[test]
fn what_was_seen_before_a_token_was_issued_says_nothing_of_it() {
    let (roster, holders) = (Roster::default(), holders(&[1]));
    sweep(&roster, &holders, vec![marked(1, "a")], 10);
    let one = RunnerId(1);
    assert_eq!(roster.short_sha(one, at(9)).as_deref(), Some("sha-1"));
    assert_eq!(roster.short_sha(one, at(10)), None);
    assert_eq!(roster.short_sha(RunnerId(2), at(0)), None);
    // Whoever asks for the runner alone is not shown its token.
    roster.note(marked(1, "a"), at(20));
    assert_eq!(roster.short_sha(one, at(10)), None);
    assert_eq!(roster.short_sha(one, at(9)).as_deref(), Some("sha-1"));
    roster.identified(one, "another", at(30));
    assert_eq!(roster.short_sha(one, at(29)).as_deref(), Some("another"));
    let news = sweep(&roster, &holders, vec![marked(1, "a")], 40);
    assert!(news.changed.contains(&one), "its token is another again");
}

/// A runner that was changed has no token in the roster until the next sweep, and may have got another before
/// that.
#[test]
fn a_token_that_is_shown_for_the_first_time_is_news_where_it_is_not_the_one_that_is_kept() {
    let holders = holders(&[1]);
    for (kept, news) in [(None, false), (Some("sha-1"), false), (Some("sha-2"), true)] {
        let (roster, one) = (Roster::default(), RunnerId(1));
        roster.note(marked(1, "a"), at(10));
        roster.keeps(one, kept.map(Into::into));
        let first = sweep(&roster, &holders, vec![marked(1, "a")], 20);
        assert_eq!(first.changed.contains(&one), news, "{kept:?}");
        // Whoever was woken has compared them.
        let second = sweep(&roster, &holders, vec![marked(1, "a")], 30);
        assert!(!second.changed.contains(&one), "{kept:?}");
    }
}

/// Of runners whose tokens all look strange one alone gets a new token; if that looks strange too, none
/// does.
#[test]
fn one_runner_finds_out_whether_tokens_can_be_compared() {
    let (one, two) = (RunnerId(1), RunnerId(2));
    let roster = Roster::default();
    let mismatches = |id, issued| roster.mismatches(id, at(issued), at(10));
    assert_eq!(mismatches(one, 1), Mismatch::Counts);
    assert_eq!(mismatches(two, 1), Mismatch::Open);
    assert_eq!(mismatches(one, 1), Mismatch::Counts, "it was not replaced");
    assert_eq!(mismatches(one, 2), Mismatch::MeansNothing);
    assert_eq!(mismatches(two, 1), Mismatch::MeansNothing);
    assert_eq!(mismatches(one, 2), Mismatch::MeansNothing);

    roster.matches();
    assert_eq!(mismatches(two, 1), Mismatch::Counts);
    assert_eq!(mismatches(one, 3), Mismatch::Open, "one after the other");
    roster.matches();
    assert_eq!(mismatches(one, 3), Mismatch::Counts);
}

/// A release of GitLab that shortens tokens in another way takes no runner its token but one, though all
/// were known before.
#[test]
fn a_match_of_before_does_not_speak_for_a_second_mismatch() {
    let (one, two) = (RunnerId(1), RunnerId(2));
    let roster = Roster::default();
    roster.matches();
    assert_eq!(roster.mismatches(one, at(1), at(10)), Mismatch::Counts);
    assert_eq!(roster.mismatches(two, at(1), at(10)), Mismatch::Open);
    assert_eq!(
        roster.mismatches(one, at(11), at(70)),
        Mismatch::MeansNothing
    );
    assert_eq!(
        roster.mismatches(two, at(1), at(70)),
        Mismatch::MeansNothing
    );
}

/// One that cannot have a new token keeps no other waiting for ever.
#[test]
fn a_trial_that_comes_to_nothing_ends() {
    let (one, two) = (RunnerId(1), RunnerId(2));
    let roster = Roster::default();
    assert_eq!(roster.mismatches(one, at(1), at(10)), Mismatch::Counts);
    assert_eq!(roster.mismatches(two, at(1), at(600)), Mismatch::Open);
    assert_eq!(roster.mismatches(two, at(1), at(610)), Mismatch::Counts);
    assert_eq!(roster.mismatches(one, at(1), at(611)), Mismatch::Open);
}
