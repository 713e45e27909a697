//! Runners and managers (contract §2.1 to §2.5).
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{basic_project, iso_or_null};
use crate::state::{Caller, GitLab, Manager, Runner, RunnerType, facts, is_online};

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
    for (name, value) in [
        ("id", json!(runner.id)),
        ("description", json!(runner.description)),
        ("ip_address", json!(ip_address)),
        ("active", json!(runner.active)),
        ("paused", json!(!runner.active)),
        (
            "is_shared",
            json!(runner.runner_type == RunnerType::Instance),
        ),
        ("runner_type", json!(runner.runner_type.word())),
        ("name", json!(runner.name)),
        ("online", json!(online)),
        ("status", json!(gitlab.rest_status(runner, now))),
    ] {
        fields.insert(name.to_owned(), value);
    }
    if gitlab.since(facts::JOB_EXECUTION_STATUS) {
        fields.insert(
            "job_execution_status".to_owned(),
            json!(gitlab.job_execution_status(runner)),
        );
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
        ("maintenance_note", json!(note)),
    ] {
        fields.insert(name.to_owned(), value);
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

/// Contract §2.3: exactly three keys, and the only time that a token is shown.
pub(crate) fn registration(runner: &Runner) -> Value {
    json!({
        "id": runner.id,
        "token": runner.token.expose(),
        "token_expires_at": iso_or_null(runner.token_expires_at),
    })
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
