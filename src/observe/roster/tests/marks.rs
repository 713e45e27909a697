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
