//! Reads that are repeated: a list of thousands is not given up for one answer that was lost. Nothing that
//! could change anything goes through here.
use crate::gitlab::Error;

/// How often a read is tried.
const ATTEMPTS: u32 = 3;

/// What a read gives, tried again where GitLab asked to wait or its answer was lost. The client waits by
/// itself as long as GitLab has asked for.
pub(super) async fn again<T>(read: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..ATTEMPTS {
        match read().await {
            Err(Error::Lost(_) | Error::Throttled { .. } | Error::HeldBack { .. }) => {}
            answer => return answer,
        }
    }
    read().await
}
