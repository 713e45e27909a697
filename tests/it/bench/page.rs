//! What is told of a run, as a table and as a page.
use std::fmt::Write;

use super::figure::Row;
use super::floor::AT_ONCE;
use super::machine::Machine;
use super::options::Options;
use super::world::Subject;

#[expect(clippy::print_stdout, reason = "the table is what a run is for")]
pub(super) fn line(text: &str) {
    println!("bench: {text}");
}

/// A table in Markdown.
pub(super) fn table(rows: &[Row], subjects: &[Subject]) -> String {
    let names: Vec<&str> = subjects.iter().map(|one| one.name.as_str()).collect();
    let mut columns = vec!["figure".to_owned(), "floor".to_owned()];
    columns.extend(names.iter().map(|&name| name.to_owned()));
    columns.push("to the floor".to_owned());
    columns.extend(names.iter().skip(1).map(|name| format!("to {name}")));
    let mut text = format!("\n| {} |\n|", columns.join(" | "));
    text.push_str("---|");
    text.push_str(&"---:|".repeat(columns.len() - 1));
    for row in rows {
        write!(text, "\n| {} |", cells(row).join(" | ")).unwrap();
    }
    text.push('\n');
    text
}

fn cells(row: &Row) -> Vec<String> {
    let Row {
        name,
        unit,
        floor,
        values,
    } = row;
    let none = || "–".to_owned();
    let with_unit = |value: &f64| format!("{} {unit}", shown(*value)).trim().to_owned();
    let mut cells = vec![name.clone()];
    cells.push(floor.as_ref().map_or_else(none, with_unit));
    cells.extend(values.iter().map(with_unit));
    let ours = values[0];
    cells.push(floor.map_or_else(none, |floor| ratio(ours, floor)));
    cells.extend(values.iter().skip(1).map(|other| ratio(ours, *other)));
    cells
}

fn ratio(ours: f64, other: f64) -> String {
    if other > 0.0 {
        format!("× {}", shown(ours / other))
    } else {
        "–".to_owned()
    }
}

/// Three digits that count, and no more than are known.
fn shown(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        small if small < 10.0 => format!("{small:.2}"),
        middle if middle < 100.0 => format!("{middle:.1}"),
        large => format!("{large:.0}"),
    }
}

/// The whole page.
pub(super) fn page(
    options: &Options,
    machine: &Machine,
    rows: &[Row],
    subjects: &[Subject],
    typed: &str,
) -> String {
    let Options {
        runners, latency, ..
    } = options;
    let command = match typed.trim() {
        "" => "make bench".to_owned(),
        args => format!("make bench BENCH_ARGS=\"{args}\""),
    };
    let beside = match subjects.get(1) {
        Some(other) => format!(
            " Beside it stands `{}`, measured in the same run; the last column is this build as a part of \
             it.",
            other.name
        ),
        None => String::new(),
    };
    let Machine { commit, day, .. } = machine;
    let (machine, table) = (machine.told(), table(rows, subjects));
    format!(
        "# Performance\n\n\
         Measured on {day} at commit {commit} by `{command}`: {runners} runners of one group, a GitLab that \
         answers after {latency} ms, and an optimised build of the operator on a real API server.{beside}\n\n\
         {machine}\n\
         {table}\n\
         A floor is what the same takes without an operator, measured in the same run: for the start and \
         for creation at kubectl's pace a bare loop of the least calls that register a runner safely \
         (finalizer, intent, registration, Secret, status, event), {AT_ONCE} objects at once in the first \
         case and one after another in the second; for the deletion kubectl alone, with objects that have no \
         finalizer; for the requests of idle objects one read of the group's list each minute, in pages of \
         100. Compare ratios rather than times when the machine is another one.\n\n\
         Requests are counted by the stand-in for GitLab, writes by the API server's audit log, memory \
         (resident set) and processor time by the kernel. `make test` holds the counts for 50 runners.\n"
    )
}

#[test]
fn a_table_has_a_ratio_to_the_floor_and_one_to_the_other_build() {
    let this = std::env::current_exe().unwrap();
    let subjects = ["this build", "older"].map(|name| Subject::new(name, &this));
    let row = |name: &str, floor, values: [f64; 2]| Row {
        name: name.to_owned(),
        unit: "s",
        floor,
        values: values.into(),
    };
    let rows = [
        row("deletion", Some(10.0), [20.0, 40.0]),
        row("writes", None, [0.0, 0.0]),
    ];
    let expected = "\n\
        | figure | floor | this build | older | to the floor | to older |\n\
        |---|---:|---:|---:|---:|---:|\n\
        | deletion | 10.0 s | 20.0 s | 40.0 s | × 2.00 | × 0.50 |\n\
        | writes | – | 0 s | 0 s | – | – |\n";
    assert_eq!(table(&rows, &subjects), expected);
}
