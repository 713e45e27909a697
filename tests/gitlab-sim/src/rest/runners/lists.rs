//! Lists of runners: contract §3.1, §3.2, §3.10, §3.11.
use crate::rest::{
    call::{Answer, Call},
    filter::{self, Scopes},
    refusal::Refusal,
};
use crate::state::{Role, RunnerId, RunnerType, facts};

/// Contract §3.1: what the user has a hand in; never instance runners.
pub(crate) fn available(call: &mut Call<'_>) -> Answer {
    let (given, paging) = filter::read(call, Scopes::Statuses)?;
    filter::check_scope(&given, Scopes::Statuses)?;
    let user = call.caller()?.user.id;
    let gitlab = &*call.gitlab;
    let maintains = |id| {
        let role = gitlab
            .projects
            .get(id)
            .and_then(|project| gitlab.project_role(user, project));
        role >= Some(Role::Maintainer)
    };
    let rows: Vec<RunnerId> = gitlab
        .runners
        .values()
        .filter(|runner| match runner.runner_type {
            RunnerType::Instance => false,
            RunnerType::Project => runner.projects.iter().any(maintains),
            RunnerType::Group => {
                let role = runner
                    .group
                    .and_then(|group| gitlab.group_role(user, group));
                role >= Some(Role::Owner)
            }
        })
        .map(|runner| runner.id)
        .collect();
    Ok(filter::reply(call, rows, &given, paging))
}

/// Contract §3.2: administrators, and since NEW auditors.
pub(crate) fn all(call: &mut Call<'_>) -> Answer {
    let (given, paging) = filter::read(call, Scopes::All)?;
    let caller = call.caller()?;
    let auditor = caller.user.auditor && call.gitlab.since(facts::AUDITORS_LIST);
    if !caller.admin && !auditor {
        return Err(Refusal::forbidden());
    }
    let rows: Vec<RunnerId> = call.gitlab.runners.keys().copied().collect();
    Ok(filter::reply(call, rows, &given, paging))
}

/// Contract §3.10.
pub(crate) fn of_project(call: &mut Call<'_>) -> Answer {
    let project = call.project_with_runners()?;
    let (given, paging) = filter::read(call, Scopes::All)?;
    let rows: Vec<RunnerId> = call
        .gitlab
        .runners_for_project(&project)
        .iter()
        .map(|runner| runner.id)
        .collect();
    Ok(filter::reply(call, rows, &given, paging))
}

/// Contract §3.11: looks up the tree, never down; `scope` is ignored.
pub(crate) fn of_group(call: &mut Call<'_>) -> Answer {
    let (caller, group) = (call.caller()?, call.group()?);
    if !call.gitlab.can_read_group_runners(&caller, group.id) {
        return Err(Refusal::forbidden());
    }
    let (given, paging) = filter::read(call, Scopes::Ignored)?;
    let rows: Vec<RunnerId> = call
        .gitlab
        .runners_for_group(&group)
        .iter()
        .map(|runner| runner.id)
        .collect();
    Ok(filter::reply(call, rows, &given, paging))
}
