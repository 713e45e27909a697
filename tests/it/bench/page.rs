//! What is told of a run, as a table and as a page.
use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::figure::Row;
use super::floor;
use super::growth;
use super::life;
use super::machine::Machine;
use super::options::{Options, Setting};
use super::pictures::Picture;
use super::results::{Told, subjects};
use super::scenario::Scenario;
use super::world::REQUESTS_PER_MINUTE;

#[expect(clippy::print_stdout, reason = "the table is what a run is for")]
pub(super) fn line(text: &str) {
    println!("bench: {text}");
}

/// A table in Markdown.
pub(super) fn table(rows: &[Row], names: &[String]) -> String {
    let mut columns = vec!["figure".to_owned(), "floor".to_owned()];
    columns.extend(names.iter().cloned());
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

/// A table of values alone.
pub(super) fn columns(rows: &[Row], names: &[String]) -> String {
    let mut text = format!("\n| figure | {} |\n|---|", names.join(" | "));
    text.push_str(&"---:|".repeat(names.len()));
    for Row {
        name, unit, values, ..
    } in rows
    {
        let values: Vec<String> = values.iter().map(|value| cell(*value, unit)).collect();
        write!(text, "\n| {name} | {} |", values.join(" | ")).unwrap();
    }
    text.push('\n');
    text
}

fn cell(value: Option<f64>, unit: &str) -> String {
    let with_unit = |value| format!("{} {unit}", shown(value)).trim().to_owned();
    value.map_or_else(|| "–".to_owned(), with_unit)
}

fn cells(row: &Row) -> Vec<String> {
    let Row {
        name,
        unit,
        floor,
        values,
    } = row;
    let mut cells = vec![name.clone(), cell(*floor, unit)];
    cells.extend(values.iter().map(|value| cell(*value, unit)));
    let ours = values[0];
    cells.push(ratio(ours, *floor));
    cells.extend(values.iter().skip(1).map(|other| ratio(ours, *other)));
    cells
}

fn ratio(ours: Option<f64>, other: Option<f64>) -> String {
    match (ours, other) {
        (Some(ours), Some(other)) if other > 0.0 => format!("× {}", shown(ours / other)),
        _ => "–".to_owned(),
    }
}

/// Minutes and seconds.
pub(super) fn clock(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
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

/// All that the page tells.
pub(super) struct Page<'a> {
    pub(super) setting: &'a Setting,
    pub(super) machine: &'a Machine,
    pub(super) all: &'a [Told],
    pub(super) typed: &'a str,
}

/// Writes the page, and its pictures beside it.
pub(super) fn write(path: &Path, page: &Page<'_>) {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let pictures = Picture::of(stem, page.all);
    for picture in &pictures {
        fs::write(path.with_file_name(&picture.file), &picture.svg).unwrap();
    }
    fs::write(path, page.text(&pictures)).unwrap();
    line(&format!("written to {}", path.display()));
}

impl Page<'_> {
    fn text(&self, pictures: &[Picture]) -> String {
        let (growth, measured): (Vec<&Told>, Vec<&Told>) = self
            .all
            .iter()
            .partition(|told| told.scenario == Scenario::Growth);
        let names = subjects(measured.iter().copied());
        let rows = measured.iter().flat_map(|told| told.rows(&names));
        let rows: Vec<Row> = rows.collect();
        let growth: String = growth.into_iter().map(grown).collect();
        let (head, machine, table) = (self.head(&names), self.machine.told(), table(&rows, &names));
        let pictures: String = pictures.iter().map(Picture::shown).collect();
        let (floors, times) = (floors(), self.times());
        let compared = compared(&names);
        format!(
            "# Performance\n\n{head}\n\n{machine}\n{table}\n{pictures}{floors}\n\n{compared}{times}\n\n\
             Requests are counted by the stand-in for GitLab, writes and reads by the API server's audit log, \
             memory (resident set) and processor time by the kernel. `make test` holds the counts for 50 \
             runners, and those that are calculated for 1,000. Compare ratios rather than times when the machine is another one.\n{growth}"
        )
    }

    fn head(&self, names: &[String]) -> String {
        let Setting {
            commit,
            optimised,
            runners,
            latency,
            ..
        } = self.setting;
        let command = Options::command(self.typed);
        let build = if *optimised {
            "an optimised"
        } else {
            "no optimised"
        };
        let day = &self.machine.day;
        let beside = match names.get(1) {
            Some(other) => format!(" Beside it stands `{other}`, measured in the same run."),
            None => String::new(),
        };
        format!(
            "Measured on {day} at commit {commit} by `{command}`: {runners} runners of one group, a GitLab \
             that answers after {latency} ms unless something else is said, and {build} build of the operator \
             on a real API server.{beside}"
        )
    }

    fn times(&self) -> String {
        let one = |told: &Told| {
            let seconds = std::time::Duration::from_secs_f64(told.seconds).as_secs();
            format!("{} {}", told.scenario.name(), clock(seconds))
        };
        let each: Vec<String> = self.all.iter().map(one).collect();
        let all: f64 = self.all.iter().map(|told| told.seconds).sum();
        let all = clock(std::time::Duration::from_secs_f64(all).as_secs());
        format!("It took {all} minutes: {}.", each.join(", "))
    }
}

/// The part about many more runners than can be measured here.
fn grown(told: &Told) -> String {
    let (names, rows) = told.own_rows();
    let (table, assumptions) = (columns(&rows, &names), growth::assumptions());
    format!("\n## How cost grows\n\nCalculated, not measured. {assumptions}\n{table}")
}

/// What was done so that another build meets the same conditions.
fn compared(names: &[String]) -> String {
    let Some(other) = names.get(1) else {
        return String::new();
    };
    format!(
        "Each build has control planes of its own with its own resource definitions, and the same resync \
         wherever something waits for it. `{other}` was granted everything in its namespace. Connections \
         allow {REQUESTS_PER_MINUTE} requests per minute where a build knows such a ceiling, since its \
         default is there to spare GitLab, and times would tell of nothing else.\n\n"
    )
}

fn floors() -> String {
    let (at_once, writes) = (floor::AT_ONCE, floor::WRITES_TO_CREATE);
    let ends = floor::WRITES_TO_DELETE;
    let create = life::CREATE;
    format!(
        "A floor is what the same takes without an operator, measured in the same run: for the start and for \
         each object at kubectl's pace a bare loop of the least calls that register a runner safely \
         (finalizer, intent, registration, Secret, outcome, event: one request and {writes} writes), \
         {at_once} objects at once in the first case and one after another in the second; for \"{create}\" and \
         for the deletion kubectl alone, with objects that have no finalizer; for the writes of a deletion its \
         {ends} least (Secret and finalizer); for a start on objects that are Ready one list of them and one of \
         the group's runners in pages of 100; for the requests of idle objects the latter each minute."
    )
}

#[test]
fn a_table_has_a_ratio_to_the_floor_and_one_to_the_other_build() {
    let names = ["this build", "older"].map(str::to_owned);
    let row = |name: &str, floor, values: [Option<f64>; 2]| Row {
        name: name.to_owned(),
        unit: "s".to_owned(),
        floor,
        values: values.into(),
    };
    let rows = [
        row("deletion", Some(10.0), [Some(20.0), Some(40.0)]),
        row("writes", None, [Some(0.0), Some(0.0)]),
        row("start", Some(2.0), [Some(4.0), None]),
    ];
    let expected = "\n\
        | figure | floor | this build | older | to the floor | to older |\n\
        |---|---:|---:|---:|---:|---:|\n\
        | deletion | 10.0 s | 20.0 s | 40.0 s | × 2.00 | × 0.50 |\n\
        | writes | – | 0 s | 0 s | – | – |\n\
        | start | 2.00 s | 4.00 s | – | × 2.00 | – |\n";
    assert_eq!(table(&rows, &names), expected);
}

/// A page that shows a picture which nobody made is worse than one without.
#[test]
fn the_page_shows_every_picture_that_is_there_and_no_other() {
    let docs = crate::harness::repository().join("docs");
    let page = fs::read_to_string(docs.join("performance.md")).unwrap();
    let is_picture = |name: &str| name.strip_suffix(".svg").is_some();
    let shown = page.split("](").skip(1);
    let shown = shown.filter_map(|rest| rest.split(')').next());
    let shown = shown.filter(|name| is_picture(name)).map(str::to_owned);
    let files = fs::read_dir(&docs).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files = files.filter(|name| is_picture(name));
    let (mut shown, mut files): (Vec<String>, Vec<String>) = (shown.collect(), files.collect());
    shown.sort();
    files.sort();
    assert_eq!(shown, files);
}
