//! Restores of either side to an earlier moment.
use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::api::Objects;
use super::fates::Side;
use super::people::{People, Slot, path};
use super::verdict::mark;
use super::walk::SLOTS;

/// What was put by.
#[derive(Default)]
pub(super) struct Backups {
    kubernetes: Option<(Objects, [Slot; SLOTS])>,
    gitlab: bool,
    /// The uids of objects that a restore has taken from their runners: nobody looks after those.
    pub(super) orphaned: BTreeSet<String>,
}

impl People {
    pub(super) fn save(&mut self, side: Side) {
        match side {
            Side::Kubernetes => {
                let objects = self.world.store(|store| store.objects());
                self.backups.kubernetes = Some((objects, self.slots.clone()));
            }
            Side::GitLab => {
                let saved = self
                    .world
                    .gitlab_does(json!({ "do": "remember", "name": "saved" }));
                self.backups.gitlab = saved.is_some();
            }
        }
    }

    pub(super) fn restore(&mut self, side: Side) {
        let world = self.world.clone();
        let before = self.uids();
        match side {
            Side::Kubernetes => {
                let Some((objects, slots)) = self.backups.kubernetes.clone() else {
                    return;
                };
                world.restores(objects);
                self.slots = slots;
                self.credential_is_there();
            }
            Side::GitLab if self.backups.gitlab => {
                world.gitlab_does(json!({ "do": "go_back", "name": "saved" }));
            }
            Side::GitLab => return,
        }
        let stay = self.uids();
        self.backups
            .orphaned
            .extend(before.difference(&stay).cloned());
        // An object that is about to go may have been done with its runner.
        let marks = world.runners().iter().filter_map(mark).collect::<Vec<_>>();
        let left = marks.into_iter().map(|mark| mark.uid);
        self.backups
            .orphaned
            .extend(left.filter(|uid| !stay.contains(uid)));
    }

    /// The uids of the objects that are to stay.
    fn uids(&self) -> BTreeSet<String> {
        let list = self
            .world
            .kube(Method::GET, &path("gitlabrunners", ""), Value::Null);
        let list = list.unwrap_or_default();
        let items = list["items"].as_array().into_iter().flatten();
        let stay = items
            .map(|item| &item["metadata"])
            .filter(|it| it["deletionTimestamp"].is_null());
        stay.filter_map(|it| it["uid"].as_str().map(str::to_owned))
            .collect()
    }
}
