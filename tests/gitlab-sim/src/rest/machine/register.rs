//! Registration with a registration token: contract §3.14.
use super::info;
use crate::rest::{
    call::{Answer, Call},
    declare::{Declared, Kind, Param, Rule, optional, required},
    entity, model,
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{
    AccessLevel, GitLab, GroupId, NewRunner, ProjectId, Registrar, RegistrationType, RunnerType,
    Version, facts,
};

const DECLARED: [(Version, Param); 12] = [
    (facts::ALWAYS, required("token", Kind::Text)),
    (facts::ALWAYS, optional("description", Kind::Text)),
    (
        facts::MAINTAINER_NOTE,
        optional("maintainer_note", Kind::Text),
    ),
    (
        facts::MAINTENANCE_NOTE,
        optional("maintenance_note", Kind::Text),
    ),
    (facts::ALWAYS, optional("info", Kind::Hash)),
    (facts::ALWAYS, optional("active", Kind::Boolean)),
    (facts::PAUSED, optional("paused", Kind::Boolean)),
    (facts::ALWAYS, optional("locked", Kind::Boolean)),
    (
        facts::ALWAYS,
        optional("access_level", Kind::OneOf(AccessLevel::WORDS)),
    ),
    (facts::ALWAYS, optional("run_untagged", Kind::Boolean)),
    (facts::ALWAYS, optional("tag_list", Kind::List)),
    (facts::ALWAYS, optional("maximum_timeout", Kind::Integer)),
];

/// A typo let both notes pass before.
const RULES: [(Version, Rule<'static>); 2] = [
    (
        facts::INVALID_TOKEN_WORDS,
        Rule::Exclusive(&["maintainer_note", "maintenance_note"]),
    ),
    (facts::PAUSED, Rule::Exclusive(&["active", "paused"])),
];

/// Only `info.name` is kept of what the runner says of itself, and all of it where the runner has
/// no machines (contract §11).
pub(crate) fn register(call: &mut Call<'_>) -> Answer {
    let since = |version| call.gitlab.since(version);
    let declared = DECLARED.into_iter().filter(|(from, _)| since(*from));
    let declared: Vec<Param> = declared.map(|(_, param)| param).collect();
    let rules: Vec<_> = RULES
        .into_iter()
        .filter(|(from, _)| since(*from))
        .map(|(_, rule)| rule)
        .collect();
    let given = call.declared(&declared, &rules)?.without_blanks();
    let new = registrar(call.gitlab, given.text("token").unwrap_or_default())?;
    let (group, project) = (new.group, new.project);
    let mut runner = call.gitlab.build_runner(&new, call.now);
    runner.name = name(&given);
    model::assign(&mut runner, &given);
    let mut errors = model::limit_errors(call.gitlab, group, project, call.now);
    errors.extend(model::validate(&runner, None, &given));
    if !errors.is_empty() {
        return Err(Refusal::attributes(&errors));
    }
    model::check_columns(&given)?;
    let id = call.gitlab.insert_runner(runner);
    let runner = call.runner(id.0)?;
    if !call.gitlab.since(facts::MANAGER_ROWS) {
        info::introduce(call, &runner, &given)?;
    }
    Ok(Reply::created(entity::registration(call.gitlab, &runner)))
}

fn name(given: &Declared) -> Option<String> {
    let name = given.hash("info")?.get("name")?.as_str()?;
    Some(name.to_owned()).filter(|name| !name.trim().is_empty())
}

/// Who a registration token registers for. With registration tokens off, one that matches nothing
/// is gone like the others, unless it is empty; a project's or group's is recognised first, then
/// the switch decides.
fn registrar(gitlab: &GitLab, token: &str) -> Result<NewRunner, Refusal> {
    let gone = || Refusal::message(410, "410 Gone - runner registration disallowed");
    let invalid = || {
        if gitlab.since(facts::INVALID_TOKEN_WORDS) {
            Refusal::forbidden_because("invalid token supplied")
        } else {
            Refusal::forbidden()
        }
    };
    let allowed = gitlab.settings.registration_tokens_allowed();
    if token.trim().is_empty() {
        return Err(invalid());
    }
    if token == gitlab.runners_token.expose() {
        return if allowed {
            Ok(new(RunnerType::Instance, None, None))
        } else {
            Err(gone())
        };
    }
    let found = project_of(gitlab, token).or_else(|| group_of(gitlab, token));
    match found {
        Some((new, true)) => Ok(new),
        Some((_, false)) => Err(gone()),
        None => Err(if allowed { invalid() } else { gone() }),
    }
}

fn new(runner_type: RunnerType, group: Option<GroupId>, project: Option<ProjectId>) -> NewRunner {
    let registration_type = RegistrationType::RegistrationToken;
    NewRunner {
        runner_type,
        group,
        project,
        registration_type,
        creator: None,
    }
}

/// The project of a token, and whether tokens work there.
fn project_of(gitlab: &GitLab, token: &str) -> Option<(NewRunner, bool)> {
    let known = gitlab.settings.lets_register(Registrar::Project);
    let project = gitlab
        .projects
        .values()
        .find(|project| known && project.runners_token.expose() == token)?;
    let open = gitlab.registration_tokens_work(&gitlab.groups_above(project));
    Some((new(RunnerType::Project, None, Some(project.id)), open))
}

fn group_of(gitlab: &GitLab, token: &str) -> Option<(NewRunner, bool)> {
    let known = gitlab.settings.lets_register(Registrar::Group);
    let group = gitlab
        .groups
        .values()
        .find(|group| known && group.runners_token.expose() == token)?;
    let open = gitlab.registration_tokens_work(&gitlab.ancestry(group.id));
    Some((new(RunnerType::Group, Some(group.id), None), open))
}
