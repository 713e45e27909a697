//! What can be measured.
use super::Bench;
use super::figure::Figure;
use super::floor;
use super::idle;
use super::scenarios;
use super::world::Subject;

/// One thing to measure, with objects, GitLab and operator of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Scenario {
    /// The operator is started on new objects.
    Cold,
    /// kubectl creates objects while the operator runs.
    Paced,
    /// kubectl deletes all objects.
    Delete,
    /// Nobody does anything.
    Idle,
    /// Somebody changes tags in GitLab.
    Drift,
    /// A new object while all others are being looked at again.
    Load,
    /// A new object while another GitLab hangs.
    Neighbour,
    /// Requests, writes and memory for each runner.
    Each,
}

impl Scenario {
    /// What it takes without an operator. Figures meet their floor by name.
    pub(super) async fn floor(self, bench: &Bench) -> Vec<Figure> {
        match self {
            Self::Cold => floor::cold(bench).await,
            Self::Paced => floor::paced(bench).await,
            Self::Delete => floor::delete(bench).await,
            Self::Idle => floor::idle(bench).await,
            Self::Drift | Self::Load | Self::Neighbour | Self::Each => Vec::new(),
        }
    }

    /// What it takes with that operator.
    pub(super) async fn measure(self, bench: &Bench, subject: &Subject) -> Vec<Figure> {
        match self {
            Self::Cold => scenarios::cold(bench, subject).await,
            Self::Paced => scenarios::paced(bench, subject).await,
            Self::Delete => scenarios::delete(bench, subject).await,
            Self::Idle => idle::measure(bench, subject).await,
            Self::Drift => scenarios::drift(bench, subject).await,
            Self::Load => scenarios::load(bench, subject).await,
            Self::Neighbour => scenarios::neighbour(bench, subject).await,
            Self::Each => scenarios::each(bench, subject).await,
        }
    }
}
