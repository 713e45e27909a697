//! Reading the audit log of a control plane.

use anyhow::{Context, Result};
use tokio::time::{sleep, timeout};

use super::{ControlPlane, LOOK, PATIENCE};
use crate::audit::{AuditEvent, AuditMark, read_since};

impl ControlPlane {
    /// Everything that the API server was asked so far, without the control plane's own reads.
    ///
    /// A line is written when a request is answered, and may come a moment after the answer: see
    /// [`Self::audit_settled`].
    pub fn audit(&self) -> Result<Vec<AuditEvent>> {
        Ok(self.audit_since(AuditMark::default())?.0)
    }

    /// The end of the audit log, for [`Self::audit_since`].
    pub fn audit_mark(&self) -> Result<AuditMark> {
        // Reading decides where the last whole line ends.
        Ok(self.audit_since(AuditMark::default())?.1)
    }

    /// What was asked since then, and the mark to go on from.
    pub fn audit_since(&self, mark: AuditMark) -> Result<(Vec<AuditEvent>, AuditMark)> {
        read_since(&self.folder().join("audit.jsonl"), mark)
    }

    /// Returns when the log holds every request that was answered before this call: it asks for
    /// something nobody else asks for, and waits until that is in the log.
    pub async fn audit_settled(&self) -> Result<AuditMark> {
        let mut mark = self.audit_mark()?;
        let uri = format!("/version?settled={}", mark.0);
        let request = http::Request::get(&uri).body(Vec::new())?;
        self.admin_client().await?.request_text(request).await?;
        let found = async {
            loop {
                let (events, next) = self.audit_since(mark)?;
                mark = next;
                if events.iter().any(|event| event.request_uri == uri) {
                    return Ok(mark);
                }
                sleep(LOOK).await;
            }
        };
        timeout(PATIENCE, found)
            .await
            .context("the audit log does not grow")?
    }
}
