//! Reading one runner: contract §3.3, §3.4, §3.5.
use std::cmp::Reverse;

use serde_json::json;

use crate::rest::{
    call::{Answer, Call},
    declare::{Kind, Param, optional, required},
    entity::{self, DetailsView},
    page::Paging,
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{Caller, Runner, facts};

pub(super) const ID: Param = required("id", Kind::Integer);

/// The runner of the path, if the caller may read it.
pub(super) fn readable(call: &Call<'_>, id: u64) -> Result<(Caller, Runner), Refusal> {
    let (caller, runner) = (call.caller()?, call.runner(id)?);
    if call.gitlab.can_read_runner(&caller, &runner) {
        Ok((caller, runner))
    } else {
        Err(Refusal::forbidden_because("No access granted"))
    }
}

/// Contract §3.3.
pub(crate) fn details(call: &mut Call<'_>) -> Answer {
    let mut declarations = vec![ID];
    if call.gitlab.since(facts::INCLUDE_PROJECTS) {
        declarations.push(optional("include_projects", Kind::Boolean));
    }
    let given = call.declared(&declarations, &[])?;
    let (caller, runner) = readable(call, given.id("id"))?;
    let view = DetailsView {
        caller: &caller,
        projects: given.boolean("include_projects").unwrap_or(true),
        tags: &runner.tags_as_stored(),
    };
    Ok(Reply::ok(entity::details(
        call.gitlab,
        &runner,
        view,
        call.now,
    )))
}

/// Contract §3.4: neither paginated nor ordered.
pub(crate) fn managers(call: &mut Call<'_>) -> Answer {
    let given = call.declared(&[ID], &[])?;
    let (_, runner) = readable(call, given.id("id"))?;
    let shown: Vec<_> = call
        .gitlab
        .managers_of(runner.id)
        .map(|manager| entity::manager(call.gitlab, manager, call.now))
        .collect();
    Ok(Reply::ok(json!(shown)))
}

/// Contract §3.5, since NEW: the projects that the caller can see.
pub(crate) fn projects(call: &mut Call<'_>) -> Answer {
    let given = call.declared(&[ID], &[])?;
    let paging = Paging::of(call)?;
    let (caller, runner) = readable(call, given.id("id"))?;
    let gitlab = &*call.gitlab;
    let mut projects: Vec<_> = runner
        .projects
        .iter()
        .filter_map(|id| gitlab.projects.get(id))
        .filter(|project| gitlab.can_read_project(Some(&caller), project))
        .collect();
    // The finder behind it has an order of its own, the newest first.
    projects.sort_by_key(|project| Reverse(project.id));
    Ok(paging.reply(call, &projects, |project| {
        entity::basic_project(gitlab, project)
    }))
}
