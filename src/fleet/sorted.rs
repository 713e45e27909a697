//! The runners of a list, told apart by whether their objects live here.
use std::collections::BTreeSet;

use serde::Serialize;

use super::claims::Claims;
use super::details::Details;
use super::output::{Format, note, print_table, print_value};
use super::table::{Table, Tone};
use crate::gitlab::{Runner, RunnerId};
use crate::plan::Mark;

/// A runner without an object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Orphan {
    pub(super) id: u64,
    description: String,
    status: String,
    /// Whether a runner process has called from it within the last two hours.
    pub(super) online: bool,
    /// The uid of the object that it was made for.
    pub(super) uid: String,
}

/// A runner of which nobody knows whether it is one.
#[derive(Debug, Serialize)]
pub(super) struct Unread {
    pub(super) id: u64,
    /// Why it could not be read.
    message: String,
}

/// What a list holds.
#[derive(Debug, Serialize)]
pub(super) struct Sorted {
    pub(super) orphans: Vec<Orphan>,
    pub(super) unread: Vec<Unread>,
    /// Whether a runner with a mark of this cluster's has its object here.
    #[serde(skip)]
    pub(super) cared_for: bool,
}

impl Sorted {
    pub(super) fn of(read: Details, claims: &Claims, here: &BTreeSet<String>) -> Self {
        let mut sorted = Self {
            orphans: Vec::new(),
            unread: Vec::new(),
            cared_for: false,
        };
        let mut elsewhere = 0;
        for (id, runner) in &read.runners {
            let Some(mark) = Mark::of(runner) else {
                continue;
            };
            let is_here = here.contains(&mark.cluster);
            sorted.cared_for |= is_here && claims.has_object_of(&mark);
            if claims.claim(*id, &mark) {
                continue;
            }
            if is_here {
                sorted.orphans.push(orphan(runner, mark));
            } else {
                elsewhere += 1;
            }
        }
        if elsewhere > 0 {
            note(&format!(
                "{elsewhere} runners carry marks of other clusters, or of an operator with another --cluster-id"
            ));
        }
        for (RunnerId(id), message) in read.unread {
            note(&format!(
                "runner {id} may not be read: whether it is an orphan is not known"
            ));
            sorted.unread.push(Unread { id, message });
        }
        sorted
    }

    pub(super) fn print(&self, format: Format) -> anyhow::Result<()> {
        match format {
            Format::Table => {
                let mut table = Table::new(["ID", "STATUS", "UID", "DESCRIPTION"]);
                for orphan in &self.orphans {
                    let tone = if orphan.online {
                        Tone::Warning
                    } else {
                        Tone::Plain
                    };
                    let plain = |text: &str| (text.to_owned(), Tone::Plain);
                    table.row([
                        plain(&orphan.id.to_string()),
                        (orphan.status.clone(), tone),
                        plain(&orphan.uid),
                        plain(&orphan.description),
                    ]);
                }
                Ok(print_table(&table)?)
            }
            format @ (Format::Json | Format::Yaml) => print_value(format, self),
        }
    }
}

fn orphan(runner: &Runner, mark: Mark) -> Orphan {
    Orphan {
        id: runner.id.0,
        description: runner.description.clone(),
        status: runner.status.clone(),
        online: runner.online == Some(true),
        uid: mark.uid,
    }
}
