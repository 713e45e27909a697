//! Taking the API server away for a while.

use anyhow::Result;

use super::{ControlPlane, GRACE, ready, wait_for};
use crate::leash::Signal;

impl ControlPlane {
    /// Freezes the API server (SIGSTOP): connections stay open, and nothing is answered.
    pub async fn stop_apiserver(&self) -> Result<()> {
        self.apiserver.lock().await.signal(Signal::Stop)
    }

    /// Lets it go on (SIGCONT).
    pub async fn resume_apiserver(&self) -> Result<()> {
        self.apiserver.lock().await.signal(Signal::Cont)
    }

    /// Kills the API server: connections are refused until [`Self::restart_apiserver`].
    pub async fn kill_apiserver(&self) -> Result<()> {
        let apiserver = self.apiserver.lock().await;
        apiserver.signal(Signal::Kill)?;
        apiserver.ended().await;
        Ok(())
    }

    /// Starts the API server again, at the same address with the same data and certificate, and
    /// returns when it is ready.
    pub async fn restart_apiserver(&self) -> Result<()> {
        let mut apiserver = self.apiserver.lock().await;
        apiserver.stop(GRACE).await?;
        *apiserver = self.site.apiserver()?;
        let client = self.admin_client().await?;
        wait_for("the API server", &self.site, &[&apiserver], async || {
            ready(&client).await
        })
        .await
    }
}
