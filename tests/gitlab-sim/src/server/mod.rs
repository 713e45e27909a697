//! A running stand-in: one port where GitLab answers and one where it is played with.
mod body;
mod door;
mod options;
mod play;
pub(crate) mod shared;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub use options::{IntoSeed, Options, StartError};

use crate::clock::{Clock, Reading, TooFar, Turn};
use crate::control;
use crate::faults::{BadRule, FaultId, Rule, Standing};
use crate::log::{Filter, Recorded};
use crate::server::shared::{Facts, Shared};
use crate::tls::ClientIdentity;
use crate::{Command, CommandError, GitLab, SeedError};

/// A stand-in that answers on real sockets until it is dropped.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    control: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl Server {
    /// Starts one on the current tokio runtime, from a [`Seed`](crate::Seed) or its YAML.
    pub async fn start(seed: impl IntoSeed, options: Options) -> Result<Self, StartError> {
        let clock = options.frozen_at.map_or_else(Clock::default, Clock::frozen);
        let seed = seed.into_seed()?.in_version(options.version);
        let root = options.checked_root()?;
        let gitlab = GitLab::new(seed.clone(), clock.now())?;
        let identity = options.identity()?;
        let tls = identity
            .as_ref()
            .map(|identity| identity.config(options.client_certificates))
            .transpose()?
            .map(TlsAcceptor::from);
        let [listener, control] = [
            listen(options.listen).await?,
            listen(options.control).await?,
        ];
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared::new(Facts {
            clock,
            gitlab,
            seed,
            version: options.version,
            url: format!("{scheme}://{}{root}", address(&listener)?),
            root,
            client: identity
                .as_ref()
                .and_then(|identity| identity.client.clone()),
            ca_pem: identity.map(|identity| identity.ca),
            log_capacity: options.log_capacity,
        }));
        Ok(Self {
            control: address(&control)?,
            tasks: [
                tokio::spawn(door::serve(listener, tls, Arc::clone(&shared))),
                tokio::spawn(control::serve(control, Arc::clone(&shared))),
            ],
            shared,
        })
    }

    /// Where GitLab answers, with the relative URL root and no slash at the end.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Where the control port answers.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    /// The authority that a client has to trust; none without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared.ca_pem.as_deref()
    }

    /// What a client shows that is let in, where [`Options::client_certificates`] asks for it.
    pub fn client_identity(&self) -> Option<&ClientIdentity> {
        self.shared.client.as_ref()
    }

    /// Every request received since the last clearing, in order.
    pub fn requests(&self) -> Vec<Recorded> {
        self.find(&Filter::default())
    }

    /// The requests that could have changed something ([`Recorded::is_write`]).
    pub fn writes(&self) -> Vec<Recorded> {
        self.find(&Filter {
            writes: true,
            ..Filter::default()
        })
    }

    /// The requests that fit.
    pub fn find(&self, filter: &Filter) -> Vec<Recorded> {
        self.shared.log.list(filter)
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.log.clear();
    }

    /// Adds a fault.
    pub fn fault(&self, rule: Rule) -> Result<FaultId, BadRule> {
        self.shared.faults.add(rule)
    }

    /// All faults and what they have done so far.
    pub fn faults(&self) -> Vec<Standing> {
        self.shared.faults.list()
    }

    /// Lets go what a gate holds; says how many requests that were, none if there is no such rule.
    pub fn release(&self, id: FaultId) -> usize {
        self.shared.faults.release(id, None).unwrap_or_default()
    }

    /// Removes a fault and lets go what it held; says whether there was one.
    pub fn remove_fault(&self, id: FaultId) -> bool {
        self.shared.faults.remove(id)
    }

    /// Removes all faults and lets go what they held.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Does something behind GitLab's back.
    pub fn command(&self, command: Command) -> Result<Value, CommandError> {
        let now = self.now();
        self.shared.world(|gitlab| gitlab.command(command, now))
    }

    /// Does a command given as JSON, as the control port takes it.
    pub fn command_json(&self, command: Value) -> Result<Value, String> {
        let command = serde_json::from_value(command).map_err(|error| error.to_string())?;
        self.command(command).map_err(|error| error.to_string())
    }

    /// Looks at the world, or changes it, while no request is being done.
    pub fn world<T>(&self, visit: impl FnOnce(&mut GitLab) -> T) -> T {
        self.shared.world(visit)
    }

    /// Starts over from the seed: world, log and faults; the clock stays.
    pub fn reset(&self) -> Result<(), SeedError> {
        self.shared.reset(None)
    }

    /// The time of the stand-in.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Moves the clock on.
    pub fn advance(&self, by: SignedDuration) -> Result<Timestamp, TooFar> {
        self.turn(Turn::Advance(by)).map(|reading| reading.now)
    }

    /// Turns the clock.
    pub fn turn(&self, turn: Turn) -> Result<Reading, TooFar> {
        self.shared.clock.turn(turn)
    }

    /// Waits until `look` finds something; it is asked again whenever a request came in, was done or
    /// ended, or a gate holds one more. None after the deadline, or if it was never found.
    pub async fn until<T>(
        &self,
        deadline: Duration,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> Option<T> {
        self.shared.until(deadline, || look(self)).await
    }

    /// Waits until a gate holds so many requests; says whether it came to that.
    pub async fn until_held(&self, id: FaultId, count: usize, deadline: Duration) -> bool {
        let held = |server: &Self| {
            server
                .faults()
                .iter()
                .any(|rule| rule.id == id && rule.held >= count)
                .then_some(())
        };
        self.until(deadline, held).await.is_some()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Listen { address, source })
}

fn address(listener: &TcpListener) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(StartError::Address)
}
