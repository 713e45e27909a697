//! Which projects a runner serves: contract §3.12, §3.13.
use crate::rest::{
    call::{Answer, Call},
    declare::{Kind, required},
    entity,
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{Caller, GitLab, Project, Role, Runner, RunnerType, facts};

/// Contract §3.12: neither idempotent nor ever 409.
pub(crate) fn assign(call: &mut Call<'_>) -> Answer {
    let (caller, project) = (call.caller()?, call.project_with_runners()?);
    let given = call.declared(&[required("runner_id", Kind::Integer)], &[])?;
    if !call.gitlab.can_create_project_runner(&caller, &project) {
        return Err(Refusal::forbidden());
    }
    let runner = call.runner(given.id("runner_id"))?;
    may_assign(call.gitlab, &caller, &runner)?;
    let instance = runner.runner_type == RunnerType::Instance;
    if instance && call.gitlab.since(facts::INSTANCE_STAYS) {
        // The model raises, and nobody catches it.
        return Err(Refusal::internal());
    }
    if let Some(refusal) = service_refusal(call, &runner, &project) {
        return Err(refusal);
    }
    let now = call.now;
    if let Some(runner) = call.gitlab.runners.get_mut(&runner.id) {
        runner.runner_type = RunnerType::Project;
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
    if !gitlab.can_assign_runner(caller, runner) {
        return Err(Refusal::forbidden_because("No access granted"));
    }
    Ok(())
}

/// The service's own rules, in its order: shape A with a reason symbol, and before that shape B.
fn service_refusal(call: &Call<'_>, runner: &Runner, project: &Project) -> Option<Refusal> {
    let gitlab = &*call.gitlab;
    if runner.organization != project.organization && gitlab.since(facts::ORGANIZATIONS) {
        let text = "runner can only be assigned to projects in the same organization - \
                    project_not_in_same_organization";
        return Some(Refusal::message(400, text));
    }
    let failed = |text: &str| {
        if gitlab.since(facts::ASSIGN_SHAPE_A) {
            Refusal::message(400, format!("Assign to {text} - runner_error"))
        } else {
            Refusal::attributes(&[("assign_to".to_owned(), text.to_owned())])
        }
    };
    let orphaned = runner.runner_type == RunnerType::Project && runner.projects.is_empty();
    if orphaned && gitlab.since(facts::NO_TAKING_ORPHANS) {
        let text = "Taking over an orphaned project runner is not allowed";
        return Some(failed(text));
    }
    if runner.projects.contains(&project.id) {
        let text = "Validation failed: Runner projects runner has already been taken";
        return Some(failed(text));
    }
    let limit = gitlab.project_limit_reached(project.id, call.now)?;
    Some(failed(&format!(
        "Validation failed: Runner projects base Maximum number of ci registered project runners \
         ({limit}) exceeded"
    )))
}

/// Contract §3.13.
pub(crate) fn unassign(call: &mut Call<'_>) -> Answer {
    let (caller, project) = (call.caller()?, call.project_with_runners()?);
    let given = call.declared(&[required("runner_id", Kind::Integer)], &[])?;
    let runner = call
        .runner(given.id("runner_id"))
        .ok()
        .filter(|runner| runner.assigned_at(project.id).is_some())
        .ok_or_else(|| Refusal::not_found("Runner"))?;
    match may_unassign(call, &caller, &runner, &project)? {
        Unassignment::Done => {}
        // The service refuses, and nobody looks at what it says.
        Unassignment::Silent => return Ok(Reply::no_content()),
    }
    if let Some(runner) = call.gitlab.runners.get_mut(&runner.id) {
        runner.unassign(project.id);
    }
    call.gitlab.tick_queue(runner.id);
    Ok(Reply::no_content())
}

/// What becomes of an unassignment that is answered with 204.
enum Unassignment {
    Done,
    Silent,
}

/// Contract §3.13: what is looked at, in the order of each release.
fn may_unassign(
    call: &Call<'_>,
    caller: &Caller,
    runner: &Runner,
    project: &Project,
) -> Result<Unassignment, Refusal> {
    let gitlab = &*call.gitlab;
    let unmodified = || {
        let assigned_at = runner.assigned_at(project.id).unwrap_or(call.now);
        call.check_unmodified_since(assigned_at)
    };
    let locked = runner.locked && !caller.admin;
    let owner = runner.owner_project() == Some(project.id);
    let owner_stays = Refusal::forbidden_because(
        "You cannot unassign a runner from the owner project. Delete the runner instead",
    );
    if gitlab.since(facts::UNASSIGN_CHECKS) {
        let may =
            caller.admin || (!owner && gitlab.has_project_role(caller, project, Role::Maintainer));
        return if locked {
            Err(Refusal::forbidden_because("Runner is locked"))
        } else if may {
            unmodified()?;
            if owner {
                Err(owner_stays)
            } else {
                Ok(Unassignment::Done)
            }
        } else {
            Err(Refusal::forbidden_because("No access granted"))
        };
    }
    if !gitlab.since(facts::OWNER_STAYS) && runner.projects.len() <= 1 {
        return Err(Refusal::forbidden_because(
            "Only one project associated with the runner. Please remove the runner instead",
        ));
    }
    unmodified()?;
    if locked && gitlab.since(facts::UNASSIGN_ANSWERS) {
        let text = "User not allowed to assign runner";
        return Err(Refusal::forbidden_because(text));
    }
    if owner && gitlab.since(facts::OWNER_STAYS) {
        return Err(owner_stays);
    }
    if locked && gitlab.since(facts::LOCK_HOLDS) {
        return Ok(Unassignment::Silent);
    }
    Ok(Unassignment::Done)
}
