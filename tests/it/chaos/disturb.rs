//! Doing what the schedule says.
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

use gitlab_runner_registrar::api::v1alpha1::GitLabRunner;
use gitlab_runner_registrar::secrets::{self, TOKEN_KEY};

use super::schedule::{Disturbance, ToLife, ToObject, ToProcess, ToRunner, ToSecret, ToSpec};
use super::slot::{Slot, name};
use super::world::World;
use crate::harness::{Operator, number};

/// How long somebody waits for an object to be gone who wants to make it anew.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(300);

pub(super) async fn disturb(world: &World, what: &Disturbance) {
    match what {
        Disturbance::Operator(operator, how) => to_operator(world, *operator, *how).await,
        Disturbance::ApiServer(how) => to_api_server(world, *how).await,
        Disturbance::GitLab(how, rule, moment) => {
            let what = format!("for {moment:?}: {rule:?}");
            world.note(None, &format!("GitLab {how}"), what);
            let fault = world.gitlab.misbehaves((**rule).clone());
            sleep(*moment).await;
            world.gitlab.remove_fault(fault);
        }
        Disturbance::Object(number, how, salt) => to_object(world, *number, *how, *salt).await,
    }
}

async fn to_operator(world: &World, which: usize, how: ToProcess) {
    let (cast, operator) = &world.operators[which];
    let mut operator = operator.lock().await;
    assert!(
        !operator.has_ended(),
        "the operator ended by itself:\n{}",
        operator.lines()
    );
    world.note(None, &format!("operator {how}"), format!("{which}"));
    match how {
        ToProcess::Frozen(moment) => {
            operator.is_frozen();
            sleep(moment).await;
            operator.is_thawed();
            return;
        }
        ToProcess::Killed => operator.is_killed().await,
        ToProcess::Stopped => {
            let (code, _) = operator.is_told_to_stop().await;
            assert_eq!(code, 0, "it ended badly:\n{}", operator.lines());
        }
    }
    *operator = Operator::start(&world.stage.plane, cast).await;
}

async fn to_api_server(world: &World, how: ToProcess) {
    let _alone = world.api_server.lock().await;
    let plane = &world.stage.plane;
    world.note(None, &format!("API server {how}"), String::new());
    match how {
        ToProcess::Frozen(moment) => {
            plane.stop_apiserver().await.unwrap();
            sleep(moment).await;
            plane.resume_apiserver().await.unwrap();
        }
        ToProcess::Killed | ToProcess::Stopped => {
            plane.kill_apiserver().await.unwrap();
            plane.restart_apiserver().await.unwrap();
        }
    }
}

impl std::fmt::Display for ToProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Killed => "killed",
            Self::Stopped => "stopped",
            Self::Frozen(_) => "frozen",
        })
    }
}

async fn to_object(world: &World, number: usize, how: ToObject, salt: u64) {
    let mut slot = world.slots[number].lock().await;
    let there = slot.declared.is_some();
    if there == (how == ToObject::Life(ToLife::Made)) {
        return;
    }
    let detail = match how {
        ToObject::Spec(how) => to_spec(world, &mut slot, number, how, salt).await,
        ToObject::Secret(how) => to_secret(world, &mut slot, how, salt).await,
        ToObject::Life(how) => to_life(world, &mut slot, number, how).await,
        ToObject::Runner(how) => to_runner(world, &mut slot, number, how, salt).await,
    };
    world.note(Some(number), &format!("{how:?}"), detail);
}

async fn to_spec(world: &World, slot: &mut Slot, number: usize, how: ToSpec, salt: u64) -> String {
    match how {
        ToSpec::Tagged => {
            let tag = format!("tag-{salt}");
            declare(world, slot, "tags", json!(["chaos", tag])).await;
            tag
        }
        ToSpec::Paused => {
            let paused = salt.is_multiple_of(2);
            declare(world, slot, "paused", json!(paused)).await;
            format!("{paused}")
        }
        ToSpec::SecretRenamed => {
            rename(world, slot, number, salt).await;
            slot.secret.clone()
        }
        ToSpec::SecretRenamedTwice => {
            rename(world, slot, number, salt).await;
            let first = slot.secret.clone();
            rename(world, slot, number, salt + 1).await;
            format!("{first}, {}", slot.secret)
        }
    }
}

async fn to_life(world: &World, slot: &mut Slot, number: usize, how: ToLife) -> String {
    match how {
        ToLife::Deleted => {
            delete(world, slot, number).await;
            String::new()
        }
        ToLife::MadeAnew => {
            delete(world, slot, number).await;
            let begin = Instant::now();
            while begin.elapsed() < PATIENCE && world.object(&name(number)).await.is_some() {
                sleep(LOOK).await;
            }
            let waited = begin.elapsed();
            make(world, slot, number).await;
            format!("waited {waited:.1?} until it was gone")
        }
        ToLife::Made => {
            make(world, slot, number).await;
            String::new()
        }
    }
}

/// Changes a field of spec.
async fn declare(world: &World, slot: &mut Slot, field: &str, value: Value) {
    let changed = slot
        .declared
        .take()
        .map(|manifest| manifest.with(field, value));
    if let Some(manifest) = &changed {
        world.apply(manifest).await;
    }
    slot.declared = changed;
}

async fn rename(world: &World, slot: &mut Slot, number: usize, salt: u64) {
    let secret = format!("{}-secret-{salt}", name(number));
    declare(world, slot, "tokenSecret", json!({ "name": secret })).await;
    slot.secret = secret;
}

async fn delete(world: &World, slot: &mut Slot, number: usize) {
    let (api, name) = (world.api::<GitLabRunner>(), name(number));
    let params = DeleteParams::default();
    world
        .insists(async || api.delete(&name, &params).await)
        .await;
    slot.declared = None;
    slot.reset = false;
}

/// Makes an object of the usual kind, unless the former one is still there.
async fn make(world: &World, slot: &mut Slot, number: usize) {
    if world.object(&name(number)).await.is_some() {
        return;
    }
    let new = Slot::new(number);
    if let Some(manifest) = &new.declared {
        world.apply(manifest).await;
    }
    slot.declared = new.declared;
    slot.secret = new.secret;
}

async fn to_secret(world: &World, slot: &mut Slot, how: ToSecret, salt: u64) -> String {
    let (api, name) = (world.api::<Secret>(), slot.secret.clone());
    match how {
        ToSecret::Deleted => {
            let params = DeleteParams::default();
            world
                .insists(async || api.delete(&name, &params).await)
                .await;
        }
        ToSecret::Emptied => hold(world, &name, String::new()).await,
        ToSecret::Edited => hold(world, &name, format!("edited-{salt}")).await,
        ToSecret::Copied => {
            if let Some(secret) = world.secret(&name).await {
                slot.copy = Some(secret);
            }
        }
        ToSecret::Restored => {
            let Some(copy) = slot.copy.clone() else {
                return "there was no copy".to_owned();
            };
            let restored = copy.metadata.name.clone().unwrap_or_default();
            let object = world.object(secrets::object(&copy.metadata).unwrap_or_default());
            let object = object.await;
            let lives = object.filter(|object| object.metadata.deletion_timestamp.is_none());
            let lives = lives.and_then(|object| object.metadata.uid);
            let owners = secrets::owners(&copy.metadata).map(str::to_owned);
            let dead = owners.filter(|owner| Some(owner) != lives.as_ref());
            let dead = dead.map(|owner| (restored.clone(), owner));
            slot.restored.extend(dead);
            restore(world, copy).await;
            return restored;
        }
    }
    name
}

/// Writes a token by hand.
async fn hold(world: &World, secret: &str, token: String) {
    let data = json!({ TOKEN_KEY: ByteString(token.into_bytes()) });
    let (api, params) = (world.api::<Secret>(), PatchParams::default());
    let patch = Patch::Merge(json!({ "data": data }));
    world
        .insists(async || api.patch(secret, &params, &patch).await)
        .await;
}

/// Puts a Secret back as it was, as a backup tool does.
async fn restore(world: &World, mut copy: Secret) {
    let api = world.api::<Secret>();
    copy.metadata.uid = None;
    copy.metadata.resource_version = None;
    copy.metadata.creation_timestamp = None;
    copy.metadata.managed_fields = None;
    let name = copy.metadata.name.clone().unwrap_or_default();
    let params = PostParams::default();
    if world.secret(&name).await.is_some() {
        world
            .insists(async || api.replace(&name, &params, &copy).await)
            .await;
    } else {
        world
            .insists(async || api.create(&params, &copy).await)
            .await;
    }
}

/// A runner that is gone by now is fine.
async fn to_runner(
    world: &World,
    slot: &mut Slot,
    which: usize,
    how: ToRunner,
    salt: u64,
) -> String {
    let object = world.object(&name(which)).await;
    let Some(id) = object.as_ref().and_then(number) else {
        return "there was none".to_owned();
    };
    let command = match how {
        ToRunner::Edited => {
            let paused = salt.is_multiple_of(3);
            let set = json!({ "tag_list": [format!("sabotage-{salt}")], "paused": paused });
            json!({ "do": "edit_runner", "runner": id, "set": set })
        }
        ToRunner::Deleted => json!({ "do": "delete_runner", "runner": id }),
        ToRunner::TokenReset => {
            slot.reset = true;
            json!({ "do": "reset_runner_token", "runner": id })
        }
    };
    match world.gitlab.command_json(command) {
        Ok(_) => format!("runner {id}"),
        Err(_) => format!("runner {id} was not there"),
    }
}
