//! What spec takes of a runner. What it does not is left out, with a remark.
use jiff::SignedDuration;
use jiff::fmt::friendly::{Designator, Spacing, SpanPrinter};
use serde::Serialize;

use crate::gitlab::Runner;
use crate::gitlab::model::ProjectRef;
use crate::plan::Mark;

/// The longest note that spec takes, in characters.
const LONGEST_NOTE: usize = 896;
/// As many further projects spec takes.
const MOST_PROJECTS: usize = 100;

/// A group or a project, by path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Target {
    pub(super) path: String,
}

/// The project that owns a runner.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) project: ProjectRef,
    /// Whether the projects that the caller is shown are all that the runner is assigned to.
    pub(super) shows_all: bool,
}

/// Spec takes no tag that GitLab would read as another one.
pub(super) fn tags(runner: &Runner, remarks: &mut Vec<String>) -> Option<Vec<String>> {
    let odd = |tag: &&String| {
        tag.contains([',', '"']) || tag.starts_with('\'') || tag.trim() != tag.as_str()
    };
    let what = if runner.run_untagged {
        "tags are"
    } else {
        "tags and runUntagged are"
    };
    if let Some(odd) = runner.tags.iter().find(odd) {
        remarks.push(format!(
            "{what} left out: spec does not take a tag like {odd:?}"
        ));
        return None;
    }
    if runner.tags.len() > 50 {
        remarks.push(format!("{what} left out: there are more than 50 tags"));
        return None;
    }
    Some(runner.tags.iter().cloned().collect())
}

pub(super) fn note(runner: &Runner, remarks: &mut Vec<String>) -> Option<String> {
    let (text, _) = Mark::split(runner.maintenance_note.text()?);
    if text.chars().count() > LONGEST_NOTE {
        remarks.push(format!(
            "maintenanceNote is left out: it is longer than {LONGEST_NOTE} characters, and there would be no room \
             for the mark of the operator"
        ));
        return None;
    }
    // One that is empty is left to whoever writes notes in GitLab.
    (!text.is_empty()).then(|| text.to_owned())
}

/// The further projects, where GitLab shows all of them: the list in spec is exact, and takes the runner away
/// from those that it does not name.
pub(super) fn projects(
    runner: &Runner,
    owner: Option<&Owner>,
    remarks: &mut Vec<String>,
) -> Option<Vec<Target>> {
    let Owner {
        project: owner,
        shows_all,
    } = owner?;
    if !shows_all {
        remarks.push(
            "projects are left out: GitLab may not show all of them to the token's owner, and spec would take \
             the runner away from the others"
                .to_owned(),
        );
        return None;
    }
    let further = runner.projects.iter().flatten();
    let further = further.filter(|project| project.id != owner.id);
    let targets: Vec<Target> = further
        .map(|project| Target {
            path: project.path.clone(),
        })
        .collect();
    if targets.len() > MOST_PROJECTS {
        remarks.push(format!(
            "projects are left out: there are more than {MOST_PROJECTS}"
        ));
        return None;
    }
    (!targets.is_empty()).then_some(targets)
}

/// As spec writes it: hours, minutes and seconds.
pub(super) fn timeout(seconds: Option<u32>) -> String {
    let duration = SignedDuration::from_secs(seconds.unwrap_or(0).into());
    SpanPrinter::new()
        .spacing(Spacing::None)
        .designator(Designator::Compact)
        .duration_to_string(&duration)
}
