use super::*;

#[test]
fn who_looks_for_a_mark_is_answered_by_a_sweep_that_began_after_it_asked() {
    let (roster, holders) = (Roster::default(), holders(&[1]));
    let marks = |uid: &str, not_before: i64, now: i64| {
        roster.marks(GROUP, uid, Some(at(not_before)), at(now))
    };
    assert_eq!(marks("b", 5, 100), Marks::Soon);
    assert!(
        roster.wanted(at(101)).is_empty(),
        "others may be about to ask"
    );
    assert_eq!(roster.wanted(at(102)), [GROUP]);
    let news = sweep(
        &roster,
        &holders,
        vec![marked(1, "a"), marked(8, "b"), marked(9, "b")],
        101,
    );
    assert_eq!(news.waiters, ["b".to_owned()].into());
    assert!(roster.wanted(at(110)).is_empty());
    let read = |runners: &[u64], age| Marks::Read {
        runners: runners
            .iter()
            .map(|id| {
                let known = (marked(*id, "b"), SignedDuration::from_secs(age));
                (RunnerId(*id), Some(known))
            })
            .collect(),
        complete: true,
    };
    // However long the sweep took, it is the one that was waited for.
    assert_eq!(marks("b", 5, 150), read(&[9, 8], 49));
    // Whoever asks later waits for another, but for one that has begun just now.
    assert_eq!(marks("b", 5, 150), Marks::Soon);
    sweep(&roster, &holders, vec![marked(1, "a")], 160);
    assert_eq!(marks("c", 5, 165), read(&[], 0));
    assert_eq!(marks("c", 161, 165), Marks::Soon, "it began too early");
    assert_eq!(
        roster.marks(GROUP, "c", None, at(300)),
        read(&[], 0),
        "still in force"
    );
    assert_eq!(
        roster.marks(GROUP, "a", None, at(300)),
        read(&[], 0),
        "its own is no other"
    );
}

#[test]
fn nobody_waits_for_what_cannot_be_swept() {
    let roster = Roster::default();
    let marks = |now| roster.marks(GROUP, "a", Some(at(0)), at(now));
    assert_eq!(marks(0), Marks::Soon);
    assert!(!roster.is_awaited(GROUP, at(1)), "it does not work yet");
    roster.works(at(1));
    assert!(roster.is_awaited(GROUP, at(1)));
    roster.failed(GROUP, at(2));
    assert_eq!(marks(3), Marks::Unknown);
    assert!(!roster.is_awaited(GROUP, at(3)));
    assert_eq!(marks(302), Marks::Soon, "it is tried again");
    assert!(!roster.is_awaited(GROUP, at(302)), "only at first");
    roster.works(at(303));
    assert!(roster.is_awaited(GROUP, at(303)));
    sweep(&roster, &holders(&[]), Vec::new(), 304);
    let awaited = roster.is_awaited(GROUP, at(305));
    assert!(!awaited, "a sweep has said who is there");
}

#[test]
fn a_short_outage_leaves_nobody_to_look_alone() {
    let roster = Roster::default();
    let marks = |now| roster.marks(GROUP, "a", Some(at(0)), at(now));
    roster.is_unheard(GROUP, at(10));
    roster.is_unheard(GROUP, at(29));
    assert_eq!(marks(29), Marks::Soon);
    roster.is_unheard(GROUP, at(30));
    assert_eq!(marks(31), Marks::Unknown);
    roster.works(at(40));
    assert_eq!(marks(41), Marks::Soon);
    roster.is_unheard(GROUP, at(50));
    assert_eq!(marks(50), Marks::Soon, "another outage");
}

#[test]
fn what_gitlab_refuses_to_show_is_tried_seldom() {
    let roster = Roster::default();
    roster.is_refused(GROUP, at(0));
    assert!(!roster.is_worth_a_try(GROUP, at(299)));
    assert!(roster.is_worth_a_try(GROUP, at(300)));
    assert!(roster.answers_queries(GROUP, at(0)));
    roster.does_not_answer_queries(GROUP, at(0));
    assert!(!roster.answers_queries(GROUP, at(3599)));
    assert!(roster.answers_queries(GROUP, at(3600)));
}

/// GraphQL may show a runner without all of it: whose it is, is known all the same.
#[test]
fn a_runner_that_was_not_shown_whole_is_no_less_found_by_its_mark() {
    let (roster, holders) = (Roster::default(), holders(&[1]));
    let mut sweep = roster.sweep(GROUP, gitlab::Way::GraphQl, &holders, at(10));
    let note = marked(8, "b").maintenance_note;
    let listed = ListedRunner {
        id: RunnerId(8),
        description: None,
        online: None,
        paused: None,
        status: None,
        note,
    };
    sweep.page(vec![gitlab::Row::Listed(listed)], at(10));
    sweep.ends(at(200));
    let found = Marks::Read {
        runners: vec![(RunnerId(8), None)],
        complete: true,
    };
    assert_eq!(roster.marks(GROUP, "b", Some(at(5)), at(12)), found);
}

/// An object that was made after those were counted whose marks a sweep looks for waits for another one.
#[test]
fn who_asks_after_a_sweep_has_begun_waits_on() {
    let (roster, holders) = (Roster::default(), Holders::default());
    let marks = |since, now| roster.marks(GROUP, "new", Some(at(since)), at(now));
    assert_eq!(marks(50, 60), Marks::Soon);
    sweep(&roster, &holders, vec![marked(8, "new")], 40);
    roster.retain(&holders, at(40));
    assert_eq!(marks(50, 65), Marks::Soon, "it began too early");
    assert!(roster.wanted(at(80)).contains(&GROUP));
}

/// What was found out of its list says nothing of the others once no object has a runner there.
#[test]
fn a_scope_that_nobody_uses_is_forgotten() {
    let roster = Roster::default();
    roster.does_not_answer_queries(GROUP, at(0));
    roster.retain(&holders(&[]), at(10));
    assert!(roster.has_unanswered());
    roster.retain(&Holders::default(), at(10));
    assert!(!roster.has_unanswered());
}

/// A sweep of one scope alone does not know how seldom all are swept.
#[test]
fn a_sweep_takes_nothing_from_how_long_the_one_before_counts() {
    let (roster, holders) = (Roster::default(), holders(&[1]));
    sweep(&roster, &holders, vec![marked(1, "a")], 10);
    roster.lasts(GROUP, at(10), at(900));
    sweep(&roster, &holders, vec![marked(1, "a")], 20);
    assert!(roster.covers(RunnerId(1), at(899)));
}
