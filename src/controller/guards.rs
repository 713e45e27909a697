//! What kube's defaults lack: objects that fail alone, and passes that end.
use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use kube::{Resource, core::DeserializeGuard};

use super::error::Error;

/// An object of ours that may turn out not to have the shape of its kind: then it is the only one
/// that is not served, and the watch goes on.
pub type Guarded<K> = DeserializeGuard<K>;

/// The longest that looking and acting may take in a pass: four calls to GitLab at the longest timeout
/// that a connection may have, so that a GitLab that hangs is told by the call and not by this.
pub const LONGEST_PASS: Duration = Duration::from_mins(4);
/// How much longer the whole pass may take: it has still to say in status how it ended, and is held
/// up there by nothing but the API server.
pub const ENDING: Duration = Duration::from_secs(30);

/// Work that ends: a hang becomes an error, and so does a panic, which would otherwise stop the
/// whole controller. What a panic has left half done in memory is one pass's own, and is only read
/// again to say in status how that ended.
pub async fn bounded<T>(
    longest: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let timed = tokio::time::timeout(longest, work);
    match AssertUnwindSafe(timed).catch_unwind().await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Error::TimedOut(longest)),
        Err(_) => Err(Error::Panicked),
    }
}

/// Being marked for deletion must wake us although it changes no spec.
pub fn deleting<K: Resource>(object: &K) -> Option<u64> {
    Some(u64::from(object.meta().deletion_timestamp.is_some()))
}

#[cfg(test)]
mod tests {
    use futures::future;

    use super::*;
    use crate::api::conditions::Reason;

    #[tokio::test]
    async fn what_hangs_or_panics_becomes_an_error() {
        let longest = Duration::from_millis(10);
        let ends = bounded(longest, async { Ok(1) }).await;
        assert!(matches!(ends, Ok(1)));
        let hangs = bounded(longest, future::pending::<Result<(), Error>>()).await;
        assert!(matches!(hangs, Err(Error::TimedOut(after)) if after == longest));
        let panics = async { panic!("of a test") };
        let panics: Result<(), Error> = bounded(longest, panics).await;
        assert!(matches!(panics, Err(Error::Panicked)));
    }

    /// A Ready object too is told to be so no more, and the attempt to register stays open: it may
    /// have made a runner.
    #[test]
    fn a_pass_that_was_broken_off_is_told_at_once_and_voids_nothing() {
        for error in [Error::TimedOut(LONGEST_PASS), Error::Panicked] {
            let told = error.failure(false).unwrap();
            assert_eq!(told.reason, Reason::BrokenOff);
            assert!(told.persistent && !told.stalled && !told.attempt_is_void);
        }
    }
}
