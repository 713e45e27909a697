//! Changing and deleting a runner by number: contract §3.6, §3.7.
use super::show::ID;
use crate::rest::{
    call::{Answer, Call},
    declare::{Kind, Param, Rule, optional},
    entity::{self, DetailsView},
    model,
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{AccessLevel, Version, facts};

/// What can be written, and since when.
const DECLARED: [(Version, Param); 9] = [
    (facts::ALWAYS, optional("description", Kind::Text)),
    (facts::ALWAYS, optional("active", Kind::Boolean)),
    (facts::PAUSED, optional("paused", Kind::Boolean)),
    (facts::ALWAYS, optional("tag_list", Kind::List)),
    (facts::ALWAYS, optional("run_untagged", Kind::Boolean)),
    (facts::ALWAYS, optional("locked", Kind::Boolean)),
    (
        facts::ALWAYS,
        optional("access_level", Kind::OneOf(AccessLevel::WORDS)),
    ),
    (facts::ALWAYS, optional("maximum_timeout", Kind::Integer)),
    (
        facts::NOTE_OVER_REST,
        optional("maintenance_note", Kind::Text),
    ),
];

/// Contract §3.6: only given keys are written; blanks are values here.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let known = DECLARED
        .into_iter()
        .filter(|(from, _)| call.gitlab.since(*from))
        .map(|(_, param)| param);
    let updatable: Vec<Param> = known.collect();
    let names: Vec<&str> = updatable.iter().map(|param| param.name).collect();
    let mut rules = vec![Rule::AtLeastOne(&names)];
    if call.gitlab.since(facts::PAUSED) {
        rules.push(Rule::Exclusive(&["active", "paused"]));
    }
    let declared = [vec![ID], updatable].concat();
    let given = call.declared(&declared, &rules)?;
    let (caller, before) = (call.caller()?, call.runner(given.id("id"))?);
    if !call.gitlab.can_update_runner(&caller, &before) {
        return Err(Refusal::forbidden_because("No access granted"));
    }
    let mut runner = before.clone();
    model::assign(&mut runner, &given);
    let mut errors = model::validate(&runner, Some(&before), &given);
    errors.extend(model::organization_error(call.gitlab, &runner));
    if !errors.is_empty() {
        return Err(Refusal::attributes(&errors));
    }
    model::check_columns(&given)?;
    runner.updated_at = call.now;
    let shown_tags = if given.has("tag_list") {
        runner.tags.clone()
    } else {
        runner.tags_as_stored()
    };
    call.gitlab.runners.insert(runner.id, runner.clone());
    call.gitlab.tick_queue(runner.id);
    let view = DetailsView {
        caller: &caller,
        // `PUT` never sets `include_projects`, which since NEW leaves the key out.
        projects: !call.gitlab.since(facts::INCLUDE_PROJECTS),
        tags: &shown_tags,
    };
    Ok(Reply::ok(entity::details(
        call.gitlab,
        &runner,
        view,
        call.now,
    )))
}

/// Contract §3.7: the number of projects is looked at before the rights, so strangers read the
/// first message too.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let given = call.declared(&[ID], &[])?;
    let (caller, runner) = (call.caller()?, call.runner(given.id("id"))?);
    if !caller.admin {
        if runner.projects.len() > 1 {
            let text = "Runner associated with more than one project";
            return Err(Refusal::forbidden_because(text));
        }
        if !call.gitlab.can_delete_runner(&caller, &runner) {
            return Err(Refusal::forbidden_because("No access granted"));
        }
    }
    call.check_unmodified_since(runner.updated_at)?;
    call.gitlab.delete_runner(runner.id);
    Ok(Reply::no_content())
}
