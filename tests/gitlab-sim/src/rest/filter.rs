//! The filters that the lists of runners share (contract §3.1, §3.2, §3.10, §3.11).
use super::{
    call::Call,
    declare::{Declared, Kind, Param, optional},
    entity,
    page::Paging,
    refusal::Refusal,
    reply::Reply,
};
use crate::state::{GitLab, Manager, Runner, RunnerId, RunnerType, Version, facts, parse_tags};

const STATUSES: &[&str] = &[
    "active",
    "paused",
    "online",
    "offline",
    "never_contacted",
    "stale",
];

/// Everything `scope` is declared to take; what a list then allows is another matter.
const SCOPES: &[&str] = &[
    "specific",
    "shared",
    "instance_type",
    "group_type",
    "project_type",
    "active",
    "paused",
    "online",
    "offline",
    "never_contacted",
    "stale",
];

/// What there is since other filters and words came (contract §11).
const FILTERS: [(Version, Param); 4] = [
    (
        facts::ALWAYS,
        optional("type", Kind::OneOf(RunnerType::WORDS)),
    ),
    (facts::PAUSED, optional("paused", Kind::Boolean)),
    (facts::ALWAYS, optional("tag_list", Kind::List)),
    (
        facts::VERSION_PREFIX,
        optional("version_prefix", Kind::Like(is_version_prefix)),
    ),
];

const OLDER_STATUSES: &[&str] = &["active", "paused", "online", "offline"];
const OLDER_SCOPES: &[&str] = &[
    "specific",
    "shared",
    "instance_type",
    "group_type",
    "project_type",
    "active",
    "paused",
    "online",
    "offline",
];

/// Which values of the deprecated `scope` a list allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scopes {
    /// Undeclared, so ignored.
    Ignored,
    /// Status words only; the others are refused (contract §1.3).
    Statuses,
    /// Kinds of runner too.
    All,
}

/// Ruby's `^` is the beginning of any line.
fn is_version_prefix(text: &str) -> bool {
    let begins_well = |letter: char| letter.is_ascii_digit() || letter == '.' || letter == '+';
    text.split('\n').any(|line| line.starts_with(begins_well))
}

/// The filters of a request; reading them before anything else is Grape's order.
pub(crate) fn read(call: &Call<'_>, scopes: Scopes) -> Result<(Declared, Paging), Refusal> {
    let gitlab = &*call.gitlab;
    let (words, kinds) = if gitlab.since(facts::STATUS_WORDS) {
        (STATUSES, SCOPES)
    } else {
        (OLDER_STATUSES, OLDER_SCOPES)
    };
    let mut declarations = vec![optional("status", Kind::OneOf(words))];
    if scopes != Scopes::Ignored {
        declarations.push(optional("scope", Kind::OneOf(kinds)));
    }
    let known = FILTERS.into_iter().filter(|(from, _)| gitlab.since(*from));
    declarations.extend(known.map(|(_, filter)| filter));
    declarations.extend(super::page::PAGING);
    let given = call.declared(&declarations, &[])?;
    Ok((given, Paging::of(call)?))
}

/// Refuses a scope that is declared but not allowed on this list.
pub(crate) fn check_scope(given: &Declared, scopes: Scopes) -> Result<(), Refusal> {
    match given.text("scope") {
        Some(word) if scopes == Scopes::Statuses && !STATUSES.contains(&word) => {
            Err(Refusal::message(400, "Scope contains invalid value"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The rows that pass every filter, as a page.
pub(crate) fn reply(
    call: &Call<'_>,
    rows: impl IntoIterator<Item = RunnerId>,
    given: &Declared,
    paging: Paging,
) -> Reply {
    let (gitlab, now) = (&*call.gitlab, call.now);
    let tags = parse_tags(&given.list("tag_list").unwrap_or_default());
    let mut rows: Vec<&Runner> = rows
        .into_iter()
        .filter_map(|id| gitlab.runners.get(&id))
        .collect();
    rows.sort_by_key(|runner| runner.id);
    rows.retain(|runner| {
        given.text("scope").is_none_or(|word| match word {
            "specific" => runner.runner_type != RunnerType::Instance,
            "shared" => runner.runner_type == RunnerType::Instance,
            _ if RunnerType::WORDS.contains(&word) => runner.runner_type.word() == word,
            _ => gitlab.matches_status(runner, word, now),
        }) && given
            .text("type")
            .is_none_or(|word| runner.runner_type.word() == word)
            && given
                .text("status")
                .is_none_or(|word| gitlab.matches_status(runner, word, now))
            // Given without a value it is none, and so wants runners that are not paused.
            && (!given.has("paused")
                || runner.active != given.boolean("paused").unwrap_or(false))
            && tags.iter().all(|tag| runner.tags.contains(tag))
    });
    if let Some(prefix) = given.text("version_prefix") {
        rows = joined_by_version(gitlab, &rows, prefix);
    }
    paging.reply(call, &rows, |runner| entity::list_item(gitlab, runner, now))
}

/// An inner join with the managers: a runner is listed once for each that matches.
fn joined_by_version<'a>(gitlab: &GitLab, rows: &[&'a Runner], prefix: &str) -> Vec<&'a Runner> {
    let matches = |manager: &&Manager| {
        manager
            .version
            .as_deref()
            .is_some_and(|version| version_matches(version, prefix))
    };
    rows.iter()
        .flat_map(|runner| {
            let times = gitlab.managers_of(runner.id).filter(matches).count();
            std::iter::repeat_n(*runner, times)
        })
        .collect()
}

/// `16` matches `16.*`, `15.0` matches `15.0.*`, three parts match exactly.
pub(crate) fn version_matches(version: &str, prefix: &str) -> bool {
    if prefix.matches('.').count() >= 2 && !prefix.ends_with('.') {
        return version == prefix;
    }
    let prefix = prefix.strip_suffix('.').unwrap_or(prefix);
    version
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.starts_with('.'))
}
