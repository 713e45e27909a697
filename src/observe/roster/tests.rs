mod compare;
mod marks;

use super::*;
use crate::gitlab;
use crate::gitlab::model::{AccessLevel, GroupId, Insight, ListedRunner, Note};

const GROUP: Scope = Scope::Group(GroupId(3));
const FRESH: SignedDuration = SignedDuration::from_secs(60);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn runner(id: u64, note: &str) -> Runner {
    Runner {
        id: RunnerId(id),
        runner_type: "group_type".to_owned(),
        description: "one".to_owned(),
        tags: ["a".to_owned()].into(),
        run_untagged: false,
        paused: false,
        locked: false,
        access_level: AccessLevel::NotProtected,
        maximum_timeout: None,
        maintenance_note: Note::Shown(Some(note.to_owned())),
        projects: Some(Vec::new()),
        group_url: None,
        online: None,
        status: "never_contacted".to_owned(),
        contacted_at: None,
        insight: Insight::default(),
    }
}

fn marked(id: u64, uid: &str) -> Runner {
    runner(id, &format!("[gitlab-registrar.dev/c/{uid}/1]"))
}

fn whole(runner: Runner) -> gitlab::Row {
    let short_sha = Some(format!("sha-{}", runner.id));
    gitlab::Row::Whole(Box::new(runner), Identity { short_sha })
}

/// Objects `a`, `b` and so on, the first of which have these runners.
fn holders(runners: &[u64]) -> Holders {
    let uids = ["a", "b", "c"].map(str::to_owned);
    let runners = runners.iter().map(|id| RunnerId(*id));
    Holders {
        scopes: [GROUP].into(),
        runners: runners.zip(uids.iter().cloned()).collect(),
        uids: uids.into(),
    }
}

/// A sweep of the group that begins then, is answered at once, and counts for 200 s.
fn sweep(roster: &Roster, holders: &Holders, rows: Vec<Runner>, now: i64) -> News {
    let mut sweep = roster.sweep(GROUP, gitlab::Way::GraphQl, holders, at(now));
    sweep.page(rows.into_iter().map(whole).collect(), at(now));
    sweep.ends(at(now + 200))
}

fn known(roster: &Roster, id: u64, now: i64) -> Option<(Runner, i64)> {
    match roster.sighting(RunnerId(id), FRESH, at(now)) {
        Look::Known(runner, age) => Some((*runner, age.as_secs())),
        Look::Ask => None,
    }
}

#[test]
fn what_somebody_saw_alone_counts_for_a_while() {
    let roster = Roster::default();
    assert_eq!(known(&roster, 1, 0), None);
    assert!(roster.note(marked(1, "a"), at(0)));
    assert_eq!(known(&roster, 1, 59), Some((marked(1, "a"), 59)));
    assert_eq!(known(&roster, 1, 60), None);
    assert!(!roster.covers(RunnerId(1), at(0)));
    assert_eq!(known(&roster, 1, -1), None, "a clock that was set back");
}

#[test]
fn what_a_sweep_saw_counts_as_long_as_that_is_in_force() {
    let (roster, holders) = (Roster::default(), holders(&[1]));
    roster.note(marked(1, "a"), at(0));
    let news = sweep(&roster, &holders, vec![marked(1, "a"), runner(9, "")], 100);
    assert_eq!(news, News::default(), "nothing has changed");
    assert_eq!(known(&roster, 1, 299), Some((marked(1, "a"), 199)));
    assert!(roster.covers(RunnerId(1), at(299)) && !roster.covers(RunnerId(1), at(300)));
    assert!(!roster.has(RunnerId(9)), "a stranger's takes no room");
    assert_eq!(known(&roster, 1, 300), None);
    assert!(!roster.has_lapsed(at(299)) && roster.has_lapsed(at(300)));
    assert_eq!(roster.lapsed(at(300)), [RunnerId(1)]);
    assert!(!roster.has_lapsed(at(300)));
}

#[test]
fn only_what_matters_is_news() {
    let (roster, holders) = (Roster::default(), holders(&[1]));
    let mut seen = marked(1, "a");
    let told = |seen: &Runner, now| {
        let news = sweep(&roster, &holders, vec![seen.clone()], now);
        !news.changed.is_empty()
    };
    assert!(told(&seen, 0), "the first time");
    assert!(!told(&seen, 1));
    seen.contacted_at = Some(at(1));
    assert!(!told(&seen, 2), "when it was contacted is asked for apart");
    assert_eq!(roster.contacted_at(RunnerId(1)), Some(at(1)));
    seen.tags.insert("b".to_owned());
    assert!(told(&seen, 3));
    seen.status = "online".to_owned();
    seen.online = Some(true);
    assert!(told(&seen, 4));
    assert!(!told(&seen, 5));
    assert_eq!(known(&roster, 1, 5), Some((seen, 0)));
}

#[test]
fn a_page_that_was_asked_for_before_somebody_looked_changes_nothing() {
    let (roster, holders) = (Roster::default(), holders(&[1]));
    let mut sweep = roster.sweep(GROUP, gitlab::Way::GraphQl, &holders, at(0));
    let mut later = marked(1, "a");
    later.paused = true;
    roster.note(later.clone(), at(1));
    sweep.page(vec![whole(marked(1, "a"))], at(0));
    assert_eq!(sweep.ends(at(100)), News::default());
    assert_eq!(known(&roster, 1, 2), Some((later, 1)));
    assert!(roster.covers(RunnerId(1), at(2)), "but it was there");
    assert!(
        !roster.note(marked(1, "a"), at(0)),
        "nor does an older look"
    );
}

#[test]
fn what_a_whole_sweep_does_not_show_is_missing_and_one_that_breaks_off_says_nothing() {
    let (roster, holders) = (Roster::default(), holders(&[1, 2]));
    let both = || vec![marked(1, "a"), marked(2, "b")];
    sweep(&roster, &holders, both(), 0);
    let mut broken = roster.sweep(GROUP, gitlab::Way::GraphQl, &holders, at(10));
    broken.page(vec![whole(marked(1, "a"))], at(10));
    assert_eq!(broken.breaks_off(), News::default());
    assert!(roster.covers(RunnerId(2), at(11)));

    let news = sweep(&roster, &holders, vec![marked(1, "a")], 20);
    assert_eq!(news.missing, [RunnerId(2)].into());
    assert_eq!(known(&roster, 2, 20), None, "ask for it");
    // It is there, and the list does not show it: it is looked at alone, and told once.
    roster.note(marked(2, "b"), at(21));
    assert!(!roster.covers(RunnerId(2), at(21)));
    let news = sweep(&roster, &holders, vec![marked(1, "a")], 30);
    assert_eq!(news, News::default());
    assert_eq!(known(&roster, 2, 31), Some((marked(2, "b"), 10)));
}

#[test]
fn a_list_that_shows_little_says_who_is_there_and_whom_to_ask_for() {
    let (roster, holders) = (Roster::default(), holders(&[1, 2]));
    let listed = |id, paused| {
        gitlab::Row::Listed(ListedRunner {
            id: RunnerId(id),
            description: Some("one".to_owned()),
            online: None,
            paused: Some(paused),
            status: Some("never_contacted".to_owned()),
            note: Note::Unseen,
        })
    };
    let list = |rows, now| {
        let mut sweep = roster.sweep(GROUP, gitlab::Way::Rest, &holders, at(now));
        sweep.page(rows, at(now));
        sweep.ends(at(now + 200))
    };
    let news = list(vec![listed(1, false), listed(7, false)], 0);
    assert_eq!(news.changed, [RunnerId(1)].into(), "nothing is known of it");
    roster.note(marked(1, "a"), at(1));
    roster.note(marked(2, "b"), at(2));
    let rows = || vec![listed(1, false), listed(2, false)];
    assert_eq!(list(rows(), 10), News::default());
    assert!(roster.covers(RunnerId(1), at(209)));
    assert_eq!(roster.partly_shown(at(10)), [1, 2].map(RunnerId));
    let news = list(vec![listed(1, true), listed(2, false)], 20);
    assert_eq!(news.changed, [RunnerId(1)].into());
    assert_eq!(known(&roster, 1, 20), None);
    let marks = roster.marks(GROUP, "a", None, at(20));
    assert_eq!(marks, Marks::Unknown, "no list shows a note");
}

#[test]
fn what_no_object_has_is_forgotten() {
    let roster = Roster::default();
    sweep(
        &roster,
        &holders(&[1]),
        vec![marked(1, "a"), marked(2, "b")],
        0,
    );
    roster.note(marked(3, "c"), at(10));
    roster.retain(&holders(&[]), at(10));
    let has = |id| roster.has(RunnerId(id));
    assert!(
        !has(1) && has(2) && has(3),
        "a stray's and a recent one's are kept"
    );
    roster.retain(&holders(&[3]), at(20));
    assert!(has(3));
    roster.retain(&holders(&[]), at(20));
    assert!(!has(3));
}

#[test]
fn a_job_that_has_ended_is_told_to_whoever_asks_since_when_and_in_status_later() {
    let (roster, holders) = (Roster::default(), holders(&[1]));
    let seen = |at_work| {
        let mut seen = marked(1, "a");
        seen.insight.at_work = Some(at_work);
        vec![seen]
    };
    sweep(&roster, &holders, seen(true), 100);
    sweep(&roster, &holders, seen(false), 160);
    let (shown, _) = known(&roster, 1, 170).unwrap();
    assert_eq!(shown.insight.at_work, Some(true), "as status has it");
    let at_work = |since| roster.at_work(RunnerId(1), at(since));
    assert_eq!((at_work(160), at_work(161)), (Some(false), None));
    // Who is not shown it says nothing of it.
    roster.note(marked(1, "a"), at(200));
    assert_eq!((at_work(160), at_work(161)), (Some(false), None));
}
