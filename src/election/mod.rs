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
use tokio::time::{Instant, sleep, timeout_at};

use crate::chain::chain;
use crate::term::Term;
use record::Verdict;

/// Whose turn it is, as whoever does not lead sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Another one leads, by this name.
    By(String),
    /// Nobody can tell, and why.
    Unclear(String),
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

    /// For how long a leader goes on without having renewed the record. What it has sent by then has the rest
    /// of the duration to get there before another one leads.
    fn deadline(&self) -> Duration {
        self.duration * 2 / 3
    }

    /// How often the record is renewed, or looked at.
    fn period(&self) -> Duration {
        self.duration / 10
    }

    /// Waits until this process leads. `tell` is told whenever it is somebody else's turn.
    pub async fn lead(&mut self, mut tell: impl FnMut(Standing)) -> Term {
        loop {
            let started = Instant::now();
            match timeout_at(started + self.deadline(), self.try_to_lead()).await {
                Ok(Ok(Ok(number))) => return Term::until(number, started + self.deadline()),
                Ok(Ok(Err(standing))) => tell(standing),
                Ok(Err(error)) => tell(Standing::Unclear(self.trouble(&error))),
                Err(_) => tell(Standing::Unclear(
                    "the API server does not answer".to_owned(),
                )),
            }
            sleep(self.period()).await;
        }
    }

    /// Renews the record until the term is over, because another leads or we could not.
    pub async fn keep(&mut self, term: &Term) {
        while !term.is_over() {
            sleep(self.period()).await;
            let started = Instant::now();
            let renewed = tokio::select! {
                biased;
                () = term.over() => return,
                renewed = self.renew() => renewed,
            };
            match renewed {
                Ok(None) => term.lasts_until(started + self.deadline()),
                Ok(Some(by)) => {
                    tracing::warn!(lease = self.lease, by, "another process leads");
                    term.ends();
                }
                Err(error) => {
                    let why = self.trouble(&error);
                    tracing::warn!(lease = self.lease, why, "could not renew the Lease");
                }
            }
        }
    }

    /// Lets another one lead. Nothing that the term allowed may be under way any more.
    pub async fn step_down(mut self, term: &Term) {
        if term.is_over() {
            return;
        }
        term.ends();
        let released = timeout_at(Instant::now() + self.period(), self.release()).await;
        let why = match released {
            Ok(Ok(())) => return,
            Ok(Err(error)) => self.trouble(&error),
            Err(_) => "the API server does not answer".to_owned(),
        };
        tracing::warn!(lease = self.lease, why, "the Lease is left to run out");
    }

    async fn try_to_lead(&mut self) -> kube::Result<Result<i32, Standing>> {
        let Some(current) = self.api.get_opt(&self.lease).await? else {
            let first = record::taken(None, &self.identity, self.duration, self.now());
            let lease = Lease {
                metadata: ObjectMeta {
                    name: Some(self.lease.clone()),
                    ..ObjectMeta::default()
                },
                spec: Some(first),
            };
            let made = self.api.create(&PostParams::default(), &lease).await?;
            return Ok(Ok(self.see(made)));
        };
        self.see(current);
        match self.judged() {
            Verdict::Held(by) => Ok(Err(Standing::By(by))),
            Verdict::Free | Verdict::Ours => {
                let before = self.spec();
                let next = record::taken(Some(&before), &self.identity, self.duration, self.now());
                Ok(Ok(self.put(next).await?))
            }
        }
    }

    /// Tells who else leads.
    async fn renew(&mut self) -> kube::Result<Option<String>> {
        let number = self.spec().lease_transitions;
        let conflict = match self.put(record::renewed(&self.spec(), self.now())).await {
            Ok(_) => return Ok(None),
            Err(error) if is(&error, 409) || is(&error, 404) => error,
            Err(error) => return Err(error),
        };
        // Somebody has written to it; that may have been us, with an answer that was lost.
        let Some(current) = self.api.get_opt(&self.lease).await? else {
            return Ok(Some("nobody: the Lease was deleted".to_owned()));
        };
        self.see(current);
        let ours = self.judged() == Verdict::Ours && self.spec().lease_transitions == number;
        if ours {
            return Err(conflict);
        }
        Ok(Some(self.spec().holder_identity.unwrap_or_default()))
    }

    async fn release(&mut self) -> kube::Result<()> {
        match self.put(record::released(&self.spec(), self.now())).await {
            Ok(_) => Ok(()),
            // It was written to after we had last seen it.
            Err(error) if is(&error, 409) => match self.renew().await {
                Err(error) if is(&error, 409) => {
                    let free = record::released(&self.spec(), self.now());
                    self.put(free).await.map(drop)
                }
                other => other.map(drop),
            },
            Err(error) => Err(error),
        }
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

    fn spec(&self) -> LeaseSpec {
        let seen = self.seen.as_ref().and_then(|seen| seen.lease.spec.clone());
        seen.unwrap_or_default()
    }

    fn judged(&self) -> Verdict {
        let since = self.seen.as_ref().map(|seen| seen.since.elapsed());
        let unchanged = since.unwrap_or_default();
        record::judge(&self.spec(), &self.identity, unchanged, self.duration)
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
