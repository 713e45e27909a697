//! Resetting registration tokens: contract §3.19.
use serde_json::json;

use crate::rest::{
    call::{Answer, Call},
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{Group, Role, Secret};

fn check_allowed(call: &Call<'_>, above: &[&Group]) -> Result<(), Refusal> {
    if call.gitlab.registration_tokens_work(above) {
        Ok(())
    } else {
        Err(Refusal::forbidden())
    }
}

fn shown(token: &Secret) -> Reply {
    Reply::created(json!({ "token": token.expose() }))
}

fn fresh(call: &mut Call<'_>) -> Secret {
    call.gitlab.mint.token("GR1348941", 20)
}

/// The instance's: administrators.
pub(crate) fn of_instance(call: &mut Call<'_>) -> Answer {
    if !call.caller()?.admin {
        return Err(Refusal::forbidden());
    }
    check_allowed(call, &[])?;
    let token = fresh(call);
    call.gitlab.runners_token = token.clone();
    Ok(shown(&token))
}

/// A group's: Owners.
pub(crate) fn of_group(call: &mut Call<'_>) -> Answer {
    let (caller, group) = (call.caller()?, call.group()?);
    let gitlab = &*call.gitlab;
    if !gitlab.has_group_role(&caller, group.id, Role::Owner) || gitlab.is_archived(group.id) {
        return Err(Refusal::forbidden());
    }
    check_allowed(call, &call.gitlab.ancestry(group.id))?;
    let token = fresh(call);
    if let Some(group) = call.gitlab.groups.get_mut(&group.id) {
        group.runners_token = token.clone();
    }
    Ok(shown(&token))
}

/// A project's: Maintainers.
pub(crate) fn of_project(call: &mut Call<'_>) -> Answer {
    let (caller, project) = (call.caller()?, call.project()?);
    if !call
        .gitlab
        .has_project_role(&caller, &project, Role::Maintainer)
    {
        return Err(Refusal::forbidden());
    }
    check_allowed(call, &call.gitlab.groups_above(&project))?;
    let token = fresh(call);
    if let Some(project) = call.gitlab.projects.get_mut(&project.id) {
        project.runners_token = token.clone();
    }
    Ok(shown(&token))
}
