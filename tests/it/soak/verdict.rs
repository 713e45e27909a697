//! What must be true when it is quiet.
use std::collections::BTreeSet;

use gitlab_runner_registrar::api::MANAGER;
use gitlab_runner_registrar::plan::Mark;
use gitlab_runner_registrar::secrets::{MANAGED_BY, TOKEN_KEY};
use http::Method;
use serde_json::{Value, json};

use super::fates::Side;
use super::people::{People, path, secret_of};
use super::world::{Asked, World};
use crate::harness::Manifest;

/// What is not as it must be, now.
pub(super) fn look(people: &People) -> Vec<String> {
    let People {
        world,
        slots,
        backups,
        ..
    } = people;
    let mut wrong = Vec::new();
    let (runners, list) = (world.runners(), |plural| items(world, plural));
    let (objects, secrets) = (list("gitlabrunners"), list("secrets"));
    let declared: Vec<&Value> = slots
        .iter()
        .flat_map(|slot| &slot.declared)
        .map(Manifest::json)
        .collect();
    for object in &objects {
        let name = &object["metadata"]["name"];
        match declared
            .iter()
            .find(|declared| declared["metadata"]["name"] == *name)
        {
            Some(declared) => judge(&mut wrong, declared, object, &secrets, &runners),
            None => wrong.push(format!(
                "{name} was deleted and is still there: {}",
                ready(object)
            )),
        }
    }
    if objects.len() != declared.len() {
        wrong.push(format!(
            "{} objects are declared and {} are there",
            declared.len(),
            objects.len()
        ));
    }
    let uids: BTreeSet<&str> = objects
        .iter()
        .filter_map(|it| it["metadata"]["uid"].as_str())
        .collect();
    for runner in &runners {
        let nobodys = mark(runner).is_some_and(|mark| {
            !uids.contains(mark.uid.as_str()) && !backups.orphaned.contains(&mark.uid)
        });
        if nobodys {
            wrong.push(format!("a runner of no object is there: {}", shown(runner)));
        }
    }
    let wanted: BTreeSet<String> = declared
        .iter()
        .map(|declared| secret_of(declared))
        .collect();
    for secret in &secrets {
        let name = secret["metadata"]["name"].as_str().unwrap_or_default();
        let ours = secret["metadata"]["labels"][MANAGED_BY] == MANAGER;
        if ours && !wanted.contains(name) {
            wrong.push(format!("the Secret {name} of nobody is there"));
        }
    }
    wrong
}

fn judge(
    wrong: &mut Vec<String>,
    declared: &Value,
    object: &Value,
    secrets: &[Value],
    runners: &[Value],
) {
    let (name, metadata, status) = (
        &object["metadata"]["name"],
        &object["metadata"],
        &object["status"],
    );
    let mut is_wrong = |what: String| wrong.push(format!("{name}: {what}"));
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let is_ready = |it: &Value| {
        it["type"] == "Ready"
            && it["status"] == "True"
            && it["observedGeneration"] == metadata["generation"]
    };
    if !conditions.clone().any(is_ready) {
        is_wrong(format!(
            "not ready in generation {}: {}",
            metadata["generation"],
            ready(object)
        ));
    }
    let uid = metadata["uid"].as_str().unwrap_or_default();
    let ours: Vec<&Value> = runners
        .iter()
        .filter(|runner| mark(runner).is_some_and(|mark| mark.uid == uid))
        .collect();
    let [ours] = *ours else {
        let all: Vec<String> = ours.iter().map(|runner| shown(runner)).collect();
        return is_wrong(format!("it has {} runners: {all:?}", all.len()));
    };
    if ours["id"] != status["runner"]["id"] {
        is_wrong(format!(
            "status names {}, GitLab has {}",
            status["runner"]["id"], ours["id"]
        ));
    }
    let tags = |of: &Value| -> BTreeSet<String> {
        let tags = of.as_array().into_iter().flatten();
        tags.filter_map(|tag| tag.as_str().map(str::to_owned))
            .collect()
    };
    if tags(&declared["spec"]["tags"]) != tags(&ours["tag_list"]) {
        is_wrong(format!("its tags are {}", ours["tag_list"]));
    }
    let paused = &declared["spec"]["paused"];
    if paused.is_boolean() && *paused != ours["paused"] {
        is_wrong(format!("paused is {}", ours["paused"]));
    }
    let place = secret_of(declared);
    let secret = secrets
        .iter()
        .find(|secret| secret["metadata"]["name"] == *place);
    let right = encoded(ours["token"].as_str().unwrap_or_default());
    match secret {
        None => is_wrong(format!("there is no Secret {place}")),
        Some(secret) if secret["data"][TOKEN_KEY] != right => {
            is_wrong(format!(
                "the Secret {place} holds another token than GitLab has"
            ));
        }
        Some(_) => {}
    }
}

/// What was asked in a time in which nothing was to be done.
pub(super) fn unasked(asked: &[Asked]) -> Vec<String> {
    // The connection is looked at, sweeps go on, and credentials are read.
    let looks = [
        "/api/v4/personal_access_tokens/self",
        "/api/v4/metadata",
        "/api/v4/user",
        "/api/v4/version",
    ];
    // Where no GraphQL was found, REST lists tell of all runners, and their details are read one after the other.
    let by_rest = asked.iter().any(|asked| is_list(&asked.path));
    let unasked = asked.iter().filter(|asked| match asked.side {
        Side::Kubernetes => {
            asked.method != Method::GET && !asked.path.ends_with("/leases/registrar")
        }
        Side::GitLab => {
            let sweeps = asked.path == "/api/graphql"
                || by_rest && asked.method == Method::GET && asked.path.contains("/runners");
            !sweeps && !looks.contains(&asked.path.as_str())
        }
    });
    unasked
        .map(|asked| {
            format!(
                "asked in a settled world: {:?} {} {} {}",
                asked.side, asked.method, asked.path, asked.body
            )
        })
        .collect()
}

/// Whether that is a list of runners.
fn is_list(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path.ends_with("/runners") || path.ends_with("/runners/all")
}

/// The runners of strangers, as they are.
pub(super) fn strangers(world: &World) -> Vec<Value> {
    world
        .runners()
        .into_iter()
        .filter(|runner| mark(runner).is_none())
        .collect()
}

fn items(world: &World, plural: &str) -> Vec<Value> {
    let list = world
        .kube(Method::GET, &path(plural, ""), Value::Null)
        .unwrap_or_default();
    list["items"].as_array().cloned().unwrap_or_default()
}

fn encoded(text: &str) -> Value {
    json!(k8s_openapi::ByteString(text.into()))
}

pub(super) fn mark(runner: &Value) -> Option<Mark> {
    Mark::split(runner["maintenance_note"].as_str()?).1
}

fn ready(object: &Value) -> String {
    let conditions = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten();
    let ready = conditions.filter(|it| it["type"] == "Ready");
    let said: Vec<String> = ready
        .map(|it| format!("{} {} {}", it["status"], it["reason"], it["message"]))
        .collect();
    said.join("; ")
}

fn shown(runner: &Value) -> String {
    format!(
        "{} {} {}",
        runner["id"], runner["description"], runner["maintenance_note"]
    )
}
