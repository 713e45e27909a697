//! The smallest edit between what GitLab holds and what is wanted, and the same in words.
use std::{collections::BTreeSet, fmt};

use jiff::{
    SignedDuration,
    fmt::friendly::{Spacing, SpanPrinter},
};

use super::{
    mark::Mark,
    observed::{Observed, ProjectSighting},
    quoted::quoted,
};
use crate::gitlab::model::{AccessLevel, ProjectId, ProjectRef, Runner, Scope, Settings};

/// The longest note that GitLab takes, in characters (contract §1.5).
const LONGEST_NOTE: usize = 1024;

/// Tags as GitLab will hold them (contract §1.6): split at commas, trimmed, without blanks and
/// doubles. Case is kept.
pub fn normalised<T: AsRef<str>>(tags: &[T]) -> BTreeSet<String> {
    tags.iter()
        .flat_map(|tag| tag.as_ref().split(','))
        .map(|tag| tag.trim().to_owned())
        .filter(|tag| !tag.is_empty())
        .collect()
}

/// The smallest edit that turns `have` into `want`; `None` when they agree.
///
/// The note is wanted as a text, and written with the mark: the one that is there if it is of the
/// same object, since it names the attempt that the runner came from, else `mark`.
pub fn diff(have: &Runner, want: &Settings, mark: &Mark) -> Option<Settings> {
    // Destructured without `..`: a new setting must be compared here.
    let Settings {
        description,
        tags,
        run_untagged,
        paused,
        locked,
        access_level,
        maximum_timeout,
        maintenance_note,
    } = want;
    let edit = Settings {
        description: changed(&have.description, description.as_ref()),
        tags: changed(&have.tags, tags.as_ref()),
        run_untagged: changed(&have.run_untagged, run_untagged.as_ref()),
        paused: changed(&have.paused, paused.as_ref()),
        locked: changed(&have.locked, locked.as_ref()),
        access_level: changed(&have.access_level, access_level.as_ref()),
        maximum_timeout: changed(&have.maximum_timeout, maximum_timeout.as_ref()),
        // Of one that cannot be read nobody knows whether it differs.
        maintenance_note: have
            .maintenance_note
            .text()
            .and_then(|note| signed(note, maintenance_note.as_deref(), mark))
            // Where no note can be changed, a mark that is missing is no difference (contract §3.6).
            .filter(|_| maintenance_note.is_some() || have.maintenance_note.is_writable()),
    };
    (edit != Settings::default()).then_some(edit)
}

/// What a note must become to say what is wanted and carry this object's mark, which is drift like any
/// other where it is missing, be the text managed or not; `None` when it is so. A text of somebody
/// else's that leaves no room for the mark stays as it is.
fn signed(note: &str, want: Option<&str>, mark: &Mark) -> Option<String> {
    let (has, its) = Mark::split(note);
    let its = its.filter(|its| its.uid == mark.uid);
    let text = want.unwrap_or(has);
    let agrees = has == text && its.is_some();
    let edit = (!agrees).then(|| its.as_ref().unwrap_or(mark).sign(text))?;
    let fits = want.is_some() || edit.chars().count() <= LONGEST_NOTE;
    fits.then_some(edit)
}

fn changed<T: PartialEq + Clone>(have: &T, want: Option<&T>) -> Option<T> {
    want.filter(|want| *want != have).cloned()
}

/// What of an edit GitLab will make: before 16.10 it lets nobody change a note (contract §3.6).
pub(super) fn possible(have: &Runner, edit: Settings) -> Option<Settings> {
    let maintenance_note = edit.maintenance_note.clone();
    let edit = Settings {
        maintenance_note: maintenance_note.filter(|_| have.maintenance_note.is_writable()),
        ..edit
    };
    (edit != Settings::default()).then_some(edit)
}

/// What is wanted of a note that lacks nothing but this object's mark.
const SIGNED: &str = "the same, with this object's mark";

/// One setting that differs, in the words of spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field of spec.
    pub field: &'static str,
    /// What is wanted.
    pub desired: String,
    /// What GitLab holds.
    pub actual: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            desired,
            actual,
        } = self;
        let (actual, desired) = (quoted(actual), quoted(desired));
        write!(f, "{field} from {actual} to {desired}")
    }
}

/// An edit in words.
pub fn differences(have: &Runner, edit: &Settings) -> Vec<Difference> {
    let Settings {
        description,
        tags,
        run_untagged,
        paused,
        locked,
        access_level,
        maximum_timeout,
        maintenance_note,
    } = edit;
    let row = |field, desired: Option<String>, actual: String| {
        desired.map(|desired| Difference {
            field,
            desired,
            actual,
        })
    };
    let flag = |value: &bool| value.to_string();
    let list = |tags: &BTreeSet<String>| {
        format!(
            "[{}]",
            tags.iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        )
    };
    [
        row("description", description.clone(), have.description.clone()),
        row("tags", tags.as_ref().map(list), list(&have.tags)),
        row(
            "runUntagged",
            run_untagged.as_ref().map(flag),
            flag(&have.run_untagged),
        ),
        row("paused", paused.as_ref().map(flag), flag(&have.paused)),
        row("locked", locked.as_ref().map(flag), flag(&have.locked)),
        row(
            "accessLevel",
            access_level.map(level),
            level(have.access_level),
        ),
        row(
            "maximumTimeout",
            maximum_timeout.map(limit),
            limit(have.maximum_timeout),
        ),
        row(
            "maintenanceNote",
            maintenance_note.as_deref().map(|note| wanted(note, have)),
            noted(have).to_owned(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What is wanted of a note, in words.
fn wanted(note: &str, have: &Runner) -> String {
    let text = Mark::split(note).0;
    let same = text == noted(have);
    if same { SIGNED } else { text }.to_owned()
}

/// The text of a note, without a mark.
fn noted(have: &Runner) -> &str {
    Mark::split(have.maintenance_note.text().unwrap_or_default()).0
}

/// The same for the assignment to projects; `None` when it is as wanted, not managed, or not shown.
/// The project that owns the runner is always wanted. When it was deleted GitLab makes another of
/// them the owner, the only one if there is just one.
pub fn project_difference(runner: &Runner, seen: &Observed) -> Option<Difference> {
    let (Some(wanted), Some(Scope::Project(owner)), Some(have)) =
        (&seen.projects, seen.scope, &runner.projects)
    else {
        return None;
    };
    assignments_differ(have, owner, wanted)
}

/// The same of a runner that is owned by that project and serves these.
pub fn assignments_differ(
    have: &[ProjectRef],
    owner: ProjectId,
    wanted: &[ProjectSighting],
) -> Option<Difference> {
    let have: BTreeSet<ProjectId> = have.iter().map(|project| project.id).collect();
    let owning = match have.first() {
        _ if have.contains(&owner) => Some(owner),
        Some(only) if have.len() == 1 => Some(*only),
        Some(_) | None => None,
    };
    // While the list of those that are selected is not whole, one that it lacks may be among them.
    let unlisted = |project: &ProjectSighting| matches!(project, ProjectSighting::Unlisted(_));
    let doubted = have.iter().filter(|_| wanted.iter().any(unlisted));
    let wanted: BTreeSet<ProjectId> = wanted
        .iter()
        .filter_map(|project| match project {
            ProjectSighting::Found(id) => Some(*id),
            ProjectSighting::NotFound(_) | ProjectSighting::Unlisted(_) => None,
        })
        .chain(owning)
        .chain(doubted.copied())
        .collect();
    let list = |ids: &BTreeSet<ProjectId>| {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        format!("[{}]", ids.join(", "))
    };
    (wanted != have).then(|| Difference {
        field: "projects",
        desired: list(&wanted),
        actual: list(&have),
    })
}

fn level(level: AccessLevel) -> String {
    match level {
        AccessLevel::NotProtected => "not_protected".to_owned(),
        AccessLevel::RefProtected => "ref_protected".to_owned(),
    }
}

fn limit(seconds: Option<u32>) -> String {
    let duration = SignedDuration::from_secs(seconds.unwrap_or(0).into());
    SpanPrinter::new()
        .spacing(Spacing::None)
        .duration_to_string(&duration)
}
