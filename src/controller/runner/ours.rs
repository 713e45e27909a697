//! Which runners are this object's, by the mark in their maintenance notes.
use super::pass::Pass;
use crate::clock;
use crate::controller::connections::Connected;
use crate::controller::error::{Error, Subject};
use crate::gitlab::model::{Runner, Scope};
use crate::gitlab::{Contact, Found};
use crate::plan::{Mark, may_turn_up};

impl Pass<'_> {
    /// Whether an attempt that was given up may have made a runner after all.
    pub(super) fn may_have_twins(&self, link: &Connected) -> bool {
        let given_up = self.intent().and_then(|intent| intent.given_up);
        link.can.list && given_up.is_some_and(|at| may_turn_up(at, clock::now()))
    }

    pub(super) fn is_ours(&self, runner: &Runner) -> bool {
        runner
            .maintenance_note
            .text()
            .is_some_and(|note| self.is_our_note(note))
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
            .find(scope, description, Contact::Never, |note| {
                self.is_our_note(note)
            })
            .await
            .map_err(|source| Error::Observe {
                what: Subject::Runners,
                source,
            })?;
        let signed = |runner: &Runner| {
            let mark = Mark::split(runner.maintenance_note.text().unwrap_or_default()).1;
            mark.map(|mark| mark.attempt) == self.attempt()
        };
        found.runners.sort_by_key(|runner| !signed(runner));
        Ok(Some(found))
    }
}
