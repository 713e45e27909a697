//! Looks at the runner whose place another has taken.
use super::by_number::Answer;
use super::{Error, Look, Observer};
use crate::plan::{Doubt, Sighting};

impl Observer<'_> {
    /// Looks at the predecessor, if there is one. Whatever is unknown of it is no reason not to look after
    /// the runner itself.
    pub(super) async fn predecessor(&mut self) -> Result<(), Error> {
        let Some(mut before) = self.facts.predecessor.take() else {
            return Ok(());
        };
        let id = before.known.id;
        if before.known.gitlab_url != self.connected.url {
            before.runner = Sighting::Unclear(Doubt::Elsewhere);
        } else if let Some(runner) = self.recalled_of(id) {
            before.shown(Some(runner), self.locator.uid);
        } else {
            match self.ask(id).await {
                Ok(Answer::Shown(runner)) => before.shown(Some(*runner), self.locator.uid),
                Ok(Answer::Gone) => before.shown(None, self.locator.uid),
                Ok(Answer::Hidden) => before.runner = Sighting::Unclear(Doubt::Hidden(id)),
                Err(error) if error.forbids_the_runner() => {
                    before.runner = Sighting::Unclear(Doubt::Unreadable(id));
                }
                Err(error) => return Err(error),
            }
        }
        self.facts.predecessor = Some(before);
        Ok(())
    }

    fn recalled_of(
        &self,
        id: crate::gitlab::model::RunnerId,
    ) -> Option<crate::gitlab::model::Runner> {
        let fresh = self.locator.fresh?;
        match self.connected.roster.sighting(id, fresh, self.locator.now) {
            Look::Known(runner, _) => Some(*runner),
            Look::Ask => None,
        }
    }
}
