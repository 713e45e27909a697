//! What is printed of a run.
use std::collections::BTreeMap;
use std::fmt::Write;

use super::options::Options;
use super::verdict::{Findings, Invariant, Violation};
use super::world::{Deed, World};

/// How many of the last log lines about an object are shown.
const LINES: usize = 14;
/// How many violations are shown in full.
const SHOWN: usize = 25;

#[expect(clippy::print_stdout, reason = "the report is what a run is for")]
pub(super) fn line(text: &str) {
    println!("chaos: {text}");
}

pub(super) fn begins(options: &Options) {
    let Options {
        seed,
        runners,
        operators,
        resync,
        gentle,
        ..
    } = options;
    let gentle = if *gentle { ", gentle" } else { "" };
    let length = options.length();
    line(&format!(
        "seed {seed}, {runners} runners, {length:?}, {operators} operators, resync {resync}{gentle}"
    ));
}

pub(super) fn ends(world: &World, findings: &Findings) {
    let deeds = world.history();
    let mut table = format!("{} disturbances\n\n", deeds.len());
    let mut kinds = BTreeMap::<&str, usize>::new();
    for deed in &deeds {
        *kinds.entry(&deed.kind).or_default() += 1;
    }
    for (kind, count) in kinds {
        writeln!(table, "  {kind:<46} {count:>6}").unwrap();
    }
    writeln!(
        table,
        "\n  {:<34} {:>11} {:>6}",
        "at the end", "checked", "wrong"
    )
    .unwrap();
    for invariant in Invariant::ALL {
        let checked = findings
            .checked
            .get(&invariant)
            .copied()
            .unwrap_or_default();
        let wrong = findings
            .found
            .iter()
            .filter(|one| one.of == invariant)
            .count();
        writeln!(
            table,
            "  {:<34} {checked:>11} {wrong:>6}",
            format!("{invariant:?}")
        )
        .unwrap();
    }
    for (object, said) in &findings.waiting {
        writeln!(table, "\n  {object} waits for a person: {said}").unwrap();
    }
    line(&table);
    for violation in findings.found.iter().take(SHOWN) {
        line(&evidence(world, findings, &deeds, violation));
    }
    if !findings.is_clean() {
        keep_logs(world);
    }
}

/// What there is to know of a violation: what was done to the object, its status, and what the
/// operators have logged of it last.
fn evidence(world: &World, findings: &Findings, deeds: &[Deed], violation: &Violation) -> String {
    let Violation { of, object, said } = violation;
    let Some(object) = object else {
        return format!("VIOLATION {of:?}: {said}\n");
    };
    let mut text = format!("VIOLATION {of:?}: {object}: {said}\n");
    for deed in deeds {
        let its = deed
            .number
            .is_some_and(|number| super::slot::name(number) == *object);
        if its {
            writeln!(text, "  at {:>7.2?} {} {}", deed.at, deed.kind, deed.detail).unwrap();
        }
    }
    let status = findings.statuses.get(object);
    writeln!(
        text,
        "  status {}",
        status.map(ToString::to_string).unwrap_or_default()
    )
    .unwrap();
    for (cast, operator) in &world.operators {
        let Ok(operator) = operator.try_lock() else {
            continue;
        };
        let lines = operator.lines();
        let about: Vec<&str> = lines
            .lines()
            .filter(|line| line.contains(object.as_str()))
            .collect();
        let last = about
            .get(about.len().saturating_sub(LINES)..)
            .unwrap_or_default();
        for line in last {
            writeln!(text, "  {} {line}", cast.name).unwrap();
        }
    }
    text
}

fn keep_logs(world: &World) {
    for (cast, operator) in &world.operators {
        let Ok(operator) = operator.try_lock() else {
            continue;
        };
        let kept = format!(
            "{}/{}-seed-{}.log",
            env!("CARGO_TARGET_TMPDIR"),
            cast.name,
            world.options.seed
        );
        if std::fs::copy(operator.log_path(), &kept).is_ok() {
            line(&format!("all that {} has logged is in {kept}", cast.name));
        }
    }
    // The garbage collector takes part: it deletes Secrets whose owner is no more.
    let collector = "kube-controller-manager";
    let seed = world.options.seed;
    let kept = format!(
        "{}/{collector}-seed-{seed}.log",
        env!("CARGO_TARGET_TMPDIR")
    );
    if std::fs::copy(world.stage.plane.log(collector), &kept).is_ok() {
        line(&format!("all that {collector} has logged is in {kept}"));
    }
}
