//! What each connection was last made of, so that GitLab is asked again only when that changes or
//! when it is time.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;

use super::look::Inputs;
use crate::controller::{connections::Connected, realm::ConnectionKey};
use crate::plan::Trouble;

/// A look at a connection.
#[derive(Clone)]
pub(crate) struct Checkup {
    /// What the connection was made of.
    pub(super) inputs: Inputs,
    /// The clients, if GitLab accepted the credential.
    pub(super) connected: Option<Arc<Connected>>,
    /// What was wrong.
    pub(super) trouble: Option<Trouble>,
    /// When GitLab was asked.
    pub(super) checked: Instant,
}

/// The last look at each connection.
#[derive(Default)]
pub(crate) struct Checkups(Mutex<HashMap<ConnectionKey, Checkup>>);

impl Checkups {
    fn all(&self) -> MutexGuard<'_, HashMap<ConnectionKey, Checkup>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn recall(&self, key: &ConnectionKey) -> Option<Checkup> {
        self.all().get(key).cloned()
    }

    pub(super) fn keep(&self, key: &ConnectionKey, checkup: Checkup) {
        self.all().insert(key.clone(), checkup);
    }

    pub(super) fn forget(&self, key: &ConnectionKey) {
        self.all().remove(key);
    }
}
