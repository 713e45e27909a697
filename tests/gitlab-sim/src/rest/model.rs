//! The attributes of a runner that a request can set, and the model's validations (contract §1.5).
use jiff::Timestamp;

use super::declare::Declared;
use crate::state::{
    AccessLevel, GitLab, GroupId, MAX_TAGS, ProjectId, Runner, RunnerType, parse_tags,
};

/// A model error: attribute and message, as shape B shows them.
pub(crate) type ModelError = (String, String);

/// The database refuses what the model let through; Rails answers 500.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotStorable;

/// The largest number that the column `maximum_timeout` holds.
const INT4_MAX: i64 = 2_147_483_647;

/// Writes every attribute that was given into a runner that is not saved yet.
pub(crate) fn assign(runner: &mut Runner, given: &Declared) -> Result<(), NotStorable> {
    if given.has("description") {
        runner.description = given.text("description").map(str::to_owned);
    }
    for note in ["maintainer_note", "maintenance_note"] {
        if given.has(note) {
            runner.maintenance_note = given.text(note).map(str::to_owned);
        }
    }
    if given.has("active") {
        runner.active = given.boolean("active").ok_or(NotStorable)?;
    }
    if given.has("paused") {
        // The service negates the value, and Ruby's `!nil` is true.
        runner.active = !given.boolean("paused").unwrap_or(false);
    }
    if given.has("locked") {
        runner.locked = given.boolean("locked").ok_or(NotStorable)?;
    }
    if given.has("run_untagged") {
        runner.run_untagged = given.boolean("run_untagged").ok_or(NotStorable)?;
    }
    if given.has("access_level") {
        runner.access_level = match given.text("access_level").ok_or(NotStorable)? {
            "ref_protected" => AccessLevel::RefProtected,
            _ => AccessLevel::NotProtected,
        };
    }
    if given.has("maximum_timeout") {
        runner.maximum_timeout = given.integer("maximum_timeout");
        if runner
            .maximum_timeout
            .is_some_and(|seconds| seconds > INT4_MAX)
        {
            return Err(NotStorable);
        }
    }
    if let Some(tags) = given.list("tag_list") {
        runner.tags = parse_tags(&tags);
    }
    Ok(())
}

/// The model's complaints about a runner as it would be saved; `before` is what it was, none for
/// a new one. Lengths and the number of tags are looked at only when they change.
pub(crate) fn validate(runner: &Runner, before: Option<&Runner>) -> Vec<ModelError> {
    let mut errors = Vec::new();
    let mut complain = |attribute: &str, text: &str| {
        errors.push((attribute.to_owned(), text.to_owned()));
    };
    let lengths = [
        (
            "description",
            &runner.description,
            before.map(|b| &b.description),
            1024,
        ),
        ("name", &runner.name, before.map(|b| &b.name), 256),
        (
            "maintenance_note",
            &runner.maintenance_note,
            before.map(|b| &b.maintenance_note),
            1024,
        ),
    ];
    for (attribute, text, old, limit) in lengths {
        let changed = old != Some(text);
        if changed
            && text
                .as_ref()
                .is_some_and(|text| text.chars().count() > limit)
        {
            complain(
                attribute,
                &format!("is too long (maximum is {limit} characters)"),
            );
        }
    }
    if runner.maximum_timeout.is_some_and(|seconds| seconds < 600) {
        complain("maximum_timeout", "needs to be at least 10 minutes");
    }
    let tags_changed =
        before.is_none_or(|before| before.tags_as_stored() != runner.tags_as_stored());
    if tags_changed && runner.tags.len() > MAX_TAGS {
        complain(
            "tags_list",
            &format!("Too many tags specified. Please limit the number of tags to {MAX_TAGS}"),
        );
    }
    if !runner.run_untagged && runner.tags.is_empty() {
        complain(
            "tags_list",
            "can not be empty when runner is not allowed to pick untagged jobs",
        );
    }
    if runner.runner_type == RunnerType::Project && runner.projects.is_empty() {
        complain("runner", "needs to be assigned to at least one project");
    }
    if runner.runner_type == RunnerType::Group && runner.group.is_none() {
        complain("runner", "needs to be assigned to exactly one group");
    }
    errors
}

/// Rails' `full_messages.to_sentence`: `A, B, and C` (contract §3.20).
pub(crate) fn sentence(errors: &[ModelError]) -> String {
    let full: Vec<String> = errors
        .iter()
        .map(|(attribute, text)| format!("{} {text}", humanize(attribute)))
        .collect();
    match full.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [start @ .., last] => format!("{}, and {last}", start.join(", ")),
    }
}

fn humanize(attribute: &str) -> String {
    let words = attribute.replace(['.', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// What the plan's limits have against one more runner (contract §3.14, §4).
pub(crate) fn limit_errors(
    gitlab: &GitLab,
    group: Option<GroupId>,
    project: Option<ProjectId>,
    now: Timestamp,
) -> Vec<ModelError> {
    let in_project = project
        .and_then(|id| gitlab.project_limit_reached(id, now))
        .map(|limit| {
            let text =
                format!("Maximum number of ci registered project runners ({limit}) exceeded");
            ("runner_projects.base".to_owned(), text)
        });
    let in_group = group
        .and_then(|id| gitlab.group_limit_reached(id, now))
        .map(|limit| {
            let text = format!("Maximum number of ci registered group runners ({limit}) exceeded");
            ("runner_namespaces.base".to_owned(), text)
        });
    in_project.into_iter().chain(in_group).collect()
}
