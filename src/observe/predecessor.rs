//! Looks at the runner whose place another has taken.
use super::by_number::Answer;
use super::{Error, Observer};
use crate::plan::{Doubt, Sighting};

impl Observer<'_> {
    /// Looks at the predecessor, if there is one.
    pub(super) async fn predecessor(&mut self, leaving: bool) -> Result<(), Error> {
        let Some(mut before) = self.facts.predecessor.take() else {
            return Ok(());
        };
        let (id, url) = (before.known.id, &*self.connected.url);
        let (uid, now) = (self.locator.uid, self.locator.now);
        if let Some(runner) = self.remembered(id) {
            before.shown(runner, uid, url);
        } else {
            match self.ask(id).await {
                Ok(Answer::Shown(runner)) => before.shown(*runner, uid, url),
                Ok(Answer::Gone | Answer::Hidden) if before.known.gitlab_url != url => {
                    before.runner = Sighting::Unclear(Doubt::Elsewhere);
                }
                Ok(Answer::Hidden) if self.locator.removed != Some(id) => {
                    before.runner = Sighting::Unclear(Doubt::Hidden(id));
                }
                Ok(Answer::Gone | Answer::Hidden) => {
                    let certain = leaving || self.locator.removed == Some(id);
                    before.missing(certain, self.locator.resync, now);
                }
                Err(error) if error.forbids_the_runner() => {
                    before.runner = Sighting::Unclear(Doubt::Unreadable(id));
                }
                Err(error) => return Err(error),
            }
        }
        self.facts.predecessor = Some(before);
        Ok(())
    }
}
