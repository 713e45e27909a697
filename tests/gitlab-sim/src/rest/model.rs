//! The attributes of a runner that a request can set, and the model's validations (contract §1.5).
use jiff::Timestamp;

use super::{declare::Declared, refusal::Refusal};
use crate::state::{
    AccessLevel, Boundary, GitLab, GroupId, MAX_TAGS, ProjectId, Runner, RunnerType, facts,
    parse_tags,
};

/// A model error: attribute and message, as shape B shows them.
pub(crate) type ModelError = (String, String);

/// The largest number that the column `maximum_timeout` holds.
const INT4_MAX: i64 = 2_147_483_647;

/// Writes every attribute that was given into a runner that is not saved yet.
pub(crate) fn assign(runner: &mut Runner, given: &Declared) {
    if given.has("description") {
        runner.description = given.text("description").map(str::to_owned);
    }
    for note in ["maintainer_note", "maintenance_note"] {
        if given.has(note) {
            runner.maintenance_note = given.text(note).map(str::to_owned);
        }
    }
    // To Ruby null is as good as false, so that nothing paused is active.
    let truth = |name: &str| {
        let value = given.boolean(name).unwrap_or(false);
        given.has(name).then_some(value)
    };
    runner.active = truth("active").unwrap_or(runner.active);
    runner.active = truth("paused").map_or(runner.active, |paused| !paused);
    runner.locked = truth("locked").unwrap_or(runner.locked);
    runner.run_untagged = truth("run_untagged").unwrap_or(runner.run_untagged);
    runner.access_level = match given.text("access_level") {
        Some("ref_protected") => AccessLevel::RefProtected,
        Some(_) => AccessLevel::NotProtected,
        None => runner.access_level,
    };
    if given.has("maximum_timeout") {
        runner.maximum_timeout = given.integer("maximum_timeout");
    }
    if let Some(tags) = given.list("tag_list") {
        runner.tags = parse_tags(&tags);
    }
}

/// The database refuses some of what the model lets through; Rails answers 500.
pub(crate) fn check_columns(given: &Declared) -> Result<(), Refusal> {
    let null = |name: &str| given.has(name) && given.boolean(name).is_none();
    let timeout = given.integer("maximum_timeout");
    if ["active", "locked", "run_untagged"].into_iter().any(null)
        || timeout.is_some_and(|seconds| seconds > INT4_MAX)
    {
        return Err(Refusal::internal());
    }
    Ok(())
}

/// The model's complaints about a runner as it would be saved, in the order of the model; `before`
/// is what it was, none for a new one, and `given` what has been written into it. Some things are
/// looked at only when they change.
pub(crate) fn validate(
    runner: &Runner,
    before: Option<&Runner>,
    given: &Declared,
) -> Vec<ModelError> {
    let mut errors = Vec::new();
    let mut complain = |attribute: &str, text: &str| {
        errors.push((attribute.to_owned(), text.to_owned()));
    };
    if !runner.run_untagged && runner.tags.is_empty() {
        complain(
            "tags_list",
            "can not be empty when runner is not allowed to pick untagged jobs",
        );
    }
    let tags_changed =
        before.is_none_or(|before| before.tags_as_stored() != runner.tags_as_stored());
    if tags_changed && runner.tags.len() > MAX_TAGS {
        complain(
            "tags_list",
            &format!("Too many tags specified. Please limit the number of tags to {MAX_TAGS}"),
        );
    }
    if before.is_none_or(|before| before.name != runner.name) {
        complain_of_length(&mut complain, "name", runner.name.as_deref(), 256);
    }
    let description = runner.description.as_deref();
    if before.is_none_or(|before| before.description != runner.description) {
        complain_of_length(&mut complain, "description", description, 1024);
    }
    if given.has("access_level") && given.text("access_level").is_none() {
        complain("access_level", "can't be blank");
    }
    if runner.runner_type == RunnerType::Project && runner.projects.is_empty() {
        complain("runner", "needs to be assigned to at least one project");
    }
    if runner.runner_type == RunnerType::Group && runner.group.is_none() {
        complain("runner", "needs to be assigned to exactly one group");
    }
    if runner.maximum_timeout.is_some_and(|seconds| seconds < 600) {
        complain("maximum_timeout", "needs to be at least 10 minutes");
    }
    let note = runner.maintenance_note.as_deref();
    complain_of_length(&mut complain, "maintenance_note", note, 1024);
    errors
}

/// Since NEW a runner must belong where its owner does, which nothing repairs once the owner was
/// transferred (contract §9.1). It is looked at with every save.
pub(crate) fn organization_error(gitlab: &GitLab, runner: &Runner) -> Option<ModelError> {
    let owner = match runner.home()? {
        Boundary::Group(id) => gitlab.groups.get(&id)?.organization,
        Boundary::Project(id) => gitlab.projects.get(&id)?.organization,
        Boundary::User | Boundary::Instance => return None,
    };
    let known = gitlab.since(facts::RUNNER_IN_ORGANIZATION);
    (known && owner != runner.organization).then(|| {
        let text = "must match the organization of the parent group/project";
        ("organization_id".to_owned(), text.to_owned())
    })
}

fn complain_of_length(
    complain: &mut impl FnMut(&str, &str),
    attribute: &str,
    text: Option<&str>,
    limit: usize,
) {
    if text.is_some_and(|text| text.chars().count() > limit) {
        let why = format!("is too long (maximum is {limit} characters)");
        complain(attribute, &why);
    }
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
