//! `make bench`: how fast the operator is, and what it costs GitLab, the API server and its own node.
//!
//! The operator runs against a real control plane and a stand-in for GitLab that answers after a set
//! time. Each figure stands beside a floor where there is one: the same calls without an operator,
//! measured in the same run. Times are only ever printed. What `make test` holds are the counts.
mod against;
mod count;
mod figure;
mod floor;
mod idle;
mod machine;
mod observer;
mod options;
mod page;
mod process;
mod scenario;
mod scenarios;
mod smoke;
mod world;

use clap::Parser;

use crate::harness::Stage;
use figure::Row;
use options::Options;
use world::Subject;

/// `make bench BENCH_ARGS="--runners 300 --only cold,idle"`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes many minutes: make bench"]
async fn make_bench() {
    let typed = std::env::var("BENCH_ARGS").unwrap_or_default();
    let options = Options::parse_from(["bench"].into_iter().chain(typed.split_whitespace()));
    let subjects = subjects(&options);
    let machine = machine::Machine::now();
    let stage = Stage::new().await;
    let bench = Bench { options, stage };
    let mut rows = Vec::new();
    for scenario in bench.options.scenarios() {
        let floor = scenario.floor(&bench).await;
        let mut figures = Vec::new();
        for subject in &subjects {
            page::line(&format!("{scenario:?} of {}", subject.name));
            figures.push(scenario.measure(&bench, subject).await);
        }
        let measured = Row::of(&floor, &figures);
        page::line(&page::table(&measured, &subjects));
        rows.extend(measured);
    }
    let text = page::page(&bench.options, &machine, &rows, &subjects, &typed);
    if let Some(path) = bench.options.page() {
        std::fs::write(&path, text).unwrap();
        page::line(&format!("written to {}", path.display()));
    }
}

/// What a run measures with.
pub(super) struct Bench {
    options: Options,
    stage: Stage,
}

/// This build, and the other one if there is one.
fn subjects(options: &Options) -> Vec<Subject> {
    let other = options.against.as_deref().map(against::subject);
    [Some(Subject::this_build()), other]
        .into_iter()
        .flatten()
        .collect()
}
