//! A connection: what GitLab holds there, and what the operator knows of it.
use std::collections::BTreeMap;
use std::time::Duration;

use gitlab_runner_registrar::backoff;
use gitlab_runner_registrar::controller::sweeps::pace;
use gitlab_runner_registrar::gitlab::model::{
    AccessLevel, GroupId, Identity, Insight, Note, Runner, RunnerId, Scope,
};
use gitlab_runner_registrar::gitlab::{Budget, Lane, Row, Way};
use gitlab_runner_registrar::observe::{Holders, Look, Roster, SAME_LOOK};
use gitlab_runner_registrar::plan::Mark;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{ANSWER, GROUPS, PER_MINUTE, RESYNC, STRANGERS};

/// How many runners a page shows.
const PAGE: usize = 100;
/// Numbers of runners are made of those of their connection, their group and their place in it.
const OF_A_CONNECTION: usize = 10_000_000;
const OF_A_GROUP: usize = 100_000;

/// The tag that objects declare.
const TAG: &str = "bench";

pub(super) struct Place {
    /// The number of its first runner.
    first: usize,
    /// How many runners of ours each group has. Those of others come behind them.
    ours: usize,
    /// What GitLab holds, by group.
    groups: Vec<Vec<Runner>>,
    /// When somebody edited a runner that is not corrected yet.
    edited: BTreeMap<RunnerId, Duration>,
    began: Instant,
    budget: Budget,
    roster: Roster,
    holders: Holders,
    sweep: Option<Sweep>,
    pub(super) tally: Tally,
}

/// A sweep under way.
struct Sweep {
    began: Duration,
    requests: u32,
    /// The group whose list is being read, and what it has shown.
    group: usize,
    pages: Vec<(Vec<Row>, Timestamp)>,
}

/// What is counted.
#[derive(Default)]
pub(super) struct Tally {
    /// When something was asked for, by lane.
    pub(super) asked: BTreeMap<&'static str, Vec<Duration>>,
    pub(super) corrected: Vec<Duration>,
    pub(super) longest_wait: Duration,
    pub(super) longest_period: Duration,
    pub(super) woken: usize,
}

impl Place {
    pub(super) fn new(place: usize, runners: usize) -> Self {
        let (first, ours) = (place * OF_A_CONNECTION, runners / GROUPS);
        let mut holders = Holders::default();
        let group = |group: usize| -> Vec<Runner> {
            let all = 0..ours + ours / STRANGERS;
            let id = |at: usize| number(first + group * OF_A_GROUP + at);
            all.map(|at| runner(id(at), at < ours)).collect()
        };
        let groups: Vec<_> = (0..GROUPS).map(group).collect();
        for runner in groups.iter().flat_map(|group| &group[..ours]) {
            holders.runners.insert(runner.id, uid(runner.id));
            holders.uids.insert(uid(runner.id));
        }
        Self {
            first,
            ours,
            groups,
            edited: BTreeMap::new(),
            budget: Budget::per_minute(PER_MINUTE),
            began: Instant::now(),
            roster: Roster::default(),
            holders,
            sweep: None,
            tally: Tally::default(),
        }
    }

    /// How many runners of ours it has.
    pub(super) fn own(&self) -> usize {
        self.ours * GROUPS
    }

    /// One of ours, another for each number.
    pub(super) fn pick(&self, which: usize) -> RunnerId {
        let (group, at) = (which % GROUPS, which / GROUPS % self.ours);
        number(self.first + group * OF_A_GROUP + at)
    }

    fn held(&mut self, id: RunnerId) -> &mut Runner {
        let rest = usize::try_from(id.0).unwrap() - self.first;
        &mut self.groups[rest / OF_A_GROUP][rest % OF_A_GROUP]
    }

    /// Sends a request, or tells how long to wait before it may be tried again.
    fn asks(&mut self, lane: Lane, who: &str, now: Duration) -> Result<(), Duration> {
        let at = self.began + now;
        let admission = self.budget.admit_at(lane, who, 1, at);
        let admission = admission.map_err(|held| held.wait)?;
        self.budget.spend_at(at).map_err(|held| held.wait)?;
        drop(admission);
        self.tally.asked.entry(lane.into()).or_default().push(now);
        Ok(())
    }

    /// Goes on with a sweep. Tells when it goes on from there, and which objects are woken.
    pub(super) fn asks_for_a_page(&mut self, now: Duration) -> (Duration, Vec<RunnerId>) {
        if let Err(wait) = self.asks(Lane::Sweep, "sweep", now) {
            return (now + wait, Vec::new());
        }
        let sweep = self.sweep.get_or_insert(Sweep {
            began: now,
            requests: 0,
            group: 0,
            pages: Vec::new(),
        });
        sweep.requests += 1;
        let all = &self.groups[sweep.group];
        let page = all.iter().skip(sweep.pages.len() * PAGE).take(PAGE);
        let rows = page.map(|runner| shown(runner, now)).collect();
        sweep.pages.push((rows, stamp(now)));
        let then = now + ANSWER;
        if sweep.pages.len() * PAGE < all.len() {
            return (then, Vec::new());
        }
        let woken = self.ends_a_list();
        let sweep = self.sweep.as_mut().unwrap();
        sweep.group += 1;
        if sweep.group < GROUPS {
            return (then, woken);
        }
        let (began, requests) = (sweep.began, sweep.requests);
        self.sweep = None;
        self.roster.retain(&self.holders, stamp(began));
        let period = backoff::spread(
            pace::period(requests, PER_MINUTE, RESYNC),
            &self.first.to_string(),
        );
        self.tally.longest_period = self.tally.longest_period.max(period);
        ((began + period).max(then), woken)
    }

    /// Gives the roster what a list has shown.
    fn ends_a_list(&mut self) -> Vec<RunnerId> {
        let sweep = self.sweep.as_mut().unwrap();
        let began = sweep.pages[0].1;
        let until = began + SignedDuration::try_from(pace::lasts(RESYNC)).unwrap();
        let scope = Scope::Group(GroupId(sweep.group as u64));
        let mut into = self.roster.sweep(scope, Way::GraphQl, &self.holders, began);
        for (rows, asked) in sweep.pages.drain(..) {
            into.page(rows, asked);
        }
        let news = into.ends(until);
        let woken: Vec<_> = news.changed.into_iter().chain(news.missing).collect();
        self.tally.woken += woken.len();
        woken
    }

    /// An object is judged from the roster, and corrected if need be. Tells how long to wait if it may not.
    pub(super) fn looks_at(&mut self, id: RunnerId, now: Duration) -> Option<Duration> {
        let Look::Known(seen, _) = self.roster.sighting(id, SAME_LOOK, stamp(now)) else {
            panic!("{id} is not known");
        };
        if seen.tags.contains(TAG) {
            return None;
        }
        if let Err(wait) = self.asks(Lane::Due, &id.to_string(), now) {
            return Some(wait);
        }
        self.held(id).tags = [TAG.to_owned()].into();
        let corrected = self.held(id).clone();
        self.roster.note(corrected, stamp(now));
        let since = self.edited.remove(&id).unwrap();
        self.tally.corrected.push(now.saturating_sub(since));
        None
    }

    pub(super) fn is_edited_by_hand(&mut self, id: RunnerId, now: Duration) {
        self.held(id).tags = ["by-hand".to_owned()].into();
        self.edited.entry(id).or_insert(now);
    }

    /// A user's change is told to GitLab. Tells how long to wait if it may not.
    pub(super) fn is_changed(
        &mut self,
        id: RunnerId,
        since: Duration,
        now: Duration,
    ) -> Option<Duration> {
        if let Err(wait) = self.asks(Lane::Change, &id.to_string(), now) {
            return Some(wait);
        }
        self.tally.longest_wait = self.tally.longest_wait.max(now.saturating_sub(since));
        self.held(id).description = format!("changed after {} s", now.as_secs());
        let changed = self.held(id).clone();
        self.roster.note(changed, stamp(now));
        None
    }

    pub(super) fn forgets_what_was(&mut self) {
        self.tally = Tally::default();
    }

    /// How many rows the roster keeps, and how many bytes they take.
    pub(super) fn kept(&self) -> (usize, usize) {
        let all = self.groups.iter().flatten();
        let kept = all.filter(|runner| self.roster.has(runner.id));
        let bytes = kept.map(bytes);
        bytes.fold((0, 0), |(rows, sum), bytes| (rows + 1, sum + bytes))
    }
}

impl Tally {
    /// The most that was asked for in any minute.
    pub(super) fn busiest_minute(&self) -> usize {
        let mut all: Vec<Duration> = self.asked.values().flatten().copied().collect();
        all.sort_unstable();
        let minute = |first: usize| {
            let end = all[first] + Duration::from_mins(1);
            all[first..].partition_point(|at| *at < end)
        };
        (0..all.len()).map(minute).max().unwrap_or_default()
    }
}

fn number(id: usize) -> RunnerId {
    RunnerId(id as u64)
}

fn uid(id: RunnerId) -> String {
    format!("{:08x}-0000-4000-8000-000000000000", id.0)
}

fn stamp(at: Duration) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start + SignedDuration::try_from(at).unwrap()
}

fn runner(id: RunnerId, ours: bool) -> Runner {
    let note = |uid: String| {
        let (cluster, attempt) = (uid.clone(), "19a2b3c4d5".to_owned());
        Mark {
            cluster,
            uid,
            attempt,
        }
        .sign("")
    };
    Runner {
        id,
        runner_type: "group_type".to_owned(),
        description: format!("runner-{id}"),
        tags: [TAG.to_owned()].into(),
        run_untagged: false,
        paused: false,
        locked: false,
        access_level: AccessLevel::NotProtected,
        maximum_timeout: None,
        maintenance_note: Note::Shown(ours.then(|| note(uid(id)))),
        projects: None,
        group_url: Some("https://gitlab.example.com/groups/platform".to_owned()),
        online: Some(true),
        status: "online".to_owned(),
        contacted_at: None,
        insight: Insight::default(),
    }
}

/// As a sweep shows it then: all runners are in use.
fn shown(runner: &Runner, now: Duration) -> Row {
    let mut runner = Box::new(runner.clone());
    runner.contacted_at = Some(stamp(now));
    let short_sha = Some(format!("{:08x}", runner.id.0));
    Row::Whole(runner, Identity { short_sha })
}

/// What a row of that runner takes: itself, its texts, a node of its tags, and its place in the table.
fn bytes(runner: &Runner) -> usize {
    const NODE: usize = 11 * size_of::<String>() + 16;
    const ROW: usize = 16 + 4 * size_of::<Timestamp>() + size_of::<Option<String>>() + 16;
    const SHORT_SHA: usize = 8;
    let tags: usize = runner.tags.iter().map(String::len).sum();
    let texts = [
        runner.runner_type.len(),
        runner.description.len(),
        runner.status.len(),
        runner.maintenance_note.text().map_or(0, str::len),
        runner.group_url.as_ref().map_or(0, String::len),
        tags,
        SHORT_SHA,
    ];
    size_of::<Runner>() + ROW + NODE + texts.iter().sum::<usize>()
}
