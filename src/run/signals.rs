//! What a process is told from outside.
use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What asks us to stop.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
        })
    }

    /// Waits for SIGTERM or SIGINT.
    pub(super) async fn stop(&mut self) {
        tokio::select! { _ = self.terminate.recv() => {}, _ = self.interrupt.recv() => {} }
    }

    /// Waits for SIGINT, which a person sends. A kubelet that is restarted sends SIGTERM once more.
    pub(super) async fn interrupted(&mut self) {
        self.interrupt.recv().await;
    }
}
