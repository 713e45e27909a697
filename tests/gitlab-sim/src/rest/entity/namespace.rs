//! Groups and projects, as far as a client of runners needs them.
use jiff::civil::Date;
use serde_json::{Value, json};

use super::iso;
use crate::state::{GitLab, Group, Namespace, Project, facts};

/// Contract §2.2, `projects`: the basic project details.
pub(crate) fn basic_project(gitlab: &GitLab, project: &Project) -> Value {
    json!({
        "id": project.id,
        "description": project.description,
        "name": project.name,
        "name_with_namespace": gitlab.name_with_namespace(project),
        "path": project.path,
        "path_with_namespace": gitlab.path_with_namespace(project),
        "created_at": iso(project.created_at),
    })
}

/// `GET /projects/:id`, with the fields that do not depend on a repository.
pub(crate) fn project(gitlab: &GitLab, project: &Project) -> Value {
    let path = gitlab.path_with_namespace(project);
    let namespace_path = path.rsplit_once('/').map_or("", |(namespace, _)| namespace);
    let (id, name, kind) = match project.namespace {
        Namespace::Group(id) => (
            id.0,
            gitlab.groups.get(&id).map(|group| group.name.clone()),
            "group",
        ),
        Namespace::User(id) => (
            id.0,
            gitlab.users.get(&id).map(|user| user.name.clone()),
            "user",
        ),
    };
    let mut shown = basic_project(gitlab, project);
    let more = json!({
        "web_url": format!("{}/{path}", gitlab.external_url),
        "visibility": project.visibility.word(),
        "archived": project.archived,
        "topics": project.topics,
        "default_branch": "main",
        "shared_runners_enabled": project.shared_runners_enabled,
        "group_runners_enabled": project.group_runners_enabled,
        "namespace": {
            "id": id,
            "name": name,
            "path": namespace_path.rsplit('/').next(),
            "kind": kind,
            "full_path": namespace_path,
            "web_url": format!("{}/{namespace_path}", gitlab.external_url),
        },
    });
    if let (Value::Object(fields), Value::Object(more)) = (&mut shown, more) {
        fields.extend(more);
    }
    add_deletion(gitlab, project.marked_for_deletion_on, &mut shown);
    shown
}

/// Since 18.0, when deletions came to be scheduled everywhere (contract §9.3).
fn add_deletion(gitlab: &GitLab, marked: Option<Date>, shown: &mut Value) {
    let known = gitlab.since(facts::DELETION_SCHEDULED);
    if let (true, Value::Object(fields)) = (known, shown) {
        let marked = marked.map(|day| day.to_string());
        fields.insert("marked_for_deletion_on".to_owned(), json!(marked));
    }
}

/// `GET /groups/:id`.
pub(crate) fn group(gitlab: &GitLab, group: &Group) -> Value {
    let path = gitlab.full_path(group.id);
    let mut shown = json!({
        "id": group.id,
        "web_url": format!("{}/groups/{path}", gitlab.external_url),
        "name": group.name,
        "path": group.path,
        "description": group.description,
        "visibility": group.visibility.word(),
        "full_name": gitlab.full_name(group.id),
        "full_path": path,
        "created_at": iso(group.created_at),
        "parent_id": group.parent,
        "shared_runners_setting":
            if group.shared_runners_enabled { "enabled" } else { "disabled_and_unoverridable" },
    });
    if let (true, Value::Object(fields)) = (gitlab.since(facts::ORGANIZATIONS), &mut shown) {
        fields.insert("organization_id".to_owned(), json!(group.organization));
    }
    add_deletion(gitlab, group.marked_for_deletion_on, &mut shown);
    let known = gitlab.since(facts::ARCHIVED_GROUPS);
    if let (true, Value::Object(fields)) = (known, &mut shown) {
        fields.insert("archived".to_owned(), json!(group.archived));
    }
    shown
}
