//! A backup that is restored: the world as it was at an earlier moment.
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{GitLab, RunnerId};

/// What a restore leaves as it is now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// These runners, with their managers.
    pub(crate) runners: BTreeSet<RunnerId>,
    /// The numbers that have been given out, so that none is given out again.
    pub(crate) sequences: bool,
}

impl GitLab {
    /// Remembers this moment under a name, in place of an older one of that name.
    pub(crate) fn remember(&mut self, name: &str) {
        let moment = Self {
            remembered: std::collections::BTreeMap::new(),
            ..self.clone()
        };
        self.remembered.insert(name.to_owned(), Arc::new(moment));
    }

    /// Goes back to a moment that was remembered. Without the sequences, the next runner gets a
    /// number that another had in between. Tokens are made up anew all the same, and nobody's
    /// requests are forgotten. Whether there was such a moment.
    pub(crate) fn go_back(&mut self, name: &str, kept: &Kept) -> bool {
        let Some(then) = self.remembered.get(name) else {
            return false;
        };
        let mut world = Self::clone(then);
        world.mint = self.mint.clone();
        world.windows = self.windows.clone();
        world.remembered = std::mem::take(&mut self.remembered);
        for runner in kept.runners.iter().filter_map(|id| self.runners.get(id)) {
            world.runners.insert(runner.id, runner.clone());
            world.reserve_id("runner", runner.id.0);
            world.managers.retain(|_, own| own.runner != runner.id);
            let managers = self.managers_of(runner.id).cloned();
            for manager in managers.collect::<Vec<_>>() {
                world.reserve_id("manager", manager.id.0);
                world.managers.insert(manager.id, manager);
            }
        }
        if kept.sequences {
            world.counters = self.counters.clone();
        }
        world.drop_dangling();
        *self = world;
        true
    }

    /// A runner that was kept may have served what is not there any more.
    fn drop_dangling(&mut self) {
        let (projects, groups) = (&self.projects, &self.groups);
        for runner in self.runners.values_mut() {
            runner.projects.retain(|id| projects.contains_key(id));
            runner.assigned_at.retain(|id, _| projects.contains_key(id));
        }
        self.runners
            .retain(|_, runner| runner.group.is_none_or(|group| groups.contains_key(&group)));
    }
}
