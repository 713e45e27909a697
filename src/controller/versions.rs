//! Which versions of an object this process has replaced: the cache may show one of them for a moment
//! longer, and a pass over it would do again what was done, and be told of a conflict.
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kube::Resource;

/// How soon the cache is looked at again for the first time; each further time is twice as far away.
const SOON: Duration = Duration::from_millis(50);
/// How often it is looked at before a copy is taken for what the API server holds, as after a restore of
/// etcd that has versions come again.
const MOST_LOOKS: u32 = 8;

/// The versions of one object that were replaced.
#[derive(Default)]
pub(super) struct Versions(Mutex<State>);

#[derive(Default)]
struct State {
    replaced: Vec<String>,
    looks: u32,
}

impl Versions {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a write of ours has replaced a version. One that changed nothing replaces none.
    pub(super) fn replaced<K: Resource>(&self, before: &K, now: Option<&K>) {
        let now = now.and_then(|now| now.meta().resource_version.as_ref());
        let before = before.meta().resource_version.as_ref();
        if before != now {
            self.state().replaced.extend(before.cloned());
        }
    }

    /// How long to wait for a newer copy than this one, if it is one that we have replaced.
    pub(super) fn wait<K: Resource>(&self, copy: &K) -> Option<Duration> {
        let mut state = self.state();
        let version = copy.meta().resource_version.as_ref();
        let behind = version.is_some_and(|version| state.replaced.contains(version));
        if behind && state.looks < MOST_LOOKS {
            let wait = SOON.saturating_mul(1 << state.looks);
            state.looks += 1;
            return Some(wait);
        }
        *state = State::default();
        None
    }
}

#[cfg(test)]
mod tests {
    use kube::core::ObjectMeta;

    use super::*;
    use k8s_openapi::api::core::v1::Secret;

    fn version(version: &str) -> Secret {
        let metadata = ObjectMeta {
            resource_version: Some(version.to_owned()),
            ..ObjectMeta::default()
        };
        Secret {
            metadata,
            ..Secret::default()
        }
    }

    #[test]
    fn a_copy_that_was_replaced_is_waited_out() {
        let versions = Versions::default();
        let [one, two, three] = ["1", "2", "3"].map(version);
        assert_eq!(versions.wait(&one), None);
        versions.replaced(&one, Some(&two));
        versions.replaced(&two, Some(&three));
        versions.replaced(&three, Some(&three));
        let waits = [&one, &two, &one].map(|version| versions.wait(version));
        assert_eq!(
            waits,
            [50, 100, 200].map(|ms| Some(Duration::from_millis(ms)))
        );
        assert_eq!(versions.wait(&three), None);
        // What comes after that is another story.
        assert_eq!(versions.wait(&one), None);
    }

    #[test]
    fn a_version_that_comes_again_is_not_waited_out_for_ever() {
        let versions = Versions::default();
        let one = version("1");
        versions.replaced(&one, Some(&version("2")));
        let waits: Vec<_> = (0..20).map_while(|_| versions.wait(&one)).collect();
        assert_eq!(waits.len(), 8);
    }
}
