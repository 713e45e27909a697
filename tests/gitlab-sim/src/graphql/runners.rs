//! Lists of runners: filters and order (contract §5.2).
use jiff::Timestamp;
use serde_json::Value;

use super::page::Place;
use super::plan::Selected;
use super::read::{Held, Reader, Thing};
use super::runner::paged;
use crate::rest::version_matches;
use crate::state::{Runner, parse_tags};

impl Reader<'_> {
    /// One page of those of the given runners that pass the field's filters.
    pub(super) fn runners_page(&self, runners: Vec<&Runner>, field: &Selected) -> Held {
        let sort = field.arguments.get("sort").and_then(Value::as_str);
        let sort = sort.unwrap_or("CREATED_DESC");
        let rows = runners
            .into_iter()
            .filter(|runner| self.token_shows(runner) && self.passes(runner, field))
            .map(|runner| (place(runner, sort), Thing::Runner(runner.id)))
            .collect();
        paged(rows, field)
    }

    fn passes(&self, runner: &Runner, field: &Selected) -> bool {
        let text = |name: &str| field.arguments.get(name).and_then(Value::as_str);
        let truth = |name: &str| field.arguments.get(name).and_then(Value::as_bool);
        let tags: Vec<String> = field
            .arguments
            .get("tagList")
            .and_then(Value::as_array)
            .map(|tags| {
                tags.iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default();
        truth("paused").is_none_or(|paused| runner.active != paused)
            // GitLab takes `active: false` for nothing said, and `paused` goes before it.
            && (truth("paused").is_some() || truth("active") != Some(true) || runner.active)
            && text("status").is_none_or(|status| {
                self.gitlab.matches_status(runner, &status.to_ascii_lowercase(), self.now)
            })
            && text("type")
                .is_none_or(|kind| runner.runner_type.word() == kind.to_ascii_lowercase())
            && parse_tags(&tags).iter().all(|tag| runner.tags.contains(tag))
            && text("search").is_none_or(|search| is_found(runner, search))
            && field.arguments.get("creatorId").is_none_or(|id| {
                runner.creator.map(|user| user.0) == id.as_u64()
            })
            && text("creatorUsername").is_none_or(|name| self.is_creator(runner, name))
            && text("versionPrefix").is_none_or(|prefix| self.has_version(runner, prefix))
            // Nothing is known of newer versions.
            && text("upgradeStatus").is_none()
    }

    fn is_creator(&self, runner: &Runner, username: &str) -> bool {
        let creator = runner.creator.and_then(|id| self.gitlab.users.get(&id));
        creator.is_some_and(|user| user.username == username)
    }

    fn has_version(&self, runner: &Runner, prefix: &str) -> bool {
        self.gitlab.managers_of(runner.id).any(|manager| {
            manager
                .version
                .as_deref()
                .is_some_and(|version| version_matches(version, prefix))
        })
    }
}

/// By the full token, or by words that are all in the description.
fn is_found(runner: &Runner, search: &str) -> bool {
    let description = runner
        .description
        .as_deref()
        .unwrap_or_default()
        .to_lowercase();
    let mut words = search.split_whitespace().map(str::to_lowercase);
    runner.token.expose() == search || words.all(|word| description.contains(&word))
}

fn place(runner: &Runner, sort: &str) -> Place {
    let (key, nulls) = match sort {
        "CONTACTED_ASC" | "CONTACTED_DESC" => (runner.stored_contacted_at, -1),
        "TOKEN_EXPIRES_AT_ASC" | "TOKEN_EXPIRES_AT_DESC" => (runner.token_expires_at, 1),
        _ => (Some(runner.created_at), 0),
    };
    let Place(_, _, id) = Place::by_id(runner.id.0);
    let null = if key.is_none() { nulls } else { 0 };
    let key = key.map_or(0, Timestamp::as_microsecond);
    if sort.ends_with("_DESC") {
        Place(-null, -key, -id)
    } else {
        Place(null, key, id)
    }
}
