//! The projects of a group, of which the contract says nothing: see `CHOICES.md`.
use super::{
    call::{Answer, Call},
    declare::{Kind, optional},
    entity,
    page::Paging,
};
use crate::state::{Namespace, Project};

/// Those that the caller may see, by number.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let given = call.declared(
        &[
            optional("archived", Kind::Boolean),
            optional("include_subgroups", Kind::Boolean),
            optional("with_shared", Kind::Boolean),
            optional("topic", Kind::Text),
            optional("order_by", Kind::OneOf(&["id"])),
            optional("sort", Kind::OneOf(&["asc", "desc"])),
        ],
        &[],
    )?;
    let (paging, group) = (Paging::of(call)?, call.group()?);
    let gitlab = &*call.gitlab;
    let below = given.boolean("include_subgroups").unwrap_or(false);
    let archived = given.boolean("archived");
    let topic = given.text("topic");
    let lives_there = |project: &Project| match project.namespace {
        Namespace::Group(id) => id == group.id || below && gitlab.is_within(id, group.id),
        Namespace::User(_) => false,
    };
    let fits = |project: &&Project| {
        lives_there(project)
            && archived.is_none_or(|archived| project.archived == archived)
            && topic.is_none_or(|topic| project.topics.iter().any(|own| own == topic))
            && gitlab.can_read_project(call.caller.as_ref(), project)
    };
    let mut rows: Vec<&Project> = gitlab.projects.values().filter(fits).collect();
    rows.sort_by_key(|project| project.id);
    if given.text("sort") != Some("asc") {
        rows.reverse();
    }
    Ok(paging.reply(call, &rows, |project| entity::project(gitlab, project)))
}
