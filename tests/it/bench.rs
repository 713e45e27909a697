//! `make bench`: how fast the operator is, and what it costs GitLab, the API server and its own node.
//!
//! The operator runs against a real control plane and a stand-in for GitLab that answers after a set
//! time. Each figure stands beside a floor where there is one: the same calls without an operator,
//! measured in the same run. Times are only ever printed. What `make test` holds are the counts.
mod against;
mod count;
mod figure;
mod floor;
mod growth;
mod handover;
mod idle;
mod life;
mod machine;
mod memory;
mod observer;
mod options;
mod page;
mod pictures;
mod plots;
mod process;
mod results;
mod scenario;
mod scenarios;
mod smoke;
mod start;
mod subject;
mod world;

use clap::{Parser, ValueEnum};
use tokio::time::Instant;

use crate::harness::Stage;
use options::Options;
use scenario::Scenario;
use subject::Subject;

/// `make bench BENCH_ARGS="--runners 300 --only cold,idle"`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes many minutes: make bench"]
async fn make_bench() {
    let typed = std::env::var("BENCH_ARGS").unwrap_or_default();
    let options = Options::parse_from(["bench"].into_iter().chain(typed.split_whitespace()));
    let machine = machine::Machine::now();
    let setting = options.setting();
    let subjects = Subject::all(&options);
    let mut scenarios = options.scenarios();
    if options.resumes() {
        let known = |name: &str, scenario| {
            results::kept(scenario, &setting).is_some_and(|told| told.knows(name))
        };
        scenarios.retain(|one| !subjects.iter().all(|subject| known(&subject.name, *one)));
    }
    let begin = Instant::now();
    for (at, scenario) in scenarios.iter().enumerate() {
        let so_far = page::clock(begin.elapsed().as_secs());
        let (at, all) = (at + 1, scenarios.len());
        page::line(&format!("[{at}/{all}] {} after {so_far}", scenario.name()));
        let told = scenario.told(&options, &subjects).await;
        told.keep();
        let (names, rows) = told.own_rows();
        let table = if *scenario == Scenario::Growth {
            page::columns(&rows, &names)
        } else {
            page::table(&rows, &names)
        };
        page::line(&table);
    }
    page::line(&format!("took {}", page::clock(begin.elapsed().as_secs())));
    let every = Scenario::value_variants();
    let all: Vec<_> = every
        .iter()
        .filter_map(|one| results::kept(*one, &setting))
        .collect();
    if let Some(path) = options.page(all.len() == every.len()) {
        page::write(
            &path,
            &page::Page {
                setting: &setting,
                machine: &machine,
                all: &all,
                typed: &typed,
            },
        );
    }
}

/// What one subject is measured with.
pub(super) struct Bench<'a> {
    options: Options,
    stage: &'a Stage,
    subject: &'a Subject,
}

impl<'a> Bench<'a> {
    fn of(options: &Options, stage: &'a Stage, subject: &'a Subject) -> Self {
        let options = options.clone();
        Self {
            options,
            stage,
            subject,
        }
    }

    /// The same with a GitLab that takes so many milliseconds for an answer.
    fn with_latency(&self, latency: u64) -> Self {
        let mut bench = Self::of(&self.options, self.stage, self.subject);
        bench.options.latency = latency;
        bench
    }
}
