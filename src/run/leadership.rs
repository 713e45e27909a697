//! Whether this process may work, where several take turns.
use std::pin::pin;

use kube::Client;
use ring::rand::{Random, SystemRandom, generate};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli::RunArgs;
use crate::clock;
use crate::election::{Candidate, Standing};
use crate::http::Readiness;
use crate::metrics::Metrics;
use crate::term::Term;

use super::signals::Signals;

/// The right of this process to work, which is kept up until it is given back.
pub(super) struct Leadership {
    term: Term,
    kept: Option<Kept>,
}

struct Kept {
    /// Cancelled when the right is given back.
    enough: CancellationToken,
    keeping: JoinHandle<()>,
}

/// Why a process ends that has lost the right.
#[derive(Debug, thiserror::Error)]
#[error(
    "the Lease {0} could not be renewed in time, or another process has it, so that this one may not go on"
)]
pub(super) struct Lost(pub(super) String);

impl Leadership {
    /// Waits until this process may work, which is at once where it takes turns with nobody: then it is given no
    /// client, which is to be used for nothing else. `None` when it was told to stop before.
    pub(super) async fn begin(
        args: &RunArgs,
        kube: Option<Client>,
        namespace: &str,
        readiness: &Readiness,
        metrics: &Metrics,
        stop: &CancellationToken,
    ) -> Option<Self> {
        let Some(kube) = kube else {
            let term = Term::endless();
            return Some(Self { term, kept: None });
        };
        let (lease, duration) = (&args.lease_name, args.lease_duration);
        let identity = args.instance.clone().unwrap_or_else(nameless);
        let mut candidate = Candidate::new(
            kube,
            namespace,
            lease,
            &identity,
            duration,
            clock::by_the_system,
        );
        metrics.leads(lease, false);
        let mut told = None;
        let tell = |standing: Standing| {
            match &standing {
                Standing::By(leader) => readiness.stands_by(leader),
                Standing::Unclear(why) => readiness.cannot_stand_by(why),
            }
            if told.as_ref() != Some(&standing) {
                log(lease, &standing);
                told = Some(standing);
            }
        };
        let term = candidate.lead(stop, tell).await?;
        tracing::info!(lease, identity, term = term.number(), "leading");
        readiness.takes_over();
        metrics.leads(lease, true);
        let enough = CancellationToken::new();
        let keeping = keep(candidate, &term, &enough, metrics.clone(), lease.clone());
        let kept = Some(Kept {
            keeping: tokio::spawn(keeping),
            enough,
        });
        Some(Self { term, kept })
    }

    /// For how long this process may work.
    pub(super) fn term(&self) -> &Term {
        &self.term
    }

    /// Gives the right back, so that another one need not wait. Nothing may be under way any more.
    pub(super) async fn ends(self) {
        if let Some(Kept { enough, keeping }) = self.kept {
            enough.cancel();
            if keeping.await.is_err() {
                tracing::error!("keeping the Lease panicked, which is a bug");
            }
        }
    }
}

/// Waits for a turn. One that has come when the process is told to stop is passed on.
pub(super) async fn unless_told(
    signals: &mut Signals,
    stop: &CancellationToken,
    begun: impl Future<Output = Option<Leadership>>,
) -> Option<Leadership> {
    let mut begun = pin!(begun);
    tokio::select! {
        biased;
        () = signals.stop() => stop.cancel(),
        leadership = &mut begun => return leadership,
    }
    if let Some(leadership) = begun.await {
        leadership.ends().await;
    }
    None
}

/// Keeps the right until it is lost or given back.
fn keep(
    mut candidate: Candidate,
    term: &Term,
    enough: &CancellationToken,
    metrics: Metrics,
    lease: String,
) -> impl Future<Output = ()> + use<> {
    let (term, enough) = (term.clone(), enough.clone());
    async move {
        let given_back = tokio::select! {
            () = candidate.keep(&term) => false,
            () = enough.cancelled() => true,
        };
        metrics.leads(&lease, false);
        if given_back {
            candidate.step_down(&term).await;
        }
    }
}

#[expect(
    clippy::cognitive_complexity,
    reason = "the macros that log count as branches"
)]
fn log(lease: &str, standing: &Standing) {
    match standing {
        Standing::By(leader) => tracing::info!(lease, leader, "standing by"),
        Standing::Unclear(why) => tracing::warn!(lease, why, "cannot tell whose turn it is"),
    }
}

/// A name that no other process has.
fn nameless() -> String {
    // Without randomness TLS would not work either.
    let bytes: [u8; 8] = generate(&SystemRandom::new()).map_or([0; 8], Random::expose);
    format!("{:016x}", u64::from_be_bytes(bytes))
}
