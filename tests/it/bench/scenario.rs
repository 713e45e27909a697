//! What can be measured.
use clap::ValueEnum;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Bench;
use super::figure::Measured;
use super::floor;
use super::growth;
use super::handover;
use super::idle;
use super::life;
use super::memory;
use super::options::Options;
use super::page;
use super::results::Told;
use super::scenarios;
use super::start;
use super::subject::{Subject, THIS_BUILD};

/// One thing to measure, with a control plane, objects, GitLab and operator of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub(super) enum Scenario {
    /// The operator is started on new objects.
    Cold,
    /// The operator is started again on objects that are ready.
    Restart,
    /// kubectl creates objects while the operator runs, and deletes them: times, requests and writes,
    /// and the times once more with a slow GitLab.
    Life,
    /// Nobody does anything.
    Idle,
    /// Somebody changes tags in GitLab.
    Drift,
    /// A new object while all others are being looked at again.
    Load,
    /// A new object while another GitLab hangs.
    Neighbour,
    /// Memory without objects, with few and with many, and beside Secrets of others.
    Memory,
    /// The process that works ends, and another takes over; of this build only.
    Handover,
    /// A model world of up to a hundred thousand runners, of this build only.
    Growth,
}

impl Scenario {
    /// As one types it.
    pub(super) fn name(self) -> String {
        let value = self.to_possible_value().unwrap();
        value.get_name().to_owned()
    }

    /// Measures without an operator and with each.
    pub(super) async fn told(self, options: &Options, subjects: &[Subject]) -> Told {
        let begin = Instant::now();
        let floor = if self.has_a_floor() {
            self.floor(options).await
        } else {
            Measured::default()
        };
        let one = async |subject: &Subject| {
            page::line(&format!("{} of {}", self.name(), subject.name));
            (subject.name.clone(), self.measured(options, subject).await)
        };
        let mut measured = Vec::new();
        if self == Self::Growth {
            measured = growth::all().await;
        } else if self.waits() {
            measured = join_all(subjects.iter().map(one)).await;
        } else {
            for subject in subjects {
                measured.push(one(subject).await);
            }
        }
        Told {
            scenario: self,
            setting: options.setting(),
            seconds: begin.elapsed().as_secs_f64(),
            floor,
            subjects: measured,
        }
    }

    /// Whether almost nothing happens in it, so that all subjects can be measured at once.
    fn waits(self) -> bool {
        matches!(self, Self::Idle | Self::Drift)
    }

    fn has_a_floor(self) -> bool {
        matches!(self, Self::Cold | Self::Restart | Self::Life | Self::Idle)
    }

    /// What it takes without an operator. Figures meet their floor by name.
    async fn floor(self, options: &Options) -> Measured {
        page::line(&format!("{}: the floor", self.name()));
        let subject = Subject::this_build();
        let stage = subject.stage().await;
        let bench = Bench::of(options, &stage, &subject);
        match self {
            Self::Cold => floor::cold(&bench).await,
            Self::Restart => floor::restart(&bench).await,
            Self::Life => floor::life(&bench).await,
            Self::Idle => floor::idle(&bench).await,
            Self::Drift
            | Self::Load
            | Self::Neighbour
            | Self::Memory
            | Self::Handover
            | Self::Growth => Measured::default(),
        }
    }

    /// What it takes with that operator.
    #[expect(
        clippy::cognitive_complexity,
        reason = "each variant counts as a branch"
    )]
    async fn measured(self, options: &Options, subject: &Subject) -> Measured {
        let stage = subject.stage().await;
        let bench = Bench::of(options, &stage, subject);
        match self {
            Self::Cold => start::cold(&bench).await,
            Self::Restart => start::restart(&bench).await,
            Self::Life => life::measure(&bench).await,
            Self::Idle => idle::measure(&bench).await,
            Self::Drift => scenarios::drift(&bench).await,
            Self::Load => scenarios::load(&bench).await,
            Self::Neighbour => scenarios::neighbour(&bench).await,
            Self::Memory => memory::measure(&bench).await,
            Self::Handover if subject.name == THIS_BUILD => handover::measure(&bench).await,
            Self::Handover | Self::Growth => Measured::default(),
        }
    }
}
