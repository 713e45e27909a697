//! Those who do what the walk says.
use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Duration, sleep};

use super::backups::Backups;
use super::fates::Side;
use super::process::Order;
use super::verdict::strangers;
use super::walk::{Deed, SLOTS, Step, ToRunner};
use super::world::{NAMESPACE, TOKEN, URL, World};
use crate::harness::{Manifest, connection, runner};

/// One object, as the people behind it know it.
#[derive(Clone, Default)]
pub(super) struct Slot {
    /// As it is declared; nothing when it was deleted.
    pub(super) declared: Option<Manifest>,
    /// Its Secret as it once was.
    copy: Option<Value>,
}

pub(super) struct People {
    pub(super) world: Arc<World>,
    processes: Vec<UnboundedSender<Order>>,
    pub(super) slots: [Slot; SLOTS],
    pub(super) backups: Backups,
    /// The runners of strangers, as they are.
    theirs: Vec<Value>,
}

pub(super) fn name(slot: usize) -> String {
    format!("object-{slot}")
}

pub(super) fn path(plural: &str, name: &str) -> String {
    let group = match plural {
        "secrets" => "/api/v1".to_owned(),
        _ => format!("/apis/{}/v1alpha1", gitlab_runner_registrar::api::GROUP),
    };
    let name = if name.is_empty() {
        String::new()
    } else {
        format!("/{name}")
    };
    format!("{group}/namespaces/{NAMESPACE}/{plural}{name}")
}

/// What a Secret of a token is called that this object has.
pub(super) fn secret_of(manifest: &Value) -> String {
    let named = manifest["spec"]["tokenSecret"]["name"].as_str();
    let usual = || {
        format!(
            "{}-runner-token",
            manifest["metadata"]["name"].as_str().unwrap_or_default()
        )
    };
    named.map_or_else(usual, str::to_owned)
}

impl People {
    pub(super) fn new(world: Arc<World>, processes: Vec<UnboundedSender<Order>>) -> Self {
        Self {
            theirs: strangers(&world),
            world,
            processes,
            slots: Default::default(),
            backups: Backups::default(),
        }
    }

    /// A namespace, and a connection with its credential.
    pub(super) fn begin(&self) {
        let world = &self.world;
        let space = json!({ "metadata": { "name": NAMESPACE } });
        world.kube(Method::POST, "/api/v1/namespaces", space);
        self.credential_is_there();
        let connection = connection("gitlab", URL).with("timeout", "10s");
        world.kube(
            Method::POST,
            &path("gitlabconnections", ""),
            connection.json().clone(),
        );
    }

    pub(super) fn credential_is_there(&self) {
        let secret =
            json!({ "metadata": { "name": "gitlab-credential" }, "stringData": { "pat": TOKEN } });
        self.world.kube(Method::POST, &path("secrets", ""), secret);
    }

    pub(super) async fn do_it(&mut self, step: Step) {
        let world = self.world.clone();
        world.turns.come("people").await;
        world.note(&format!("people: {step:?}"));
        self.strangers_are_left_alone();
        match step {
            Step::Saved(side) => self.save(side),
            Step::Restored(side) => self.restore(side),
            Step::StrangerComes => {
                let settings = json!({ "description": "theirs as well" });
                let comes = json!({ "do": "add_runner", "type": "instance", "settings": settings });
                world.gitlab_does(comes);
            }
            Step::Object(slot, deed, salt) => self.change(slot, deed, salt),
            Step::Process(which, order) => {
                let _ = self.processes[which].send(order);
            }
            Step::WatchesEnd => world.changed.send_modify(|epoch| *epoch += 1),
            Step::Compacted => world.store(super::api::Store::compact),
            Step::Down(side, lasts) => {
                world.fates.weather(side, |weather| weather.down = true);
                if side == Side::Kubernetes {
                    world.changed.send_modify(|epoch| *epoch += 1);
                }
                let world = world.clone();
                tokio::spawn(async move {
                    sleep(lasts).await;
                    world.note(&format!("{side:?} is there again"));
                    world.fates.weather(side, |weather| weather.down = false);
                });
            }
            Step::CredentialGone(lasts) => {
                world.kube(
                    Method::DELETE,
                    &path("secrets", "gitlab-credential"),
                    Value::Null,
                );
                sleep(lasts.min(Duration::from_secs(90))).await;
                self.credential_is_there();
            }
        }
        self.theirs = strangers(&world);
    }

    /// Nobody but people has changed the runners of strangers.
    pub(super) fn strangers_are_left_alone(&self) {
        let now = strangers(&self.world);
        if now != self.theirs {
            let before = &self.theirs;
            self.world.is_wrong(format!(
                "a stranger's runner was touched: {before:?}, now {now:?}"
            ));
        }
    }

    fn change(&mut self, number: usize, deed: Deed, salt: u64) {
        let world = self.world.clone();
        let (name, slot) = (name(number), &mut self.slots[number]);
        let at = path("gitlabrunners", &name);
        let Some(declared) = slot.declared.clone() else {
            if deed == Deed::Made && world.kube(Method::GET, &at, Value::Null).is_none() {
                let made = made(number, &name);
                let created = world.kube(
                    Method::POST,
                    &path("gitlabrunners", ""),
                    made.json().clone(),
                );
                slot.declared = created.map(|_| made);
            }
            return;
        };
        let secret = path("secrets", &secret_of(declared.json()));
        let patch = |field: &str, value: Value| {
            let declared = declared.clone().with(field, value);
            let patch = json!({ "spec": declared.json()["spec"] });
            world.kube(Method::PATCH, &at, patch).map(|_| declared)
        };
        match deed {
            Deed::Made => {}
            Deed::Deleted => {
                world.kube(Method::DELETE, &at, Value::Null);
                *slot = Slot::default();
            }
            Deed::Tagged => slot.declared = patch("tags", json!(["soak", format!("tag-{salt}")])),
            Deed::Paused => slot.declared = patch("paused", json!(salt.is_multiple_of(2))),
            Deed::SecretRenamed => {
                slot.declared = patch(
                    "tokenSecret.name",
                    json!(format!("{name}-token-{}", salt % 3)),
                );
                slot.copy = None;
            }
            Deed::SecretDeleted => {
                world.kube(Method::DELETE, &secret, Value::Null);
            }
            Deed::SecretEdited => {
                let edit = json!({ "stringData": { "runner-token": "glrt-nobodysnobodysnobod" } });
                world.kube(Method::PATCH, &secret, edit);
            }
            Deed::SecretCopied => slot.copy = world.kube(Method::GET, &secret, Value::Null),
            Deed::SecretRestored => restore(&world, &secret, slot.copy.clone()),
            Deed::Runner(how) => {
                change_runner(&world, &at, how, salt);
            }
        }
    }
}

fn made(number: usize, name: &str) -> Manifest {
    let made = runner(name).tagged(["soak"]);
    match number % 3 {
        0 => made,
        1 => made.with("scope", json!({ "group": { "id": 3001 } })),
        _ => made.with("scope", json!({ "project": { "id": 4002 } })),
    }
}

/// Puts a Secret back as it was, as a backup does.
fn restore(world: &World, at: &str, copy: Option<Value>) {
    let Some(mut copy) = copy else {
        return;
    };
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        copy["metadata"].as_object_mut().unwrap().remove(field);
    }
    if world.kube(Method::PUT, at, copy.clone()).is_none() {
        world.kube(Method::POST, &path("secrets", ""), copy);
    }
}

/// Does something to an object's runner behind its back, as far as it is known.
fn change_runner(world: &World, at: &str, how: ToRunner, salt: u64) {
    let object = world.kube(Method::GET, at, Value::Null).unwrap_or_default();
    let Some(id) = object["status"]["runner"]["id"].as_i64() else {
        return;
    };
    let command = match how {
        ToRunner::Deleted => json!({ "do": "delete_runner", "runner": id }),
        ToRunner::TokenReset => json!({ "do": "reset_runner_token", "runner": id }),
        ToRunner::Edited => {
            json!({ "do": "edit_runner", "runner": id, "set": { "tag_list": [format!("by-hand-{salt}")] } })
        }
    };
    world.gitlab_does(command);
}
