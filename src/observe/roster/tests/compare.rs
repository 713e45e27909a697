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

/// Of runners whose tokens all look strange one alone gets a new token; if that looks strange too, none
/// does.
#[test]
fn one_runner_finds_out_whether_tokens_can_be_compared() {
    let (one, two) = (RunnerId(1), RunnerId(2));
    let roster = Roster::default();
    assert_eq!(roster.mismatches(one, at(1)), Mismatch::Counts);
    assert_eq!(roster.mismatches(two, at(1)), Mismatch::Open);
    let still_the_old_one = roster.mismatches(one, at(1));
    assert_eq!(still_the_old_one, Mismatch::Counts, "it was not replaced");
    assert_eq!(roster.mismatches(one, at(2)), Mismatch::MeansNothing);
    assert_eq!(roster.mismatches(two, at(1)), Mismatch::MeansNothing);
    assert_eq!(roster.mismatches(one, at(2)), Mismatch::MeansNothing);

    roster.matches();
    assert_eq!(roster.mismatches(two, at(1)), Mismatch::Counts);
    assert_eq!(roster.mismatches(one, at(3)), Mismatch::Counts);
}
