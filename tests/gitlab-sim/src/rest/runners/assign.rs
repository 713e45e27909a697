//! Which projects a runner serves: contract §3.12, §3.13.
use crate::rest::{
    call::{Answer, Call},
    declare::{Kind, required},
    entity,
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{Caller, GitLab, Project, Runner, RunnerType, facts};

/// Contract §3.12: neither idempotent nor ever 409.
pub(crate) fn assign(call: &mut Call<'_>) -> Answer {
    let (caller, project) = (call.caller()?, call.project_with_runners()?);
    let given = call.declared(&[required("runner_id", Kind::Integer)], &[])?;
    if !call.gitlab.can_create_project_runner(&caller, &project) {
        return Err(Refusal::forbidden());
    }
    let runner = call.runner(given.id("runner_id"))?;
    may_assign(call.gitlab, &caller, &runner)?;
    if runner.runner_type == RunnerType::Instance {
        // The model raises, and nobody catches it.
        return Err(Refusal::internal());
    }
    if let Some(reason) = service_refusal(call, &runner, &project) {
        return Err(Refusal::message(400, reason));
    }
    let now = call.now;
    if let Some(runner) = call.gitlab.runners.get_mut(&runner.id) {
        runner.assign(project.id, now);
    }
    call.gitlab.tick_queue(runner.id);
    let runner = call.runner(runner.id.0)?;
    Ok(Reply::created(entity::list_item(call.gitlab, &runner, now)))
}

fn may_assign(gitlab: &GitLab, caller: &Caller, runner: &Runner) -> Result<(), Refusal> {
    if runner.runner_type == RunnerType::Group {
        return Err(Refusal::forbidden_because("Runner is a group runner"));
    }
    if caller.admin {
        return Ok(());
    }
    if runner.locked {
        return Err(Refusal::forbidden_because("Runner is locked"));
    }
    if !gitlab.can_manage_as_owner(caller, runner) {
        return Err(Refusal::forbidden_because("No access granted"));
    }
    Ok(())
}

/// The service's own rules, in its order, each with its reason symbol.
fn service_refusal(call: &Call<'_>, runner: &Runner, project: &Project) -> Option<String> {
    let invalid = |text: String| {
        Some(format!(
            "Assign to Validation failed: Runner projects {text} - runner_error"
        ))
    };
    if runner.organization != project.organization && call.gitlab.since(facts::ORGANIZATIONS) {
        return Some(
            "runner can only be assigned to projects in the same organization - \
             project_not_in_same_organization"
                .to_owned(),
        );
    }
    if runner.projects.is_empty() && call.gitlab.since(facts::NO_TAKING_ORPHANS) {
        let text = "Taking over an orphaned project runner is not allowed";
        return Some(format!("Assign to {text} - runner_error"));
    }
    if runner.projects.contains(&project.id) {
        return invalid("runner has already been taken".to_owned());
    }
    call.gitlab
        .project_limit_reached(project.id, call.now)
        .and_then(|limit| {
            invalid(format!(
                "base Maximum number of ci registered project runners ({limit}) exceeded"
            ))
        })
}

/// Contract §3.13.
pub(crate) fn unassign(call: &mut Call<'_>) -> Answer {
    let (caller, project) = (call.caller()?, call.project_with_runners()?);
    let given = call.declared(&[required("runner_id", Kind::Integer)], &[])?;
    let (runner, assigned_at) = call
        .runner(given.id("runner_id"))
        .ok()
        .and_then(|runner| {
            let assigned_at = runner.assigned_at(project.id)?;
            Some((runner, assigned_at))
        })
        .ok_or_else(|| Refusal::not_found("Runner"))?;
    if call.gitlab.since(facts::UNASSIGN_CHECKS) && !caller.admin {
        if runner.locked {
            return Err(Refusal::forbidden_because("Runner is locked"));
        }
        if !call.gitlab.can_manage_as_owner(&caller, &runner) {
            return Err(Refusal::forbidden_because("No access granted"));
        }
    }
    let service = call.gitlab.since(facts::OWNER_STAYS);
    let unmodified = call.check_unmodified_since(assigned_at);
    let owned = stays_owned(service, &runner, &project);
    // The service that refuses since 17.x is called once the date was looked at; the count of
    // projects that came before it was taken first.
    if service {
        unmodified.and(owned)
    } else {
        owned.and(unmodified)
    }?;
    if let Some(runner) = call.gitlab.runners.get_mut(&runner.id) {
        runner.unassign(project.id);
    }
    call.gitlab.tick_queue(runner.id);
    Ok(Reply::no_content())
}

/// The owner project stays; before 17.11 any one project had to.
fn stays_owned(owner_stays: bool, runner: &Runner, project: &Project) -> Result<(), Refusal> {
    let text = if owner_stays && runner.owner_project() == Some(project.id) {
        "You cannot unassign a runner from the owner project. Delete the runner instead"
    } else if !owner_stays && runner.projects.len() <= 1 {
        "Only one project associated with the runner. Please remove the runner instead"
    } else {
        return Ok(());
    };
    Err(Refusal::forbidden_because(text))
}
