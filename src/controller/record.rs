//! What this process knows of each object besides what the API server holds: one record for each, by the
//! object's uid, which goes when the object does, however it goes.
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::memory::Memory;
use super::refusals::Refusals;
use super::versions::Versions;

/// The record of one object.
#[derive(Default)]
pub struct Record {
    /// How often it has failed in a row: kube tells its error policy no count.
    pub failures: Failures,
    /// What was last seen and done in GitLab.
    pub(super) memory: Memory,
    /// What it has made of the object in the API server.
    pub(super) versions: Versions,
    /// What GitLab has refused.
    pub(super) refusals: Refusals,
}

/// How often an object has failed in a row.
#[derive(Default)]
pub struct Failures(AtomicU32);

impl Failures {
    /// Counts a failure and tells how many there were in a row.
    pub fn count(&self) -> u32 {
        let more = |count: u32| Some(count.saturating_add(1));
        let before = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        before.unwrap_or_default().saturating_add(1)
    }

    /// How many there were in a row.
    pub fn so_far(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// Starts over.
    pub fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The records of all objects, by uid.
#[derive(Default)]
pub struct Records(Mutex<HashMap<String, Arc<Record>>>);

impl Records {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Record>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record of an object, which is made if there is none.
    pub fn of(&self, uid: &str) -> Arc<Record> {
        let mut all = self.all();
        if let Some(record) = all.get(uid) {
            return record.clone();
        }
        let record = Arc::<Record>::default();
        all.insert(uid.to_owned(), record.clone());
        record
    }

    /// How often an object has failed in a row.
    pub fn failures(&self, uid: &str) -> u32 {
        let all = self.all();
        all.get(uid).map_or(0, |record| record.failures.so_far())
    }

    /// Whether this very version of its Secret is from this process.
    pub fn has_written(&self, uid: &str, secret: &ObjectMeta) -> bool {
        let all = self.all();
        all.get(uid)
            .is_some_and(|record| record.memory.has_written(secret))
    }

    /// Forgets an object that is gone.
    pub fn remove(&self, uid: &str) {
        self.all().remove(uid);
    }

    /// Forgets every object but these: some may have gone while nobody watched.
    pub fn retain(&self, uids: &HashSet<String>) {
        self.all().retain(|uid, _| uids.contains(uid));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_goes_with_its_object() {
        let records = Records::default();
        assert_eq!(records.of("a").failures.count(), 1);
        assert_eq!(records.of("a").failures.count(), 2);
        assert_eq!((records.failures("a"), records.failures("b")), (2, 0));
        records.of("a").failures.clear();
        assert_eq!(records.failures("a"), 0);
        records.of("b").failures.count();
        records.retain(&HashSet::from(["b".to_owned()]));
        assert_eq!(records.all().len(), 1);
        records.remove("b");
        assert!(records.all().is_empty());
    }
}
