//! Looks for runners in the list of their scope.
use jiff::Timestamp;

use super::{Connected, Error, FRESH, Observer, Subject};
use crate::gitlab::model::{Runner, Scope};
use crate::gitlab::{Contact, Found, Refusal};
use crate::plan::{Mark, may_turn_up};

impl Observer<'_> {
    /// Whether an attempt that was given up may have made a runner after all.
    pub(super) fn may_have_twins(&self) -> bool {
        let intent = self.locator.intent();
        let given_up = intent.and_then(|intent| intent.given_up);
        let now = self.locator.now;
        self.connected.can.list && given_up.is_some_and(|at| may_turn_up(at, now))
    }

    /// Looks for runners that carry our mark, first that of the last attempt, then the newest.
    /// Without a scope there is no list to look at, which is not finding nothing.
    pub(super) async fn search(
        &self,
        description: Option<&str>,
        contact: Contact,
    ) -> Result<Option<Found>, Error> {
        let Some(scope) = self.facts.scope else {
            return Ok(None);
        };
        let (client, can) = (&self.connected.client, self.connected.can);
        let is_ours = |note: &str| {
            Mark::split(note)
                .1
                .is_some_and(|mark| mark.uid == self.locator.uid)
        };
        let mut found = client
            .find(scope, description, contact, is_ours)
            .await
            .map_err(|source| Subject::Runners.failed(source))?;
        let attempt = self.locator.attempt();
        let signed = |runner: &Runner| {
            let mark = Mark::split(runner.maintenance_note.text().unwrap_or_default()).1;
            mark.map(|mark| mark.attempt) == attempt
        };
        // After a lost answer the list is all there is to go by. Of a number that has vanished GitLab
        // has been asked, and a credential that may not list at all has no more than that.
        found.complete &= contact == Contact::Any || can.lists_all();
        found.runners.sort_by_key(|runner| !signed(runner));
        Ok(Some(found))
    }
}

/// Makes sure that a runner could be read where it is to be made. The permission to make one is
/// asked of the user, so a token may have it without that of reading there, and a classic token
/// makes runners where fine-grained ones are enforced (contract §8.3). Another right that is
/// missing says nothing of that: a list takes a scope and a role that making a runner does not. What
/// was found is good for a minute: a hundred runners of one group need one look.
pub async fn may_read(connected: &Connected, scope: Scope, now: Timestamp) -> Result<(), Error> {
    // No instance enforces them, and its list is an administrator's.
    if scope == Scope::Instance {
        return Ok(());
    }
    let glance = async {
        let Err(source) = connected.client.glance(scope).await else {
            return Ok(());
        };
        let granular = matches!(
            source.refusal(),
            Some(Refusal::InsufficientGranularScope { .. })
        );
        match source.status() {
            Some(403 | 404) if !granular => Ok(()),
            Some(_) | None => Err(Subject::Runners.failed(source)),
        }
    };
    let readable = &connected.readable;
    readable.get(scope, (now, FRESH), |()| true, glance).await
}
