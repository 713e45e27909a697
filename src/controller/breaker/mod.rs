//! Holds up all writes to the runners of a connection of which too many are lost at once: that a GitLab has
//! lost them is less likely than that it was restored, that a proxy answers in its place, or that the
//! credential has lost its role.
mod state;

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kube::ResourceExt;
use tokio::time::Instant;

use super::Context;
use super::caches::ConnectionKey;
use crate::gitlab::model::Scope;
use crate::plan::{Brake, Degraded, Losses};
use state::State;

/// The losses of all connections.
#[derive(Default)]
pub(super) struct Breaker(Mutex<HashMap<ConnectionKey, State>>);

impl Breaker {
    fn states(&self) -> MutexGuard<'_, HashMap<ConnectionKey, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What keeps an object's runner from being written to.
    pub(super) fn brake(&self, key: &ConnectionKey, uid: &str) -> Option<Brake> {
        let states = self.states();
        let state = states.get(key)?;
        Some(Brake {
            losses: state.held_up()?,
            is_lost: state.is_lost(uid),
        })
    }

    /// Whether everything is held up.
    pub(super) fn holds_up(&self, key: &ConnectionKey) -> bool {
        self.states()
            .get(key)
            .is_some_and(|state| state.held_up().is_some())
    }

    /// Takes in what the annotation of the connection says. Tells what is amiss, and whether its runners
    /// may go on now.
    pub(super) fn told(
        &self,
        key: &ConnectionKey,
        acknowledged: Option<&str>,
    ) -> (Option<Degraded>, bool) {
        let mut states = self.states();
        let Some(state) = states.get_mut(key) else {
            return (None, false);
        };
        let goes_on = state.acknowledges(acknowledged);
        let acknowledged = state.acknowledged();
        let held_up = state.held_up();
        let held_up = held_up.map(|losses| Degraded::Lost(losses, acknowledged));
        (
            held_up.or(state.unlisted().map(Degraded::Unlisted)),
            goes_on,
        )
    }

    /// Those that are lost, by the uids of their objects, while they hold everything up.
    pub(super) fn lost(&self, key: &ConnectionKey) -> HashSet<String> {
        let states = self.states();
        let state = states.get(key).filter(|state| state.held_up().is_some());
        state.map(State::lost).unwrap_or_default()
    }

    /// Whether the runner of an object is lost.
    pub(super) fn is_lost(&self, key: &ConnectionKey, uid: &str) -> bool {
        let states = self.states();
        states.get(key).is_some_and(|state| state.is_lost(uid))
    }

    /// Whether somebody has acknowledged that it is.
    pub(super) fn is_acknowledged(&self, key: &ConnectionKey, uid: &str) -> bool {
        let states = self.states();
        states
            .get(key)
            .is_some_and(|state| state.is_acknowledged(uid))
    }

    /// Forgets a connection that is no more.
    pub(super) fn remove(&self, key: &ConnectionKey) {
        self.states().remove(key);
    }
}

impl Context {
    /// Takes in that a runner that was there is gone, or refused. When that is one too many, the connection
    /// says so.
    pub(super) fn runner_is_lost(&self, key: &ConnectionKey, uid: &str) {
        let trips = {
            let mut states = self.breaker.states();
            let state = states.entry(key.clone()).or_default();
            state.loses(uid, Instant::now(), || self.held_by(key).len())
        };
        if trips {
            self.is_held_up(key);
        }
    }

    /// Takes in that the runner of an object is there.
    pub(super) fn runner_is_found(&self, key: &ConnectionKey, uid: &str) {
        let closes = {
            let mut states = self.breaker.states();
            let state = states.get_mut(key);
            state.is_some_and(|state| {
                state.finds(uid);
                state.has_found_all()
            })
        };
        if closes {
            self.is_held_up_no_more(key);
        }
    }

    /// Takes in what a look at all runners of a connection has found: those that are lost, and the uids of
    /// those that are there.
    pub(super) fn runners_were_looked_for(
        &self,
        key: &ConnectionKey,
        lost: Vec<String>,
        found: &[String],
    ) {
        let there = self.held_by(key);
        let (trips, closes) = {
            let mut states = self.breaker.states();
            let state = states.entry(key.clone()).or_default();
            for uid in found {
                state.finds(uid);
            }
            let trips = state.loses_all(lost, Instant::now(), || there.len());
            (trips, state.settles(&there))
        };
        if trips {
            self.is_held_up(key);
        } else if closes {
            self.is_held_up_no_more(key);
        }
    }

    /// Takes in whether the list of a scope leaves out too many runners that are there.
    pub(super) fn list_leaves_out(
        &self,
        key: &ConnectionKey,
        scope: Scope,
        unlisted: Option<Losses>,
    ) {
        let changed = {
            let mut states = self.breaker.states();
            let state = states.entry(key.clone()).or_default();
            state.leaves_out(scope, unlisted)
        };
        if changed {
            self.requeue_connection(key);
        }
    }

    /// Forgets what the lists of all scopes but these leave out.
    pub(super) fn lists_only(&self, key: &ConnectionKey, scopes: impl Fn(Scope) -> bool) {
        let mut states = self.breaker.states();
        let changed = states
            .get_mut(key)
            .is_some_and(|state| state.lists_only(scopes));
        drop(states);
        if changed {
            self.requeue_connection(key);
        }
    }

    fn is_held_up(&self, key: &ConnectionKey) {
        tracing::warn!(connection = %key, "too many runners are lost at once: nothing is written");
        self.requeue_connection(key);
    }

    fn is_held_up_no_more(&self, key: &ConnectionKey) {
        tracing::info!(connection = %key, "runners are back, and are written to again");
        self.requeue_connection(key);
        self.requeue_runners(key);
    }

    /// The uids of the objects of a connection that have had a runner, and are to keep it.
    pub(super) fn held_by(&self, key: &ConnectionKey) -> HashSet<String> {
        let runners = self.runners_of(key);
        let runners = runners.filter_map(|(_, object)| {
            let runner = object.0.as_ref().ok()?;
            let had = runner.status.as_ref()?.runner.is_some();
            had.then(|| runner.uid()).flatten()
        });
        runners.collect()
    }
}
