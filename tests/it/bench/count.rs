//! What was asked of GitLab and of the API server, and how often.
use std::collections::BTreeMap;

use control_plane::{AuditEvent, AuditMark};
use gitlab_sim::Filter;
use jiff::Timestamp;

use super::world::{LIMIT, World};
use crate::harness::{ACCOUNT, within};

/// How many looks in a row must find nothing new.
const QUIET_LOOKS: usize = 10;

/// How the name of the Secret of a token ends.
const OF_A_TOKEN: &str = "-runner-token";

/// What the operator has asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// Requests to GitLab that only read.
    pub(super) reads: usize,
    /// Requests to GitLab that could have changed something, by method.
    pub(super) changes: BTreeMap<String, usize>,
    /// Writes to the API server.
    pub(super) writes: Vec<AuditEvent>,
    /// Reads from it, watches not counted: how often one is opened anew is the server's doing.
    pub(super) looks: Vec<AuditEvent>,
    /// When GitLab was asked to delete something, by path.
    removals: BTreeMap<String, Timestamp>,
    /// All requests to GitLab by method and path, numbers left out.
    kinds: BTreeMap<String, usize>,
}

impl Counts {
    /// All requests to GitLab.
    pub(super) fn requests(&self) -> usize {
        self.reads + self.changes.values().sum::<usize>()
    }

    /// How many requests to GitLab were of that method and path, numbers left out.
    pub(super) fn of(&self, kind: &str) -> usize {
        self.kinds.get(kind).copied().unwrap_or_default()
    }

    /// How many Secrets of tokens were read once more between the two writes of an object's status, that of
    /// the intent and that of the outcome.
    pub(super) fn reads_while_registering(&self) -> usize {
        let mut passes = BTreeMap::<&str, Vec<Timestamp>>::new();
        for write in self.writes.iter().filter(|it| it.subresource == "status") {
            passes.entry(&write.name).or_default().push(write.at);
        }
        let within = |(object, at): &(&str, Timestamp)| {
            let times = passes.get(object);
            times
                .is_some_and(|times| times.iter().min() < Some(at) && times.iter().max() > Some(at))
        };
        self.reads_of_tokens().filter(within).count()
    }

    /// How many Secrets of tokens were read once more after GitLab was asked to remove the runner, which the
    /// object of that name had.
    pub(super) fn reads_after_removal(&self, numbers: &[(String, i64)]) -> usize {
        let removed: BTreeMap<&str, &Timestamp> = numbers
            .iter()
            .filter_map(|(object, id)| {
                let path = format!("/api/v4/runners/{id}");
                Some((&**object, self.removals.get(&path)?))
            })
            .collect();
        let after =
            |(object, at): &(&str, Timestamp)| removed.get(object).is_some_and(|it| *it < at);
        self.reads_of_tokens().filter(after).count()
    }

    /// When the Secret of a token was read, and of which object.
    fn reads_of_tokens(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        let reads = self.looks.iter();
        let reads = reads.filter(|look| look.verb == "get" && look.resource == "secrets");
        reads.filter_map(|read| Some((read.name.strip_suffix(OF_A_TOKEN)?, read.at)))
    }

    /// What was asked for how often, one kind on a line, for whoever wants less of it.
    pub(super) fn told(&self) -> String {
        let mut kinds = self.kinds.clone();
        for AuditEvent {
            verb,
            resource,
            subresource,
            ..
        } in self.writes.iter().chain(&self.looks)
        {
            let kind = format!("{verb} {resource}/{subresource}");
            *kinds
                .entry(kind.trim_end_matches('/').to_owned())
                .or_default() += 1;
        }
        let lines = kinds
            .iter()
            .map(|(kind, count)| format!("\n{count:>8} {kind}"));
        lines.collect()
    }
}

/// From where on things are counted.
#[derive(Clone, Copy)]
pub(super) struct Since {
    audit: AuditMark,
    gitlab: Option<u64>,
}

impl World<'_> {
    /// From now on.
    pub(super) async fn now(&self) -> Since {
        let last = self.gitlab.requests().last().map(|request| request.seq);
        let audit = self.stage().plane.audit_settled().await.unwrap();
        Since {
            audit,
            gitlab: last,
        }
    }

    /// What the operator has asked for since then.
    pub(super) async fn counts(&self, since: Since) -> Counts {
        self.stage().plane.audit_settled().await.unwrap();
        self.counts_so_far(since)
    }

    /// The same as [`Self::counts`], but the audit log may still lack the last moment.
    fn counts_so_far(&self, since: Since) -> Counts {
        let (events, _) = self.stage().plane.audit_since(since.audit).unwrap();
        let account = Some((self.namespace(), ACCOUNT));
        let ours = |event: &AuditEvent| event.service_account() == account && event.is_complete();
        let mut counts = Counts::default();
        let after = since.gitlab;
        for request in self.gitlab.find(&Filter {
            after,
            ..Filter::default()
        }) {
            let kind = format!("{} {}", request.method, without_numbers(&request.path));
            *counts.kinds.entry(kind).or_default() += 1;
            if request.method == "DELETE" {
                counts.removals.insert(request.path.clone(), request.at);
            }
            if request.is_write() {
                *counts.changes.entry(request.method).or_default() += 1;
            } else {
                counts.reads += 1;
            }
        }
        let (writes, others) = events
            .into_iter()
            .filter(ours)
            .partition(AuditEvent::is_write);
        counts.writes = writes;
        counts.looks = others;
        let looks = ["get", "list"];
        counts
            .looks
            .retain(|event| looks.contains(&event.verb.as_str()));
        counts
    }

    /// Waits until the operator asks for nothing more: being ready comes before the last event.
    pub(super) async fn is_quiet(&self) {
        self.stands_still(|counts| counts.requests() + counts.writes.len())
            .await;
    }

    /// Waits until nothing more is written, though it may be read.
    pub(super) async fn writes_nothing_more(&self) {
        self.stands_still(|counts| counts.requests() - counts.reads + counts.writes.len())
            .await;
    }

    async fn stands_still(&self, count: impl Fn(&Counts) -> usize) {
        let since = self.now().await;
        let (mut last, mut looks) = (0, 0);
        within(LIMIT, "nothing more is asked for", async || {
            let now = count(&self.counts_so_far(since));
            looks = if now == last { looks + 1 } else { 0 };
            last = now;
            let quiet = looks >= QUIET_LOOKS;
            quiet
                .then_some(())
                .ok_or_else(|| format!("{now} requests and writes"))
        })
        .await;
    }
}

/// How many passes over runners have ended, as an operator counts them itself.
pub(super) fn passes(metrics: &str) -> usize {
    let counters = metrics.lines().filter_map(|line| {
        let (labels, count) = line.rsplit_once(' ')?;
        let passes = labels.starts_with("controller_runtime_reconcile_total{");
        (passes && labels.contains(r#"controller="gitlabrunner""#)).then_some(count)
    });
    counters
        .filter_map(|count| count.parse::<usize>().ok())
        .sum()
}

fn without_numbers(path: &str) -> String {
    let one = |part: &str| {
        let number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if number {
            ":id".to_owned()
        } else {
            part.to_owned()
        }
    };
    path.split('/').map(one).collect::<Vec<_>>().join("/")
}
