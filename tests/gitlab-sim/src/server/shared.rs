//! What both ports and the owner of a server share.
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::log::{End, Log};
use crate::tls::ClientIdentity;
use crate::{GitLab, Seed, Version};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    pub(crate) gitlab: Mutex<GitLab>,
    /// What a reset goes back to.
    pub(crate) seed: Mutex<Seed>,
    /// Which GitLab to behave like, whatever a seed says.
    version: Option<Version>,
    /// The relative URL root, such as `/gitlab`; empty for none.
    pub(crate) root: String,
    pub(crate) ca_pem: Option<String>,
    pub(crate) client: Option<ClientIdentity>,
    pub(crate) url: String,
    /// Ticks whenever log or gates have changed, so that nobody needs to poll.
    changed: watch::Sender<()>,
}

/// What [`Shared::new`] needs to know.
pub(crate) struct Facts {
    pub(crate) clock: Clock,
    pub(crate) gitlab: GitLab,
    pub(crate) seed: Seed,
    pub(crate) version: Option<Version>,
    pub(crate) root: String,
    pub(crate) ca_pem: Option<String>,
    pub(crate) client: Option<ClientIdentity>,
    pub(crate) url: String,
    pub(crate) log_capacity: usize,
}

impl Shared {
    pub(crate) fn new(facts: Facts) -> Self {
        let Facts {
            clock,
            gitlab,
            seed,
            version,
            root,
            ca_pem,
            client,
            url,
            log_capacity,
        } = facts;
        Self {
            clock,
            faults: Faults::default(),
            log: Log::new(log_capacity),
            gitlab: Mutex::new(gitlab),
            seed: Mutex::new(seed),
            version,
            root,
            ca_pem,
            client,
            url,
            changed: watch::Sender::new(()),
        }
    }

    /// Does something with the world while nobody else can. A panic of an earlier visitor is no
    /// reason to refuse: the world has no half-done states that later requests could not bear.
    pub(crate) fn world<T>(&self, visit: impl FnOnce(&mut GitLab) -> T) -> T {
        visit(&mut self.gitlab.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Starts over from a seed (the last one when omitted): world, log and faults; the clock stays.
    pub(crate) fn reset(&self, seed: Option<Seed>) -> Result<(), crate::SeedError> {
        let mut kept = self.seed.lock().unwrap_or_else(PoisonError::into_inner);
        let seed = seed
            .unwrap_or_else(|| kept.clone())
            .in_version(self.version);
        let fresh = GitLab::new(seed.clone(), self.clock.now())?;
        *kept = seed;
        self.faults.clear();
        self.log.clear();
        self.world(|gitlab| *gitlab = fresh);
        self.tick();
        Ok(())
    }

    pub(crate) fn tick(&self) {
        self.changed.send_replace(());
    }

    /// Looks again after every tick until something is found; none after the deadline.
    pub(crate) async fn until<T>(
        &self,
        deadline: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        // Subscribed before looking, so that no tick is missed.
        let mut ticks = self.changed.subscribe();
        let search = async {
            loop {
                if let Some(found) = look() {
                    return Some(found);
                }
                ticks.changed().await.ok()?;
            }
        };
        tokio::time::timeout(deadline, search).await.ok().flatten()
    }

    /// Writes down what became of a request.
    pub(crate) fn note(&self, seq: u64, change: impl FnOnce(&mut crate::log::Recorded)) {
        self.log.update(seq, change);
        self.tick();
    }
}

/// A request on its way; when it is dropped before it has an end, the client has left.
pub(crate) struct Underway<'shared> {
    shared: &'shared Shared,
    pub(crate) seq: u64,
    ended: bool,
}

impl<'shared> Underway<'shared> {
    pub(crate) fn new(shared: &'shared Shared, seq: u64) -> Self {
        Self {
            shared,
            seq,
            ended: false,
        }
    }

    pub(crate) fn end(mut self, end: End, status: Option<u16>) {
        self.ended = true;
        self.shared.note(self.seq, |request| {
            request.end = end;
            request.status = status;
        });
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.shared
                .note(self.seq, |request| request.end = End::Left);
        }
    }
}
