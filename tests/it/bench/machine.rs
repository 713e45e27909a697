//! Where and with what was measured.
use std::fs;
use std::process::Command;

use gitlab_runner_registrar::clock;

use crate::harness::repository;

/// As it was before the run.
pub(super) struct Machine {
    pub(super) day: String,
    processor: String,
    processors: usize,
    memory: String,
    kernel: String,
    load: String,
}

impl Machine {
    pub(super) fn now() -> Self {
        let info = read("/proc/cpuinfo");
        let model = info.lines().find(|line| line.starts_with("model name"));
        let model = model.and_then(|line| line.split(": ").nth(1));
        let load = read("/proc/loadavg");
        Self {
            day: clock::now().strftime("%Y-%m-%d").to_string(),
            processor: model.unwrap_or("unknown processor").to_owned(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory: memory(),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
        }
    }

    /// In a sentence.
    pub(super) fn told(&self) -> String {
        let Self {
            processor,
            processors,
            memory,
            kernel,
            load,
            ..
        } = self;
        let busy = load.parse().is_ok_and(|load: f64| load > 1.0);
        let advice = if busy {
            ": other work was running, so times are longer than on a quiet machine"
        } else {
            ""
        };
        format!(
            "{processors} processors ({processor}), {memory} of memory, Linux {kernel}. Everything ran on \
             it: the operator, the API server, etcd, the stand-in and kubectl. The load average before \
             the run was {load}{advice}."
        )
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn memory() -> String {
    let info = read("/proc/meminfo");
    let total = info.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    format!("{} GiB", kib.unwrap_or_default() / 1024 / 1024)
}

/// The last commit that changed what the operator is made of, and whether that is all.
pub(super) fn commit() -> String {
    let made_of = ["--", "src", "Cargo.toml", "Cargo.lock"];
    let last = [&["log", "-1", "--format=%h"][..], &made_of].concat();
    let commit = git(&last).unwrap_or("unknown".to_owned());
    let changed = git(&[&["status", "--porcelain"][..], &made_of].concat());
    match changed.as_deref() {
        None | Some("") => commit,
        Some(_) => format!("{commit}, with changes that are not committed"),
    }
}

/// What git says, if there is a repository.
pub(super) fn git(args: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    let output = git.current_dir(repository()).args(args).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim().to_owned())
}
