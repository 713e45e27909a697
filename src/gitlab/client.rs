//! One `send`: address, credential, limits, and the report of what came of it.
use std::{fmt, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::budget::{Budget, Lane, Spent};
use super::call::{Call, CallOutcome, Observe};
use super::credential::Credential;
use super::endpoint::{BuildError, Endpoint};
use super::error::Error;
use super::gate::Gate;
use super::limits::Limits;
use super::release::Release;
use super::reply::{self, Answer, Asked};
use super::request::Request;
use super::sweep_size::PageSize;
use super::trail::Trail;
use super::transport::{Connect, Transport, by_network};
use super::verdict::Registers;
use crate::term::Term;

/// A GitLab instance as seen with one credential. Cheap to clone; clones share connections and
/// the budget.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    /// The lane that each request waits in; `None` where room was made before.
    lane: Option<Lane>,
    /// Which GitLab it is, where that is known.
    release: Option<Release>,
    /// What its credential is sent through.
    pub(super) gate: Gate,
    /// For how long it may change anything.
    term: Term,
    /// Where it leaves word of what it changes.
    trail: Option<Trail>,
}

struct Inner {
    transport: Arc<dyn Transport>,
    /// The REST API, without a slash at the end.
    api: String,
    credential: Option<Credential>,
    page_size: PageSize,
    budget: Budget,
    observe: Observe,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("api", &self.inner.api)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client for `endpoint` that presents `token` (contract §1.1), or nothing at all, which
    /// is enough for the calls that a runner's own token authorises.
    ///
    /// Sends nothing. Reads the system's CA certificates, so make one client per connection and
    /// credential, and keep it. A TLS provider must have been installed in the process. `budget` is
    /// that of the credential.
    pub fn new(
        endpoint: &Endpoint,
        token: Option<SecretString>,
        observe: Observe,
        budget: Budget,
    ) -> Result<Self, BuildError> {
        Self::connected_by(&by_network(), endpoint, token, observe, budget)
    }

    /// The same, by another way than the network.
    pub fn connected_by(
        connect: &Connect,
        endpoint: &Endpoint,
        token: Option<SecretString>,
        observe: Observe,
        budget: Budget,
    ) -> Result<Self, BuildError> {
        let api = endpoint.api()?;
        let credential = token.map(Credential::new).transpose()?;
        let transport = connect(endpoint)?;
        Ok(Self {
            inner: Arc::new(Inner {
                transport,
                api,
                credential,
                budget,
                page_size: PageSize::default(),
                observe,
            }),
            lane: None,
            release: None,
            gate: Gate::default(),
            term: Term::endless(),
            trail: None,
        })
    }

    /// The same, but each request waits until it may be sent in that lane. That is for whoever keeps
    /// nobody waiting meanwhile, as a sweep does; a pass asks [`Budget::admit`] before it begins.
    #[must_use]
    pub fn in_lane(&self, lane: Lane) -> Self {
        let lane = Some(lane);
        Self {
            lane,
            ..self.clone()
        }
    }

    /// The same for a GitLab of that release: older ones take and show less, and elsewhere.
    #[must_use]
    pub fn of_release(&self, release: Option<Release>) -> Self {
        Self {
            release,
            ..self.clone()
        }
    }

    /// The same, which changes nothing when the term is over or about to end.
    #[must_use]
    pub fn within(&self, term: Term) -> Self {
        Self {
            term,
            ..self.clone()
        }
    }

    /// The same, which leaves word of what it changes.
    #[must_use]
    pub fn leaving(&self, trail: &Trail) -> Self {
        let trail = Some(trail.clone());
        Self {
            trail,
            ..self.clone()
        }
    }

    /// Which GitLab it is, where that is known.
    pub fn release(&self) -> Option<Release> {
        self.release
    }

    /// The budget of its credential.
    pub fn budget(&self) -> &Budget {
        &self.inner.budget
    }

    /// How many runners its GitLab lets one query ask for.
    pub(super) fn page_size(&self) -> &PageSize {
        &self.inner.page_size
    }

    /// Sends a request once. Answers [`Error::Throttled`] by itself, without sending, while the
    /// silence lasts that GitLab asked this credential for: a hundred objects that come back at
    /// the same time would otherwise all be refused, and be counted. Answers [`Error::HeldBack`] when
    /// the budget of the credential is used up, [`Error::Retired`] when the credential may not be
    /// sent any more, and [`Error::NotLeading`] to what would change anything when the term is about to end.
    pub(super) async fn send(&self, request: Request<'_>) -> Result<Answer, Error> {
        let _turn = match self.lane {
            Some(lane) => Some(self.inner.budget.turn(lane, IN_TURN).await),
            None => None,
        };
        // Only what carries the credential takes part.
        let _passage = match request.runner_token {
            None => Some(self.gate.pass().await?),
            Some(_) => None,
        };
        self.send_alone(request).await
    }

    /// The same for whoever is alone at the gate.
    pub(super) async fn send_alone(&self, request: Request<'_>) -> Result<Answer, Error> {
        let started = Instant::now();
        if request.writes() && !self.term.allows_changes() {
            return Err(Error::NotLeading);
        }
        let spent = self.inner.budget.spend()?;
        let Request {
            endpoint, method, ..
        } = request;
        let answer = self.exchange(request, &spent).await;
        drop(spent);
        (self.inner.observe)(Call {
            endpoint,
            method,
            outcome: CallOutcome::of(&answer),
            seconds: started.elapsed().as_secs_f64(),
        });
        answer
    }

    async fn exchange(&self, request: Request<'_>, spent: &Spent) -> Result<Answer, Error> {
        let Inner {
            transport,
            api,
            credential,
            page_size: _,
            budget: _,
            observe: _,
        } = &*self.inner;
        let asked = Asked {
            writes: request.writes(),
            graphql: request.graphql,
            registers: Registers::by(request.method, request.endpoint),
        };
        let trail = self.trail.as_ref().filter(|_| asked.writes);
        if let Some(trail) = trail {
            trail.begins(request.method, request.endpoint);
        }
        let credential = credential.as_ref();
        let known = credential.map(|credential| credential.token.expose_secret());
        let secrets: Vec<&str> = request.runner_token.into_iter().chain(known).collect();
        let header = credential.map(|credential| &credential.header);
        let request = request.composed(api, header)?;

        let mut response = transport.send(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        if let Some(trail) = trail {
            trail.answered(status, &headers);
        }
        let limits = Limits::of(status, &headers);
        spent.learn(&limits);
        let body = reply::body(&mut response).await;
        reply::judge(asked, status, headers, body, limits.wait, &secrets)
    }
}

/// What waits in turn is one after the other, so that it has one place.
const IN_TURN: &str = "in turn";
