//! How often objects fail: kube tells its error policy no count.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// How often each object has failed in a row.
#[derive(Default)]
pub struct Failures(Mutex<HashMap<String, u32>>);

impl Failures {
    /// Counts a failure and tells how many there were in a row.
    pub fn count(&self, uid: &str) -> u32 {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(uid.to_owned()).or_default();
        *count = count.saturating_add(1);
        *count
    }

    /// How many there were in a row.
    pub fn so_far(&self, uid: &str) -> u32 {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(uid).copied().unwrap_or_default()
    }

    /// Starts over.
    pub fn clear(&self, uid: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(uid);
    }
}
