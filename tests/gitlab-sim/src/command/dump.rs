//! The world as JSON, with everything that replies never show.
use serde_json::{Value, json};

use crate::{
    rest::{granular_scopes, iso, iso_or_null},
    state::{GitLab, Group, Namespace, Project, Runner, RunnerId},
};

/// Every runner.
pub(super) fn runners(gitlab: &GitLab) -> Value {
    json!(
        gitlab
            .runners
            .values()
            .map(|one| runner(gitlab, one))
            .collect::<Vec<_>>()
    )
}

/// One runner by number; null when it is gone.
pub(super) fn one_runner(gitlab: &GitLab, id: RunnerId) -> Value {
    gitlab
        .runners
        .get(&id)
        .map_or(Value::Null, |found| runner(gitlab, found))
}

fn runner(gitlab: &GitLab, runner: &Runner) -> Value {
    let managers: Vec<Value> = gitlab
        .managers_of(runner.id)
        .map(|manager| {
            json!({
                "id": manager.id,
                "system_id": manager.system_id,
                "version": manager.version,
                "revision": manager.revision,
                "platform": manager.platform,
                "architecture": manager.architecture,
                "executor": manager.executor,
                "ip_address": manager.ip_address,
                "contacted_at": iso_or_null(manager.contacted_at),
                "creation_state": manager.creation_state,
            })
        })
        .collect();
    json!({
        "id": runner.id,
        "runner_type": runner.runner_type.word(),
        "description": runner.description,
        "name": runner.name,
        "paused": !runner.active,
        "locked": runner.locked,
        "run_untagged": runner.run_untagged,
        "access_level": runner.access_level,
        "maximum_timeout": runner.maximum_timeout,
        "maintenance_note": runner.maintenance_note,
        "tag_list": runner.tags,
        "group": runner.group.map(|id| gitlab.full_path(id)),
        "projects": runner
            .projects
            .iter()
            .filter_map(|id| gitlab.projects.get(id))
            .map(|project| gitlab.path_with_namespace(project))
            .collect::<Vec<_>>(),
        "token": runner.token.expose(),
        "token_expires_at": iso_or_null(runner.token_expires_at),
        "token_rotation_deadline": iso_or_null(runner.token_rotation_deadline),
        "created_at": iso(runner.created_at),
        "updated_at": iso(runner.updated_at),
        "contacted_at": iso_or_null(runner.contacted_at),
        "stored_contacted_at": iso_or_null(runner.stored_contacted_at),
        "creation_state": runner.creation_state,
        "registration_type": runner.registration_type,
        "creator": runner
            .creator
            .and_then(|id| gitlab.users.get(&id))
            .map(|user| user.username.as_str()),
        "managers": managers,
    })
}

/// Everything.
pub(super) fn world(gitlab: &GitLab) -> Value {
    json!({
        "settings": gitlab.settings,
        "runners_token": gitlab.runners_token.expose(),
        "organizations": gitlab.organizations,
        "read_only_organizations": gitlab.read_only_organizations,
        "redirects": gitlab.redirects,
        "remembered": gitlab.remembered.keys().collect::<Vec<_>>(),
        "users": gitlab.users.values().map(|user| json!({
            "id": user.id,
            "username": user.username,
            "name": user.name,
            "email": user.email,
            "admin": user.admin,
            "auditor": user.auditor,
            "external": user.external,
            "bot": user.bot,
            "state": user.state,
            "granular_tokens": user.granular_tokens,
        })).collect::<Vec<_>>(),
        "tokens": tokens(gitlab),
        "groups": gitlab.groups.values().map(|one| group(gitlab, one)).collect::<Vec<_>>(),
        "projects": gitlab.projects.values().map(|one| project(gitlab, one)).collect::<Vec<_>>(),
        "runners": runners(gitlab),
        "jobs": jobs(gitlab),
    })
}

fn tokens(gitlab: &GitLab) -> Vec<Value> {
    gitlab
        .access_tokens
        .values()
        .map(|token| {
            json!({
                "id": token.id,
                "name": token.name,
                "user": gitlab.users.get(&token.user).map(|user| user.username.as_str()),
                "token": token.token.expose(),
                "kind": token.kind,
                "scopes": token.scopes,
                "granular_scopes": granular_scopes(&token.grants),
                "expires_at": token.expires_at,
                "revoked": token.revoked,
                "family": token.family,
                "last_used_at": iso_or_null(token.last_used_at),
            })
        })
        .collect()
}

fn members(
    gitlab: &GitLab,
    members: &std::collections::BTreeMap<crate::UserId, crate::Role>,
) -> Value {
    let named: serde_json::Map<String, Value> = members
        .iter()
        .filter_map(|(id, role)| Some((gitlab.users.get(id)?.username.clone(), json!(role))))
        .collect();
    Value::Object(named)
}

fn group(gitlab: &GitLab, group: &Group) -> Value {
    json!({
        "id": group.id,
        "path": gitlab.full_path(group.id),
        "name": group.name,
        "visibility": group.visibility,
        "organization": group.organization,
        "members": members(gitlab, &group.members),
        "runners_token": group.runners_token.expose(),
        "runner_registration_enabled": group.runner_registration_enabled,
        "allow_runner_registration_token": group.allow_runner_registration_token,
        "shared_runners_enabled": group.shared_runners_enabled,
        "archived": group.archived,
        "marked_for_deletion_on": group.marked_for_deletion_on,
        "granular_tokens_enforced": group.granular_tokens_enforced,
        "runner_token_expiration_interval": group.runner_token_expiration_interval,
        "subgroup_runner_token_expiration_interval":
            group.subgroup_runner_token_expiration_interval,
        "project_runner_token_expiration_interval":
            group.project_runner_token_expiration_interval,
    })
}

fn project(gitlab: &GitLab, project: &Project) -> Value {
    json!({
        "id": project.id,
        "path": gitlab.path_with_namespace(project),
        "name": project.name,
        "visibility": project.visibility,
        "organization": project.organization,
        "in_group": matches!(project.namespace, Namespace::Group(_)),
        "members": members(gitlab, &project.members),
        "runners_token": project.runners_token.expose(),
        "runner_registration_enabled": project.runner_registration_enabled,
        "group_runners_enabled": project.group_runners_enabled,
        "shared_runners_enabled": project.shared_runners_enabled,
        "archived": project.archived,
        "marked_for_deletion_on": project.marked_for_deletion_on,
        "runner_token_expiration_interval": project.runner_token_expiration_interval,
    })
}

fn jobs(gitlab: &GitLab) -> Vec<Value> {
    gitlab
        .jobs
        .values()
        .map(|job| {
            json!({
                "id": job.id,
                "project": job.project,
                "name": job.name,
                "status": job.status,
                "tag_list": job.tags,
                "runner": job.runner,
                "manager": job.manager,
                "token": job.token.expose(),
                "trace": String::from_utf8_lossy(&job.trace),
                "started_at": iso_or_null(job.started_at),
                "finished_at": iso_or_null(job.finished_at),
            })
        })
        .collect()
}
