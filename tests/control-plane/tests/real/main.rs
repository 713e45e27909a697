//! The control plane for real: this needs its programs, and builds them if they are not there.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should stop there and then"
)]

mod audit;
mod build;
mod leash;
// It looks for processes in /proc.
#[cfg(target_os = "linux")]
mod leftovers;
mod node;
mod outage;

use tokio::sync::{Semaphore, SemaphorePermit};

/// A control plane takes half a gigabyte, and a machine with many cores would start one for each
/// test at once.
static TURNS: Semaphore = Semaphore::const_new(2);

async fn turn() -> SemaphorePermit<'static> {
    TURNS.acquire().await.unwrap()
}
