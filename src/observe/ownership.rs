//! Whether a runner is this object's, by the mark in its maintenance note.
use super::{Error, Observer, Subject};
use crate::gitlab::Refusal;
use crate::gitlab::model::{Runner, RunnerId};
use crate::plan::{Doubt, Mark};
use crate::secrets;

impl Observer<'_> {
    /// Why a runner may not be this object's. Its number is only a hint, even one that status
    /// records: a GitLab that was restored from a backup gives it to somebody else.
    pub(super) async fn doubt_of(
        &self,
        runner: &Runner,
        recorded: bool,
    ) -> Result<Option<Doubt>, Error> {
        let foreign = Doubt::Foreign(runner.id);
        let mark = runner
            .maintenance_note
            .text()
            .map(|note| Mark::split(note).1);
        Ok(match mark {
            Some(Some(mark)) => (mark.uid != self.locator.uid).then_some(foreign),
            Some(None) | None if !recorded => Some(foreign),
            // It may be there, and this credential is not shown it.
            None => None,
            Some(None) if !self.was_marked(runner.id) => None,
            Some(None) if self.has_our_token(runner.id).await? => None,
            Some(None) => Some(Doubt::Unmarked(runner.id)),
        })
    }

    /// Whether the runner of that number has the token that we keep, as far as GitLab tells: then it is
    /// the same runner, and somebody has cleared its note.
    async fn has_our_token(&self, id: RunnerId) -> Result<bool, Error> {
        let mut held = self.locator.held.iter();
        let Some(kept) = held.find(|held| held.runner == id) else {
            return Ok(false);
        };
        let known = self.connected.roster.identity(id);
        let identity = match known {
            Some(identity) => Ok(Some(identity)),
            None => self.connected.client.identity(id).await,
        };
        match identity {
            Ok(identity) => Ok(identity
                .and_then(|identity| identity.short_sha)
                .is_some_and(|shown| secrets::is_short_for(&shown, kept))),
            Err(error) if error.refusal() == Some(&Refusal::NoGraphQl) => Ok(false),
            Err(source) => Err(Subject::Runner.failed(source)),
        }
    }

    /// Whether the runner of that number has been seen with this object's mark.
    fn was_marked(&self, id: RunnerId) -> bool {
        let status = self.locator.status;
        let runner = status.and_then(|status| status.runner.as_ref());
        let runner = runner.filter(|runner| u64::try_from(runner.id) == Ok(id.0));
        runner.is_some_and(|runner| runner.mark.is_some())
    }
}
