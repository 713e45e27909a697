//! Runners and managers (contract §2.1 to §2.5).
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{basic_project, basic_user, iso_or_null};
use crate::state::{Caller, GitLab, Manager, Runner, RunnerType, Version, facts, is_online};

/// Contract §2.1: one row of a list.
pub(crate) fn list_item(gitlab: &GitLab, runner: &Runner, now: Timestamp) -> Value {
    Value::Object(common(gitlab, runner, now))
}

fn common(gitlab: &GitLab, runner: &Runner, now: Timestamp) -> Map<String, Value> {
    // Since 17.0 the address is always null, whatever the docs print.
    let ip_address = if gitlab.since(facts::NO_ADDRESS) {
        None
    } else {
        runner.ip_address.as_deref()
    };
    let online = runner.contacted_at.map(|at| is_online(Some(at), now));
    let mut fields = Map::new();
    let mut show = |name: &str, since: Version, value: Value| {
        if gitlab.since(since) {
            fields.insert(name.to_owned(), value);
        }
    };
    show("id", facts::ALWAYS, json!(runner.id));
    show("description", facts::ALWAYS, json!(runner.description));
    show("ip_address", facts::ALWAYS, json!(ip_address));
    show("active", facts::ALWAYS, json!(runner.active));
    show("paused", facts::PAUSED, json!(!runner.active));
    let shared = runner.runner_type == RunnerType::Instance;
    show("is_shared", facts::ALWAYS, json!(shared));
    let kind = runner.runner_type.word();
    show("runner_type", facts::STATUS_WORDS, json!(kind));
    show("name", facts::ALWAYS, json!(runner.name));
    show("online", facts::ALWAYS, json!(online));
    let status = gitlab.rest_status(runner, now);
    show("status", facts::ALWAYS, json!(status));
    let busy = gitlab.job_execution_status(runner);
    show(
        "job_execution_status",
        facts::JOB_EXECUTION_STATUS,
        json!(busy),
    );
    let created_at = super::iso(runner.created_at);
    show("created_at", facts::CREATED_IN_LISTS, json!(created_at));
    // Without a creator the key is absent, not null.
    if let Some(creator) = runner.creator.and_then(|id| gitlab.users.get(&id)) {
        let creator = basic_user(gitlab, creator);
        show("created_by", facts::CREATED_IN_LISTS, creator);
    }
    fields
}

/// How contract §2.2 is to be shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DetailsView<'a> {
    /// Who looks.
    pub(crate) caller: &'a Caller,
    /// Whether to name the projects (since NEW, `include_projects`).
    pub(crate) projects: bool,
    /// The tags in the order they were just given, or as stored (contract §1.6, 4).
    pub(crate) tags: &'a [String],
}

/// Contract §2.2: everything of one runner.
pub(crate) fn details(
    gitlab: &GitLab,
    runner: &Runner,
    view: DetailsView<'_>,
    now: Timestamp,
) -> Value {
    let DetailsView {
        caller,
        projects,
        tags,
    } = view;
    let manager = gitlab.latest_manager(runner.id);
    let of_manager =
        |field: fn(&Manager) -> &Option<String>| manager.and_then(|m| field(m).as_ref());
    // Hidden since NEW from those who may only read.
    let shows_note = !gitlab.since(facts::NOTE_HIDDEN) || gitlab.can_update_runner(caller, runner);
    let note = runner.maintenance_note.as_ref().filter(|_| shows_note);
    let mut fields = common(gitlab, runner, now);
    for (name, value) in [
        ("tag_list", json!(tags)),
        ("run_untagged", json!(runner.run_untagged)),
        ("locked", json!(runner.locked)),
        ("maximum_timeout", json!(runner.maximum_timeout)),
        ("access_level", json!(runner.access_level.word())),
        ("version", json!(of_manager(|m| &m.version))),
        ("revision", json!(of_manager(|m| &m.revision))),
        ("platform", json!(of_manager(|m| &m.platform))),
        ("architecture", json!(of_manager(|m| &m.architecture))),
        ("contacted_at", iso_or_null(runner.contacted_at)),
    ] {
        fields.insert(name.to_owned(), value);
    }
    if gitlab.since(facts::NOTE_OVER_REST) {
        fields.insert("maintenance_note".to_owned(), json!(note));
    }
    if gitlab.since(facts::EXPIRY_IN_DETAILS) {
        let end = iso_or_null(runner.token_expires_at);
        fields.insert("token_expires_at".to_owned(), end);
    }
    if projects {
        fields.insert(
            "projects".to_owned(),
            json!(visible_projects(gitlab, runner, caller)),
        );
    }
    fields.insert(
        "groups".to_owned(),
        json!(visible_groups(gitlab, runner, caller)),
    );
    Value::Object(fields)
}

/// Others than administrators see the projects that they are members of.
fn visible_projects(gitlab: &GitLab, runner: &Runner, caller: &Caller) -> Vec<Value> {
    let mut ids = runner.projects.clone();
    ids.sort();
    ids.iter()
        .filter_map(|id| gitlab.projects.get(id))
        .filter(|project| {
            caller.reads_all() || gitlab.project_role(caller.user.id, project).is_some()
        })
        .map(|project| basic_project(gitlab, project))
        .collect()
}

fn visible_groups(gitlab: &GitLab, runner: &Runner, caller: &Caller) -> Vec<Value> {
    runner
        .group
        .and_then(|id| gitlab.groups.get(&id))
        .filter(|group| caller.reads_all() || gitlab.group_role(caller.user.id, group.id).is_some())
        .map(|group| {
            let url = format!(
                "{}/groups/{}",
                gitlab.external_url,
                gitlab.full_path(group.id)
            );
            json!({ "id": group.id, "web_url": url, "name": group.name })
        })
        .into_iter()
        .collect()
}

/// Contract §2.3: exactly these keys, and the only time that a token is shown.
pub(crate) fn registration(gitlab: &GitLab, runner: &Runner) -> Value {
    let mut shown = json!({ "id": runner.id, "token": runner.token.expose() });
    if let (true, Value::Object(fields)) = (gitlab.since(facts::TOKEN_EXPIRY), &mut shown) {
        let end = iso_or_null(runner.token_expires_at);
        fields.insert("token_expires_at".to_owned(), end);
    }
    shown
}

/// Contract §2.4: a new runner token.
pub(crate) fn token_result(runner: &Runner) -> Value {
    json!({
        "token": runner.token.expose(),
        "token_expires_at": iso_or_null(runner.token_expires_at),
    })
}

/// Contract §2.5: one machine; here the address is the real one.
pub(crate) fn manager(gitlab: &GitLab, manager: &Manager, now: Timestamp) -> Value {
    let mut shown = json!({
        "id": manager.id,
        "system_id": manager.system_id,
        "version": manager.version,
        "revision": manager.revision,
        "platform": manager.platform,
        "architecture": manager.architecture,
        "created_at": super::iso(manager.created_at),
        "contacted_at": iso_or_null(manager.contacted_at),
        "ip_address": manager.ip_address,
        "status": gitlab.manager_status(manager, now),
    });
    if let (true, Value::Object(fields)) = (gitlab.since(facts::JOB_EXECUTION_STATUS), &mut shown) {
        fields.insert(
            "job_execution_status".to_owned(),
            json!(gitlab.manager_execution_status(manager)),
        );
    }
    shown
}
