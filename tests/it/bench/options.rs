//! What a run is like.
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use super::scenario::Scenario;
use crate::harness::repository;

/// How to measure.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "bench")]
pub(super) struct Options {
    /// How many objects there are.
    #[arg(long, default_value_t = 1000)]
    pub(super) runners: usize,
    /// How long GitLab takes for each answer, in milliseconds.
    #[arg(long, default_value_t = 50)]
    pub(super) latency: u64,
    /// What is measured, separated by commas; all of it when omitted.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Scenario>,
    /// Another build to measure beside this one: a commit, which is built below target/, or the path of
    /// a registrar.
    #[arg(long)]
    pub(super) against: Option<String>,
    /// How long idle objects are watched, in seconds.
    #[arg(long, default_value_t = 180)]
    idle_seconds: u64,
    /// How many objects use the GitLab that hangs.
    #[arg(long, default_value_t = 200)]
    pub(super) neighbours: usize,
    /// Where the page is written; docs/performance.md when omitted and nothing is left out.
    #[arg(long)]
    page: Option<PathBuf>,
}

impl Options {
    /// What is measured, in order.
    pub(super) fn scenarios(&self) -> Vec<Scenario> {
        let all = Scenario::value_variants().iter().copied();
        all.filter(|one| self.only.is_empty() || self.only.contains(one))
            .collect()
    }

    /// How long idle objects are watched.
    pub(super) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }

    /// Where the page is written, if it is.
    pub(super) fn page(&self) -> Option<PathBuf> {
        let whole = self.only.is_empty();
        let usual = whole.then(|| PathBuf::from("docs/performance.md"));
        Some(repository().join(self.page.clone().or(usual)?))
    }
}
