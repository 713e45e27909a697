//! `POST /user/runners`: contract §3.20.
use jiff::{SignedDuration, Timestamp};

use super::{
    call::{Answer, Call},
    declare::{Declared, Kind, Param, optional, required},
    entity, model,
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{
    AccessLevel, Caller, GitLab, GroupId, NewRunner, ProjectId, RegistrationType, RunnerType,
    after, facts,
};

const DECLARED: [Param; 9] = [
    required("runner_type", Kind::OneOf(RunnerType::WORDS)),
    optional("description", Kind::Text),
    optional("maintenance_note", Kind::Text),
    optional("paused", Kind::Boolean),
    optional("locked", Kind::Boolean),
    optional("access_level", Kind::OneOf(AccessLevel::WORDS)),
    optional("run_untagged", Kind::Boolean),
    optional("tag_list", Kind::List),
    optional("maximum_timeout", Kind::Integer),
];

/// Not idempotent: repeating it makes a second runner, and the token is never shown again.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let given = declared(call)?;
    let caller = call.caller()?;
    let new = target(call.gitlab, &caller, &given)?;
    let (group, project) = (new.group, new.project);
    let mut runner = call.gitlab.build_runner(&new, call.now);
    expiry(call, &given, &mut runner)?;
    model::assign(&mut runner, &given);
    let mut errors = model::limit_errors(call.gitlab, group, project, call.now);
    errors.extend(model::validate(&runner, None, &given));
    if !errors.is_empty() {
        return Err(Refusal::bad_request(&model::sentence(&errors)));
    }
    model::check_columns(&given)?;
    let id = call.gitlab.insert_runner(runner);
    let runner = call.runner(id.0)?;
    Ok(Reply::created(entity::registration(call.gitlab, &runner)))
}

fn declared(call: &Call<'_>) -> Result<Declared, Refusal> {
    let mut declarations = DECLARED.to_vec();
    match call
        .params
        .get("runner_type")
        .and_then(serde_json::Value::as_str)
    {
        Some("group_type") => declarations.insert(1, required("group_id", Kind::Integer)),
        Some("project_type") => declarations.insert(1, required("project_id", Kind::Integer)),
        Some(_) | None => {}
    }
    if has_expiry(call.gitlab) {
        declarations.push(optional("token_expires_at", Kind::Moment));
        declarations.push(optional("token_rotation_deadline", Kind::Moment));
    }
    Ok(call.declared(&declarations, &[])?.without_blanks())
}

/// Since 18.10, Enterprise Edition.
fn has_expiry(gitlab: &GitLab) -> bool {
    gitlab.since(facts::TOKEN_EXPIRY_PARAMS) && gitlab.settings.enterprise
}

/// Where the runner goes, and whether the caller may put it there. The target is looked up before
/// the rights are, so that an existing one (403) can be told from none (400).
fn target(gitlab: &GitLab, caller: &Caller, given: &Declared) -> Result<NewRunner, Refusal> {
    let new = |runner_type, group, project| NewRunner {
        runner_type,
        group,
        project,
        registration_type: RegistrationType::AuthenticatedUser,
        creator: Some(caller.user.id),
    };
    let (may, new) = match given.text("runner_type") {
        Some("group_type") => {
            let group = gitlab
                .groups
                .get(&GroupId(given.id("group_id")))
                .ok_or_else(|| Refusal::bad_request("Missing/invalid group"))?;
            let may = gitlab.can_create_group_runner(caller, group);
            (may, new(RunnerType::Group, Some(group.id), None))
        }
        Some("project_type") => {
            let project = gitlab
                .projects
                .get(&ProjectId(given.id("project_id")))
                .ok_or_else(|| Refusal::bad_request("Missing/invalid project"))?;
            let may = gitlab.can_create_project_runner(caller, project);
            (may, new(RunnerType::Project, None, Some(project.id)))
        }
        Some(_) | None => (caller.admin, new(RunnerType::Instance, None, None)),
    };
    if may {
        Ok(new)
    } else {
        Err(Refusal::forbidden_because("Insufficient permissions"))
    }
}

/// The expiry rules of contract §3.20; they hold for the first token only.
fn expiry(
    call: &Call<'_>,
    given: &Declared,
    runner: &mut crate::state::Runner,
) -> Result<(), Refusal> {
    let moment = |name| {
        given
            .text(name)
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let (expires, deadline) = (
        moment("token_expires_at"),
        moment("token_rotation_deadline"),
    );
    let now = call.now;
    let refuse = |text: &str| Err(Refusal::bad_request(text));
    if deadline.is_some() && expires.is_none() {
        return refuse("token_expires_at is required when token_rotation_deadline is specified");
    }
    let Some(expires) = expires else {
        return Ok(());
    };
    if expires < after(now, SignedDuration::from_mins(5)) {
        return refuse("token_expires_at must be at least 5 minutes in the future");
    }
    let longest = after(now, SignedDuration::from_hours(24 * 15));
    let longest = runner
        .token_expires_at
        .map_or(longest, |setting| setting.min(longest));
    if expires > longest {
        let longest = entity::iso(longest);
        return refuse(&format!(
            "token_expires_at is too far in the future (maximum is {longest})"
        ));
    }
    if deadline.is_some_and(|deadline| deadline <= now) {
        return refuse("token_rotation_deadline cannot be in the past");
    }
    if deadline.is_some_and(|deadline| deadline > expires) {
        return refuse("token_rotation_deadline must be less than or equal to token_expires_at");
    }
    runner.token_expires_at = Some(expires);
    runner.token_rotation_deadline = deadline;
    Ok(())
}
