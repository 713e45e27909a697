//! Registration with a registration token: contract §3.14.
use crate::rest::{
    call::{Answer, Call},
    declare::{Declared, Kind, Param, Rule, optional, required},
    entity, model,
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{
    AccessLevel, GitLab, GroupId, NewRunner, ProjectId, Registrar, RegistrationType, RunnerType,
};

const DECLARED: [Param; 12] = [
    required("token", Kind::Text),
    optional("description", Kind::Text),
    optional("maintainer_note", Kind::Text),
    optional("maintenance_note", Kind::Text),
    optional("info", Kind::Hash),
    optional("active", Kind::Boolean),
    optional("paused", Kind::Boolean),
    optional("locked", Kind::Boolean),
    optional("access_level", Kind::OneOf(AccessLevel::WORDS)),
    optional("run_untagged", Kind::Boolean),
    optional("tag_list", Kind::List),
    optional("maximum_timeout", Kind::Integer),
];

const RULES: [Rule; 2] = [
    Rule::Exclusive(&["maintainer_note", "maintenance_note"]),
    Rule::Exclusive(&["active", "paused"]),
];

/// Only `info.name` is kept of what the runner says of itself.
pub(crate) fn register(call: &mut Call<'_>) -> Answer {
    let given = call.declared(&DECLARED, &RULES)?.without_blanks();
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
    Ok(Reply::created(entity::registration(&runner)))
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
    let invalid = || Refusal::forbidden_because("invalid token supplied");
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
