//! What a manifest and its runner differ in, by the operator's own comparison.
use serde::Serialize;

use crate::api::v1alpha1::{Scope, Target};
use crate::gitlab::{Note, ProjectId, ProjectRef, Runner};
use crate::plan::{
    Difference, Mark, ProjectSighting, Wanted, assignments_differ, diff, differences,
};

/// What a comparison came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Verdict {
    /// The runner is as declared.
    Same,
    /// It differs.
    Differs,
    /// There is none yet: it would be registered.
    Missing,
    /// It could not be compared.
    Unclear,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) field: String,
    pub(super) actual: String,
    pub(super) desired: String,
}

/// One manifest, compared with GitLab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Compared {
    /// `<namespace>/<name>`.
    pub(super) object: String,
    pub(super) verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) runner_id: Option<u64>,
    pub(super) differences: Vec<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
}

impl Compared {
    pub(super) fn unclear(object: &str, runner_id: Option<u64>, why: impl Into<String>) -> Self {
        Self {
            object: object.to_owned(),
            verdict: Verdict::Unclear,
            runner_id,
            differences: Vec::new(),
            message: Some(why.into()),
        }
    }

    pub(super) fn missing(object: &str, why: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Missing,
            ..Self::unclear(object, None, why)
        }
    }
}

/// What is known of a runner that is there.
pub(super) struct There<'a> {
    pub(super) runner: &'a Runner,
    /// The project that owns it, where spec names one.
    pub(super) owner: Option<ProjectId>,
    /// The further projects that spec wants, looked up.
    pub(super) projects: Option<Vec<ProjectSighting>>,
    /// The uid of the object, where it is known.
    pub(super) uid: Option<&'a str>,
}

/// Compares a manifest with its runner.
pub(super) fn compare(object: &str, want: &Wanted, scope: &Scope, there: &There<'_>) -> Compared {
    let There { runner, uid, .. } = there;
    let id = Some(runner.id.0);
    if let Some(why) = lives_elsewhere(scope, runner) {
        return Compared::unclear(object, id, why);
    }
    let (same, mark) = signed(runner);
    if let (Some(mark), Some(uid)) = (&mark, uid)
        && mark.uid != *uid
    {
        let why = format!(
            "runner {} carries the mark of another object, {}: the operator would leave it alone",
            runner.id, mark.uid
        );
        return Compared::unclear(object, id, why);
    }
    let edit = diff(&same, &want.settings, &mark.unwrap_or_else(nobodys));
    let settings = edit.map(|edit| differences(runner, &edit));
    let assigned = runner.projects.as_deref().unwrap_or_default();
    let projects = there.projects.as_deref().zip(there.owner);
    let projects = projects.and_then(|(wanted, owner)| assignments_differ(assigned, owner, wanted));
    let unknown = there.projects.iter().flatten();
    let unknown: Vec<&str> = unknown.filter_map(unknown_path).collect();
    let rows = settings.into_iter().flatten().chain(projects);
    let rows: Vec<Row> = rows.map(|row| in_paths(row, assigned)).collect();
    Compared {
        object: object.to_owned(),
        verdict: match (unknown.is_empty(), rows.is_empty()) {
            (false, _) => Verdict::Unclear,
            (true, true) => Verdict::Same,
            (true, false) => Verdict::Differs,
        },
        runner_id: id,
        differences: rows,
        message: (!unknown.is_empty()).then(|| {
            format!(
                "GitLab knows no project {}, or the token's owner may not see it",
                unknown.join(", ")
            )
        }),
    }
}

/// The runner with a mark at the end of its note, so that a missing one is no difference: the operator adds
/// its own, which is none of spec's fields.
fn signed(runner: &Runner) -> (Runner, Option<Mark>) {
    let mut same = runner.clone();
    let mark = match runner.maintenance_note.text().map(Mark::split) {
        Some((_, Some(mark))) => Some(mark),
        Some((text, None)) => {
            let text = Some(nobodys().sign(text));
            same.maintenance_note = match runner.maintenance_note {
                Note::Fixed(_) => Note::Fixed(text),
                Note::Shown(_) | Note::Unseen => Note::Shown(text),
            };
            None
        }
        None => None,
    };
    (same, mark)
}

/// A mark that no runner has.
fn nobodys() -> Mark {
    Mark {
        cluster: String::new(),
        uid: String::new(),
        attempt: String::new(),
    }
}

fn unknown_path(project: &ProjectSighting) -> Option<&str> {
    match project {
        ProjectSighting::NotFound(path) => Some(path),
        ProjectSighting::Found(_) | ProjectSighting::Unlisted(_) => None,
    }
}

/// A difference, its projects by their paths where GitLab shows them.
fn in_paths(row: Difference, assigned: &[ProjectRef]) -> Row {
    let Difference {
        field,
        desired,
        actual,
    } = row;
    let named = |list: String| {
        if field != "projects" {
            return list;
        }
        let numbers = list.trim_matches(['[', ']']).split(", ");
        let named = numbers.map(|number| {
            let shown = assigned.iter().find(|one| one.id.to_string() == number);
            shown.map_or_else(|| number.to_owned(), |one| one.path.clone())
        });
        format!("[{}]", named.collect::<Vec<_>>().join(", "))
    };
    Row {
        field: field.to_owned(),
        actual: named(actual),
        desired: named(desired),
    }
}

/// Why a runner is none of what spec names; GitLab cannot move one.
fn lives_elsewhere(scope: &Scope, runner: &Runner) -> Option<String> {
    let (kind, target) = match (&scope.group, &scope.project) {
        (Some(group), _) => ("group_type", Some(group)),
        (None, Some(project)) => ("project_type", Some(project)),
        (None, None) => ("instance_type", None),
    };
    let id = runner.id;
    if runner.runner_type != kind {
        let kind = kind.trim_end_matches("_type");
        let is = runner.runner_type.trim_end_matches("_type");
        return Some(format!(
            "spec.scope names {kind}, and runner {id} is of type {is}: GitLab cannot move a runner"
        ));
    }
    let Some(Target {
        path: Some(path), ..
    }) = target
    else {
        return None;
    };
    let here = |shown: &str| shown.eq_ignore_ascii_case(path);
    let shown = runner.projects.as_deref().unwrap_or_default();
    let elsewhere = if kind == "group_type" {
        runner.group_path().is_some_and(|group| !here(group))
    } else {
        !shown.is_empty() && !shown.iter().any(|project| here(&project.path))
    };
    elsewhere.then(|| {
        format!(
            "spec.scope names {path}, and runner {id} lives elsewhere: GitLab cannot move a runner"
        )
    })
}
