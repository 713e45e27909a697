//! Which runners are this object's, by the mark in their maintenance notes.
use super::pass::Pass;
use crate::clock;
use crate::controller::connections::Connected;
use crate::controller::error::Error;
use crate::gitlab::Found;
use crate::gitlab::model::{Runner, Scope};
use crate::plan::{Mark, may_turn_up};

impl Pass<'_> {
    /// Whether an attempt that was given up may have made a runner after all.
    pub(super) fn may_have_twins(&self, link: &Connected) -> bool {
        let given_up = self.intent().and_then(|intent| intent.given_up);
        link.can.list && given_up.is_some_and(|at| may_turn_up(at, clock::now()))
    }

    pub(super) fn is_ours(&self, runner: &Runner) -> bool {
        self.is_our_note(runner.maintenance_note.as_deref().unwrap_or_default())
    }

    fn is_our_note(&self, note: &str) -> bool {
        Mark::split(note).1.is_some_and(|mark| mark.uid == self.uid)
    }

    /// Looks for runners that carry our mark, first that of the last attempt, then the newest.
    /// Without a scope there is no list to look at, which is not finding nothing.
    pub(super) async fn search(
        &self,
        link: &Connected,
        scope: Option<Scope>,
        description: Option<&str>,
    ) -> Result<Option<Found>, Error> {
        let Some(scope) = scope else {
            return Ok(None);
        };
        let mut found = link
            .client
            .find(scope, description, |note| self.is_our_note(note))
            .await
            .map_err(|source| Error::Observe {
                what: "the list of runners",
                source,
            })?;
        let signed = |runner: &Runner| {
            let note = runner.maintenance_note.as_deref().unwrap_or_default();
            let mark = Mark::split(note).1;
            mark.map(|mark| mark.attempt) == self.attempt()
        };
        found.runners.sort_by_key(|runner| !signed(runner));
        Ok(Some(found))
    }
}
