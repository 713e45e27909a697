//! Which runners are this object's, by the mark in their maintenance notes.
use super::pass::Pass;
use crate::clock;
use crate::controller::connections::Connected;
use crate::controller::error::{Error, Subject};
use crate::gitlab::model::{Runner, RunnerId, Scope};
use crate::gitlab::{Contact, Found, Refusal};
use crate::plan::{Doubt, Mark, may_turn_up};
use crate::secrets;

impl Pass<'_> {
    /// Whether an attempt that was given up may have made a runner after all.
    pub(super) fn may_have_twins(&self, link: &Connected) -> bool {
        let given_up = self.intent().and_then(|intent| intent.given_up);
        link.can.list && given_up.is_some_and(|at| may_turn_up(at, clock::now()))
    }

    /// What the runner is described as at registration.
    pub(super) fn description(&self) -> String {
        let own = || format!("{}/{}", self.namespace, self.name);
        self.runner.spec.description.clone().unwrap_or_else(own)
    }

    /// Why a runner may not be this object's. Its number is only a hint, even one that status
    /// records: a GitLab that was restored from a backup gives it to somebody else.
    pub(super) async fn doubt_of(
        &self,
        link: &Connected,
        runner: &Runner,
        recorded: bool,
    ) -> Result<Option<Doubt>, Error> {
        let foreign = Doubt::Foreign(runner.id);
        let mark = runner
            .maintenance_note
            .text()
            .map(|note| Mark::split(note).1);
        Ok(match mark {
            Some(Some(mark)) => (mark.uid != self.uid).then_some(foreign),
            Some(None) | None if !recorded => Some(foreign),
            // It may be there, and this credential is not shown it.
            None => None,
            Some(None) if !self.was_marked(runner.id) => None,
            Some(None) if self.has_our_token(link, runner.id).await? => None,
            Some(None) => Some(Doubt::Unmarked(runner.id)),
        })
    }

    /// Whether the runner of that number has the token that we keep, as far as GitLab tells: then it is
    /// the same runner, and somebody has cleared its note.
    async fn has_our_token(&self, link: &Connected, id: RunnerId) -> Result<bool, Error> {
        let Some(kept) = self.held.iter().find(|held| held.runner == id) else {
            return Ok(false);
        };
        match link.client.identity(id).await {
            Ok(identity) => Ok(identity
                .and_then(|identity| identity.short_sha)
                .is_some_and(|shown| secrets::is_short_for(&shown, kept))),
            Err(error) if error.refusal() == Some(&Refusal::NoGraphQl) => Ok(false),
            Err(source) => Err(Error::Observe {
                what: Subject::Runner,
                source,
            }),
        }
    }

    /// Whether the runner of that number has been seen with this object's mark.
    fn was_marked(&self, id: RunnerId) -> bool {
        let status = self.runner.status.as_ref();
        let runner = status.and_then(|status| status.runner.as_ref());
        let runner = runner.filter(|runner| u64::try_from(runner.id) == Ok(id.0));
        runner.is_some_and(|runner| runner.mark.is_some())
    }

    fn is_our_note(&self, note: &str) -> bool {
        Mark::split(note).1.is_some_and(|mark| mark.uid == self.uid)
    }

    /// Makes sure that a runner could be read where it is to be made. The permission to make one is
    /// asked of the user, so a token may have it without that of reading there, and a classic token
    /// makes runners where fine-grained ones are enforced (contract §8.3). Another right that is
    /// missing says nothing of that: a list takes a scope and a role that making a runner does not.
    pub(super) async fn may_read(&self, link: &Connected, scope: Scope) -> Result<(), Error> {
        // No instance enforces them, and its list is an administrator's.
        if scope == Scope::Instance {
            return Ok(());
        }
        match link.client.glance(scope).await {
            Ok(()) => Ok(()),
            Err(source) => {
                let granular = matches!(
                    source.refusal(),
                    Some(Refusal::InsufficientGranularScope { .. })
                );
                match source.status() {
                    Some(403 | 404) if !granular => Ok(()),
                    Some(_) | None => Err(Error::Observe {
                        what: Subject::Runners,
                        source,
                    }),
                }
            }
        }
    }

    /// Looks for runners that carry our mark, first that of the last attempt, then the newest.
    /// Without a scope there is no list to look at, which is not finding nothing.
    pub(super) async fn search(
        &self,
        link: &Connected,
        scope: Option<Scope>,
        description: Option<&str>,
        contact: Contact,
    ) -> Result<Option<Found>, Error> {
        let Some(scope) = scope else {
            return Ok(None);
        };
        let mut found = link
            .client
            .find(scope, description, contact, |note| self.is_our_note(note))
            .await
            .map_err(|source| Error::Observe {
                what: Subject::Runners,
                source,
            })?;
        let signed = |runner: &Runner| {
            let mark = Mark::split(runner.maintenance_note.text().unwrap_or_default()).1;
            mark.map(|mark| mark.attempt) == self.attempt()
        };
        // After a lost answer the list is all there is to go by. Of a number that has vanished GitLab
        // has been asked, and a credential that may not list at all has no more than that.
        found.complete &= contact == Contact::Any || link.can.lists_all();
        found.runners.sort_by_key(|runner| !signed(runner));
        Ok(Some(found))
    }
}
