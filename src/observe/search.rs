//! Looks for runners by the mark that they carry: in what a sweep of their scope has seen, or else in the
//! list of the scope.
use jiff::{SignedDuration, Timestamp};

use super::{Connected, Error, FRESH, Marks, Observer, SAME_LOOK, Subject};
use crate::gitlab::model::{Runner, RunnerId, Scope};
use crate::gitlab::{Contact, Found, Refusal};
use crate::plan::{Doubt, Intent, Mark, Sighting, may_turn_up};

/// What a search came to.
enum Search {
    /// This.
    Found(Found),
    /// Nothing is known of the scope, which is not finding nothing.
    Unplaced,
    /// A sweep that was asked for will tell.
    Soon,
}

/// How recent a sweep must be that answers a search.
#[derive(Clone, Copy)]
enum Since {
    /// It counts as long as it is in force.
    InForce,
    /// It has begun just now, and no sooner than this.
    JustNow(Timestamp),
}

impl Observer<'_> {
    /// Whether an attempt that was given up may have made a runner after all.
    pub(super) fn may_have_twins(&self) -> bool {
        let intent = self.locator.intent();
        let given_up = intent.and_then(|intent| intent.given_up);
        let now = self.locator.now;
        self.connected.can.list && given_up.is_some_and(|at| may_turn_up(at, now))
    }

    /// Looks for the runner of an attempt whose answer was lost.
    pub(super) async fn look_for_the_lost(
        &mut self,
        intent: &Intent,
        settles_at: Timestamp,
    ) -> Result<(), Error> {
        // Once nothing more is expected, only a look from then on proves that nothing has come.
        let since = if settles_at <= self.locator.now {
            settles_at
        } else {
            intent.at
        };
        let description = self.locator.description.clone();
        let search = self
            .search(Some(&description), Contact::Never, Since::JustNow(since))
            .await?;
        match search {
            Search::Found(found) => self.facts.searched(Some(found), settles_at),
            Search::Unplaced => self.facts.searched(None, settles_at),
            Search::Soon => self.facts.runner = Sighting::Unclear(Doubt::Unswept),
        }
        Ok(())
    }

    /// Looks for runners that an attempt that was given up has made after all. When the object goes it is
    /// the last look for them.
    pub(super) async fn look_for_twins(&mut self, leaving: bool) -> Result<(), Error> {
        let recent = if leaving {
            Since::JustNow(Timestamp::MIN)
        } else {
            Since::InForce
        };
        // What they were to be described as may have changed since.
        match self.search(None, Contact::Never, recent).await? {
            Search::Found(found) => self.facts.searched_for_twins(Some(found), leaving),
            Search::Unplaced => self.facts.searched_for_twins(None, leaving),
            Search::Soon if leaving && !matches!(self.facts.runner, Sighting::Present(_)) => {
                self.facts.runner = Sighting::Unclear(Doubt::Unswept);
            }
            Search::Soon => {}
        }
        Ok(())
    }

    /// Looks for a runner of this object's that was made after the one in status, which is gone: status
    /// may be older than GitLab, as after a restore of the cluster.
    pub(super) async fn look_for_a_later_one(&mut self) -> Result<(), Error> {
        if self.facts.scope.is_none() {
            self.look_up_scope().await?;
        }
        let description = self.locator.description.clone();
        let recent = Since::JustNow(Timestamp::MIN);
        match self.search(Some(&description), Contact::Any, recent).await {
            Ok(Search::Found(found)) => self.facts.searched_for_later(found),
            Ok(Search::Unplaced) => {}
            Ok(Search::Soon) => self.facts.runner = Sighting::Unclear(Doubt::Unswept),
            // The place is gone, and with it what was registered there (contract §4).
            Err(Error { source, .. }) if source.refusal().is_some_and(Refusal::is_of_a_place) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Looks for runners that carry our mark, first that of the last attempt, then the newest.
    async fn search(
        &self,
        description: Option<&str>,
        contact: Contact,
        recent: Since,
    ) -> Result<Search, Error> {
        let Some(scope) = self.facts.scope else {
            return Ok(Search::Unplaced);
        };
        let mut found = match self.by_mark(scope, contact, recent).await? {
            // Reading a list takes many requests: as many as there are looks at the runner itself.
            Search::Unplaced if self.recalled.is_some() && matches!(recent, Since::InForce) => {
                return Ok(Search::Soon);
            }
            Search::Unplaced => self.in_the_list(scope, description, contact).await?,
            Search::Found(found) => found,
            Search::Soon => return Ok(Search::Soon),
        };
        let attempt = self.locator.attempt();
        let signed = |runner: &Runner| Mark::of(runner).map(|mark| mark.attempt) == attempt;
        // After a lost answer the list is all there is to go by. Of a number that has vanished GitLab
        // has been asked, and a credential that may not list at all has no more than that.
        found.complete &= contact == Contact::Any || self.connected.can.lists_all();
        found.runners.sort_by_key(|runner| !signed(runner));
        Ok(Search::Found(found))
    }

    /// What a sweep has seen of our mark; `Unplaced` where no sweep tells.
    async fn by_mark(
        &self,
        scope: Scope,
        contact: Contact,
        recent: Since,
    ) -> Result<Search, Error> {
        let Connected { can, roster, .. } = self.connected;
        if !(can.lists_all() && can.graphql) {
            return Ok(Search::Unplaced);
        }
        let not_before = match recent {
            Since::InForce => None,
            Since::JustNow(since) => Some(since),
        };
        match roster.marks(scope, self.locator.uid, not_before, self.locator.now) {
            Marks::Unknown => Ok(Search::Unplaced),
            Marks::Soon => Ok(Search::Soon),
            Marks::Read { runners, complete } => {
                let (mut ours, mut complete) = (Vec::new(), complete);
                for (id, known) in runners {
                    let Some(runner) = self.seen_now(id, known).await? else {
                        continue;
                    };
                    // The mark may have been another's since the sweep.
                    match runner
                        .maintenance_note
                        .text()
                        .map(|note| self.is_ours(note))
                    {
                        Some(true) if runner.runner_type == scope.runner_type() => {
                            ours.push(runner);
                        }
                        Some(_) => {}
                        None => complete = false,
                    }
                }
                ours.retain(|runner| contact == Contact::Any || runner.online.is_none());
                Ok(Search::Found(Found {
                    runners: ours,
                    complete,
                }))
            }
        }
    }

    /// Whether a note has the mark of this object.
    fn is_ours(&self, note: &str) -> bool {
        let mark = Mark::split(note).1;
        mark.is_some_and(|mark| mark.uid == self.locator.uid)
    }

    /// A runner as it is now, of which a sweep may have shown that, so long ago.
    async fn seen_now(
        &self,
        id: RunnerId,
        known: Option<(Runner, SignedDuration)>,
    ) -> Result<Option<Runner>, Error> {
        if let Some((runner, age)) = known
            && age < SAME_LOOK
        {
            return Ok(Some(runner));
        }
        let now = self.connected.client.runner(id).await;
        let now = now.map_err(|source| Subject::Runner.failed(source))?;
        if let Some(runner) = &now {
            self.connected.roster.note(runner.clone(), self.locator.now);
        }
        Ok(now)
    }

    /// What the list of the scope shows, where each candidate is read by its number.
    async fn in_the_list(
        &self,
        scope: Scope,
        description: Option<&str>,
        contact: Contact,
    ) -> Result<Found, Error> {
        let client = &self.connected.client;
        let is_ours = |note: &str| self.is_ours(note);
        let found = client.find(scope, description, contact, is_ours).await;
        found.map_err(|source| Subject::Runners.failed(source))
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
