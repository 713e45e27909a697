//! Which pictures the page has, and of what.
use super::figure::Measured;
use super::idle;
use super::plots::{Bars, Curves, Named};
use super::results::Told;
use super::scenario::Scenario;

/// A picture of the page.
pub(super) struct Picture {
    pub(super) file: String,
    pub(super) svg: String,
    title: &'static str,
}

/// A scenario whose curve is shown, and what its axes are.
const CURVES: &[(Scenario, &str, &str, &str)] = &[
    (
        Scenario::Cold,
        "Ready objects after the operator's start on new ones",
        "seconds after the start",
        "objects Ready",
    ),
    (
        Scenario::Life,
        "How soon each object is Ready, created at kubectl's pace",
        "seconds after its creation",
        "percent of the objects",
    ),
    (
        Scenario::Memory,
        "Memory over the number of idle objects",
        "objects",
        "MiB",
    ),
];

const REQUESTS: &str = "GitLab requests per hour while nobody does anything";

impl Picture {
    /// Those that can be made of this, in files of a page of that name.
    pub(super) fn of(page: &str, all: &[Told]) -> Vec<Self> {
        let told = |scenario| all.iter().find(|told| told.scenario == scenario);
        let mut pictures = Vec::new();
        for (scenario, title, x, y) in CURVES {
            let Some(told) = told(*scenario) else {
                continue;
            };
            let all = everybody(told, |of| {
                Some(of.curve.clone()).filter(|curve| !curve.is_empty())
            });
            let file = format!("{page}-{}.svg", scenario.name());
            let svg = Curves { title, x, y, all }.drawn();
            pictures.push(Self { file, svg, title });
        }
        if let Some(told) = told(Scenario::Idle) {
            let all = everybody(told, |of| {
                let requests = of
                    .figures
                    .iter()
                    .find(|figure| figure.name == idle::REQUESTS);
                requests.map(|figure| figure.value)
            });
            let (title, x) = (
                REQUESTS,
                "requests per hour, each line ten times the one before",
            );
            let file = format!("{page}-{}.svg", Scenario::Idle.name());
            let svg = Bars { title, x, all }.drawn();
            pictures.push(Self { file, svg, title });
        }
        pictures
    }

    /// As the page shows it.
    pub(super) fn shown(&self) -> String {
        let Self { file, title, .. } = self;
        format!("![{title}]({file})\n\n*{title}*\n\n")
    }
}

/// What is known of each subject, and of the floor at last.
fn everybody<T>(told: &Told, find: impl Fn(&Measured) -> Option<T>) -> Vec<Named<T>> {
    let subjects = told.subjects.iter().map(|(name, of)| (name.as_str(), of));
    let all = subjects.chain([("floor", &told.floor)]);
    let named = |(name, of): (&str, &Measured)| {
        let name = name.to_owned();
        find(of).map(|what| Named { name, what })
    };
    all.filter_map(named).collect()
}
