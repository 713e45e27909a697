//! Which of several processes leads, by a Lease.
//!
//! The rules are those of client-go: a record is replaced in the version that was read, so that of two who
//! would lead one gets a conflict; whether another's is over is judged by how long it was seen unchanged;
//! and a leader who could not renew it gives up before anybody may take it.
mod record;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::chain::chain;
use crate::term::{Moment, Term};
use record::Verdict;

/// A standby is not to learn of a free Lease later than this.
const LONGEST_PERIOD: Duration = Duration::from_secs(3);
/// No answer takes longer that still comes.
const LONGEST_TRY: Duration = Duration::from_secs(5);
/// The time that giving a Lease back may take, which is part of what a process has to end.
const GIVING_BACK: Duration = Duration::from_secs(2);

const SILENT: &str = "the API server does not answer";

/// Whose turn it is, as whoever does not lead sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Another one leads, by this name.
    By(String),
    /// Nobody can tell, and why.
    Unclear(String),
}

/// What a look at the Lease came to.
enum Turn {
    /// This process leads, in the term of that number.
    Ours(i32),
    /// Another one does, by this name.
    Others(String),
}

/// Takes part in an election. None of its requests may be repeated by its client.
pub struct Candidate {
    api: Api<Lease>,
    namespace: String,
    lease: String,
    identity: String,
    duration: Duration,
    clock: fn() -> Timestamp,
    seen: Option<Seen>,
}

/// The Lease as it was last seen.
struct Seen {
    lease: Lease,
    /// Since when it says this, by our clock.
    since: Instant,
}

impl Candidate {
    /// `identity` names this process. A later one that has the same name may lead at once, so that it must
    /// be sure that the earlier one is gone. `duration` is how long a record counts that is not renewed.
    /// What `clock` says is for people who read the Lease.
    pub fn new(
        kube: Client,
        namespace: &str,
        lease: &str,
        identity: &str,
        duration: Duration,
        clock: fn() -> Timestamp,
    ) -> Self {
        Self {
            api: Api::namespaced(kube, namespace),
            namespace: namespace.to_owned(),
            lease: lease.to_owned(),
            identity: identity.to_owned(),
            duration,
            clock,
            seen: None,
        }
    }

    /// For how long a leader goes on without having renewed the record.
    fn deadline(&self) -> Duration {
        self.duration * 2 / 3
    }

    /// How often the record is renewed, or looked at.
    fn period(&self) -> Duration {
        (self.duration / 10).min(LONGEST_PERIOD)
    }

    /// How long one try may take: a connection that has died unseen must leave time for another.
    fn limit(&self) -> Duration {
        (self.deadline() / 3).min(LONGEST_TRY)
    }

    /// Waits until this process leads, or is told to stop. `tell` is told whose turn it is else. One answer
    /// that is lost says nothing of that yet.
    pub async fn lead(
        &mut self,
        stop: &CancellationToken,
        mut tell: impl FnMut(Standing),
    ) -> Option<Term> {
        let mut told_by_lease: Option<Instant> = None;
        while !stop.is_cancelled() {
            let asked = Moment::now(self.clock);
            let why = match timeout(self.limit(), self.try_to_lead()).await {
                Ok(Ok(Turn::Ours(number))) => {
                    let end = asked.after(self.deadline());
                    return Some(Term::until(number, end, self.clock));
                }
                Ok(Ok(Turn::Others(by))) => {
                    told_by_lease = Some(Instant::now());
                    tell(Standing::By(by));
                    None
                }
                Ok(Err(error)) => {
                    told_by_lease = told_by_lease.filter(|_| !is(&error, 403));
                    Some(self.trouble(&error))
                }
                Err(_) => Some(SILENT.to_owned()),
            };
            let long_ago = told_by_lease.is_none_or(|at| at.elapsed() > self.deadline());
            if let Some(why) = why.filter(|_| long_ago) {
                tell(Standing::Unclear(why));
            }
            tokio::select! { () = stop.cancelled() => {}, () = sleep(self.period()) => {} }
        }
        None
    }

    /// Renews the record until another leads or we could not.
    #[expect(
        clippy::cognitive_complexity,
        reason = "the macros that log count as branches"
    )]
    pub async fn keep(&mut self, term: &Term) {
        while !term.is_over() {
            sleep(self.period()).await;
            let asked = Moment::now(self.clock);
            let why = match timeout(self.limit(), self.renew()).await {
                Ok(Ok(None)) => {
                    term.lasts_until(asked.after(self.deadline()));
                    continue;
                }
                Ok(Ok(Some(by))) => {
                    tracing::warn!(lease = self.lease, by, "another process leads");
                    break;
                }
                Ok(Err(error)) => self.trouble(&error),
                Err(_) => SILENT.to_owned(),
            };
            tracing::warn!(lease = self.lease, why, "could not renew the Lease");
        }
        term.ends();
    }

    /// Lets another one lead. Nothing that the term allowed may be under way any more.
    pub async fn step_down(mut self, term: &Term) {
        if term.is_over() {
            return;
        }
        term.ends();
        let why = match timeout(GIVING_BACK, self.release(term)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => self.trouble(&error),
            Err(_) => SILENT.to_owned(),
        };
        tracing::warn!(lease = self.lease, why, "the Lease is left to run out");
    }

    async fn try_to_lead(&mut self) -> kube::Result<Turn> {
        match self.try_once().await {
            // Somebody was faster.
            Err(error) if is(&error, 409) => self.try_once().await,
            other => other,
        }
    }

    async fn try_once(&mut self) -> kube::Result<Turn> {
        let found = self.api.get_opt(&self.lease).await?;
        let deleted = found.is_none();
        if let Some(found) = found {
            self.see(found);
        }
        // Who led goes on until it notices that the Lease was deleted, so that it counts as long as it would.
        if let Verdict::Held(by) = self.judged() {
            return Ok(Turn::Others(by));
        }
        let spec = record::taken(self.spec(), &self.identity, self.duration, self.now());
        if !deleted {
            return Ok(Turn::Ours(self.put(spec).await?));
        }
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(self.lease.clone()),
                ..ObjectMeta::default()
            },
            spec: Some(spec),
        };
        let made = self.api.create(&PostParams::default(), &lease).await?;
        Ok(Turn::Ours(self.see(made)))
    }

    /// Tells who else leads.
    async fn renew(&mut self) -> kube::Result<Option<String>> {
        let before = self.spec().cloned().unwrap_or_default();
        let conflict = match self.put(record::renewed(&before, self.now())).await {
            Ok(_) => return Ok(None),
            Err(error) if is(&error, 409) || is(&error, 404) => error,
            Err(error) => return Err(error),
        };
        // Somebody has written to it; that may have been us, with an answer that was lost.
        let Some(current) = self.api.get_opt(&self.lease).await? else {
            return Ok(Some("nobody, since the Lease was deleted".to_owned()));
        };
        let number = self.see(current);
        if self.is_ours(number == before.lease_transitions.unwrap_or_default()) {
            return Err(conflict);
        }
        let holder = self.spec().and_then(|spec| spec.holder_identity.clone());
        Ok(Some(holder.unwrap_or_default()))
    }

    async fn release(&mut self, term: &Term) -> kube::Result<()> {
        let Some(current) = self.api.get_opt(&self.lease).await? else {
            return Ok(());
        };
        let number = self.see(current);
        if !self.is_ours(term.number() == Some(number)) {
            return Ok(());
        }
        let before = self.spec().cloned().unwrap_or_default();
        let free = record::released(&before, self.now());
        self.put(free).await.map(drop)
    }

    /// Whether it has our name, and the number of our term.
    fn is_ours(&self, numbered: bool) -> bool {
        numbered && self.judged() == Verdict::Ours
    }

    /// Writes the very version of the record that was seen. Tells the number of its term.
    async fn put(&mut self, spec: LeaseSpec) -> kube::Result<i32> {
        let seen = self.seen.as_ref().map(|seen| seen.lease.metadata.clone());
        let next = Lease {
            metadata: seen.unwrap_or_default(),
            spec: Some(spec),
        };
        let params = PostParams::default();
        let stored = self.api.replace(&self.lease, &params, &next).await?;
        Ok(self.see(stored))
    }

    fn see(&mut self, lease: Lease) -> i32 {
        let number = lease.spec.as_ref().and_then(|spec| spec.lease_transitions);
        match &mut self.seen {
            Some(seen) if seen.lease.spec == lease.spec => seen.lease = lease,
            seen => {
                let since = Instant::now();
                *seen = Some(Seen { lease, since });
            }
        }
        number.unwrap_or_default()
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn spec(&self) -> Option<&LeaseSpec> {
        self.seen.as_ref().and_then(|seen| seen.lease.spec.as_ref())
    }

    fn judged(&self) -> Verdict {
        let (Some(seen), Some(spec)) = (&self.seen, self.spec()) else {
            return Verdict::Free;
        };
        record::judge(spec, &self.identity, seen.since.elapsed(), self.duration)
    }

    fn trouble(&self, error: &kube::Error) -> String {
        let (lease, namespace) = (&self.lease, &self.namespace);
        let why = chain(error);
        if is(error, 403) {
            format!(
                "it may not get, create and update the Lease {lease} in the namespace {namespace}: {why}"
            )
        } else {
            why
        }
    }
}

fn is(error: &kube::Error, code: u16) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == code)
}
