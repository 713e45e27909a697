//! Which release of GitLab a command asks.
use super::access::{Access, Session};
use super::reads::again;
use crate::plan::Version;

impl Access {
    /// The way to GitLab that was typed, by a client that knows its release.
    pub(super) async fn session_of_release(&self) -> anyhow::Result<Session> {
        Ok(self.session().await?.of_its_release().await)
    }
}

impl Session {
    /// The same, with a client that knows which release of GitLab it asks: older ones show less, and
    /// elsewhere. Where the token may not ask for that, it is asked like the newest.
    pub(super) async fn of_its_release(self) -> Self {
        let told = again(async || self.client.metadata().await).await;
        let version = Version::told(told.ok().as_ref());
        Self {
            client: self.client.of_release(version.release),
            version,
            ..self
        }
    }
}
