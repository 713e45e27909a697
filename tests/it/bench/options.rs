//! What a run is like.
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::machine;
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
    /// How long a slow GitLab takes, in milliseconds.
    #[arg(long, default_value_t = 300)]
    pub(super) slow_latency: u64,
    /// Up to how many objects memory is looked at.
    #[arg(long, default_value_t = 10_000)]
    pub(super) objects: usize,
    /// How many Secrets of others stand beside them.
    #[arg(long, default_value_t = 20_000)]
    pub(super) foreign_secrets: usize,
    /// What is measured, separated by commas; all of it when omitted.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Scenario>,
    /// Leave out what has been measured at this commit with the same options already.
    #[arg(long)]
    resume: bool,
    /// Another build to measure beside this one: COMMIT, which is built below target/, or NAME=PATH for
    /// a registrar that is built already.
    #[arg(long)]
    pub(super) against: Option<String>,
    /// How long idle objects are watched, in seconds.
    #[arg(long, default_value_t = 180)]
    idle_seconds: u64,
    /// How many objects use the GitLab that hangs.
    #[arg(long, default_value_t = 200)]
    pub(super) neighbours: usize,
    /// Where the page is written; docs/performance.md when omitted and everything has been measured.
    #[arg(long)]
    page: Option<PathBuf>,
}

/// What makes results comparable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Setting {
    pub(super) commit: String,
    pub(super) optimised: bool,
    pub(super) runners: usize,
    pub(super) latency: u64,
    pub(super) slow_latency: u64,
    pub(super) objects: usize,
    pub(super) foreign_secrets: usize,
    idle_seconds: u64,
    pub(super) neighbours: usize,
}

impl Options {
    pub(super) fn setting(&self) -> Setting {
        Setting {
            commit: machine::commit(),
            optimised: !cfg!(debug_assertions),
            runners: self.runners,
            latency: self.latency,
            slow_latency: self.slow_latency,
            objects: self.objects,
            foreign_secrets: self.foreign_secrets,
            idle_seconds: self.idle_seconds,
            neighbours: self.neighbours,
        }
    }

    /// What is measured, in order.
    pub(super) fn scenarios(&self) -> Vec<Scenario> {
        let all = Scenario::value_variants().iter().copied();
        all.filter(|one| self.only.is_empty() || self.only.contains(one))
            .collect()
    }

    /// Whether what is known already need not be measured again.
    pub(super) fn resumes(&self) -> bool {
        self.resume
    }

    /// How long idle objects are watched.
    pub(super) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }

    /// What to type for such a run elsewhere: without what is of this machine or of an earlier run.
    pub(super) fn command(typed: &str) -> String {
        let mut args = Vec::new();
        let mut words = typed.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "--resume" => {}
                "--page" => drop(words.next()),
                "--against" => {
                    let named = words.next().unwrap_or_default();
                    let (name, _) = named.split_once('=').unwrap_or((named, ""));
                    args.extend([word, name]);
                }
                word => args.push(word),
            }
        }
        match args.join(" ") {
            args if args.is_empty() => "make bench".to_owned(),
            args => format!("make bench BENCH_ARGS=\"{args}\""),
        }
    }

    /// Where the page is written, if it is.
    pub(super) fn page(&self, whole: bool) -> Option<PathBuf> {
        let usual = whole.then(|| PathBuf::from("docs/performance.md"));
        Some(repository().join(self.page.clone().or(usual)?))
    }
}

#[test]
fn a_command_on_the_page_names_nothing_of_this_machine() {
    let command = Options::command;
    assert_eq!(command(" "), "make bench");
    assert_eq!(
        command("--runners 40 --against 1234567=/home/me/registrar --page /tmp/page.md --resume"),
        "make bench BENCH_ARGS=\"--runners 40 --against 1234567\""
    );
}
