//! Waiting for something to become so.
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// Far longer than anything takes, because other stories may keep all the cores busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// How often we look. There is no watch behind this: what is waited for is now in Kubernetes, now
/// in GitLab, now in a process, and mostly in two of them.
const LOOK: Duration = Duration::from_millis(100);

/// Looks until it is so. `look` says either what it was looking for or what it saw instead.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFnMut() -> Result<T, String>) -> T {
    within(PATIENCE, what, look).await
}

/// The same, where the time it takes is part of the story.
pub(crate) async fn within<T>(
    time: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + time;
    let mut last = "nothing yet".to_owned();
    loop {
        // A server that does not answer must not hold the story for ever.
        match timeout(time, look()).await {
            Ok(Ok(found)) => return found,
            Ok(Err(seen)) => last = seen,
            Err(_) => {}
        }
        assert!(
            Instant::now() < deadline,
            "not so after {} s: {what}\nlast seen:\n{last}",
            time.as_secs()
        );
        sleep(LOOK).await;
    }
}
