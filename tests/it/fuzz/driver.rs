//! Gives a target its corpus and what is near it, and shows what breaks it with as little in it as it takes.
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::mutate::mutated;
use crate::chaos::Random;

/// Something that reads bytes.
pub(super) struct Target {
    pub(super) name: &'static str,
    /// How often it is given something in `make test`.
    pub(super) runs: u32,
    /// Words that it knows.
    pub(super) words: &'static [&'static str],
    /// Gives it the bytes. Tells how that ended, in a word that is the same for what is alike; or what does not
    /// hold of the outcome.
    pub(super) check: fn(&[u8]) -> Result<String, String>,
}

/// How long to search.
#[derive(Clone, Copy)]
pub(super) enum Bound {
    Runs(u32),
    Time(Duration),
}

/// What a search without a find comes to.
pub(super) struct Report {
    name: &'static str,
    runs: u64,
    kinds: usize,
    took: Duration,
    slowest: (Duration, usize),
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            runs,
            kinds,
            took,
            slowest: (longest, size),
        } = self;
        write!(
            f,
            "{name}: {runs} inputs in {took:.1?}, {kinds} kinds of outcomes, none of them wrong; the slowest took \
             {longest:.1?} for {size} bytes"
        )
    }
}

/// So many inputs are kept because they ended like none before.
const MOST_KEPT: usize = 500;
/// So often what is left of a find is made smaller.
const MOST_CUTS: usize = 3000;

/// Prints what a search has to say.
#[expect(clippy::print_stdout, reason = "the report is what a search is for")]
pub(super) fn say(text: &str) {
    println!("{text}");
}

/// Where the corpora are.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus")
}

/// The corpus of a target, by the names of its files.
pub(super) fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder().join(target))
        .unwrap_or_else(|error| panic!("no corpus of {target}: {error}"))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let read = |path: &PathBuf| (name(path), fs::read(path).unwrap());
    files.iter().map(read).collect()
}

/// Searches for something that breaks a target. What follows from the seed is the same on every machine.
pub(super) fn search(target: &Target, seed: u64, bound: Bound) -> Report {
    let started = Instant::now();
    let mut report = Report {
        name: target.name,
        runs: 0,
        kinds: 0,
        took: Duration::ZERO,
        slowest: (Duration::ZERO, 0),
    };
    let mut kinds = BTreeSet::new();
    let mut pool: Vec<Vec<u8>> = corpus(target.name).into_iter().map(|it| it.1).collect();
    for input in &pool {
        kinds.insert(once(target, input, &mut report));
    }
    let mut random = Random::new(seed);
    loop {
        let over = match bound {
            Bound::Runs(runs) => report.runs >= u64::from(runs),
            Bound::Time(time) => started.elapsed() >= time,
        };
        if over {
            break;
        }
        let base = &pool[random.index(pool.len())];
        let other = &pool[random.index(pool.len())];
        let input = mutated(&mut random, base, other, target.words);
        if kinds.insert(once(target, &input, &mut report)) && pool.len() < MOST_KEPT {
            pool.push(input);
        }
    }
    report.kinds = kinds.len();
    report.took = started.elapsed();
    report
}

/// Gives a target one file.
pub(super) fn replay(target: &Target, file: &Path) {
    let input = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    match run(target, &input) {
        Ok(kind) => say(&format!(
            "{}: {} ends well: {kind}",
            target.name,
            file.display()
        )),
        Err(why) => panic!("{}: {}: {why}", target.name, file.display()),
    }
}

fn once(target: &Target, input: &[u8], report: &mut Report) -> String {
    let started = Instant::now();
    let ended = run(target, input);
    let took = started.elapsed();
    report.runs += 1;
    if took > report.slowest.0 {
        report.slowest = (took, input.len());
    }
    ended.unwrap_or_else(|why| tell(target, input, &why))
}

fn run(target: &Target, input: &[u8]) -> Result<String, String> {
    let ended = catch_unwind(AssertUnwindSafe(|| (target.check)(input)));
    ended.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied());
        Err(format!("it panics: {}", text.unwrap_or("without a word")))
    })
}

/// Makes a find smaller, keeps it in a file, and ends the test with the command that repeats it.
fn tell(target: &Target, input: &[u8], why: &str) -> ! {
    let input = smaller(target, input.to_vec());
    let why = run(target, &input).err().unwrap_or_else(|| why.to_owned());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
    fs::create_dir_all(&kept).unwrap();
    let file = kept.join(format!("{}-{}", target.name, input.len()));
    fs::write(&file, &input).unwrap();
    panic!(
        "{}: {why}\n{:?}\nrepeat it by: make fuzz TARGET={} INPUT={}",
        target.name,
        String::from_utf8_lossy(&input),
        target.name,
        file.display(),
    )
}

/// Takes pieces away for as long as it stays broken.
fn smaller(target: &Target, mut input: Vec<u8>) -> Vec<u8> {
    let (mut size, mut cuts) = (input.len().div_ceil(2), 0);
    while size > 0 && cuts < MOST_CUTS {
        let mut at = 0;
        while at < input.len() && cuts < MOST_CUTS {
            let mut shorter = input.clone();
            shorter.drain(at..input.len().min(at + size));
            cuts += 1;
            if run(target, &shorter).is_err() {
                input = shorter;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    input
}
