//! Looks at the runner of a known number. The number is only a hint: whether the runner is this
//! object's, and whether it is gone, is not taken from one answer.
use jiff::SignedDuration;
use tokio::time::Instant;

use super::pass::Pass;
use crate::backoff;
use crate::clock;
use crate::controller::connections::Connected;
use crate::controller::error::{Error, Subject};
use crate::gitlab::model::{Runner, RunnerId};
use crate::gitlab::{Contact, Refusal};
use crate::plan::{Doubt, Known, Observed, Sighting, grace, second_look};

impl Pass<'_> {
    /// What was seen of a runner within this resync.
    pub(super) fn recall(&self, link: &Connected, known: &Known) -> Option<Runner> {
        self.last_seen(link).filter(|runner| runner.id == known.id)
    }

    fn last_seen(&self, link: &Connected) -> Option<Runner> {
        let period = backoff::spread(self.ctx.options.resync, &self.uid);
        let memory = &self.ctx.memory;
        memory.recall(&self.uid, &link.url, period, Instant::now())
    }

    /// Whether this look will do with what was seen in an earlier pass.
    pub(super) fn remembers(&self) -> bool {
        let link = self.link.as_ref();
        link.is_some_and(|link| self.last_seen(link).is_some())
    }

    /// Looks at a runner that we know by number.
    pub(super) async fn observe_by_number(
        &self,
        link: &Connected,
        known: &Known,
        leaving: bool,
    ) -> Result<Sighting<Runner>, Error> {
        let runner = match link.client.runner(known.id).await {
            // GitLab tells a fine-grained token no more than that of a runner that is gone, either.
            Err(error) if link.can.granular && error.refusal() == Some(&Refusal::Missing) => None,
            answer => answer.map_err(|source| Error::Observe {
                what: Subject::Runner,
                source,
            })?,
        };
        let elsewhere = known.gitlab_url != link.url;
        let recorded = self.recorded().filter(|recorded| recorded.id == known.id);
        let Some(runner) = runner else {
            // The GitLab that the number belongs to was not asked.
            return Ok(if elsewhere {
                Sighting::Unclear(Doubt::Foreign(known.id))
            } else if leaving {
                Sighting::Absent
            } else {
                self.vanished(known.id, link.timeout)
            });
        };
        // At another url the same number may be anybody's runner; and the number in a Secret is
        // believed only with our mark in GitLab, or whoever may write Secrets could have us reset
        // the token of any runner that the credential reaches.
        let known_as_ours = recorded.is_some() && !elsewhere;
        if let Some(doubt) = self.doubt_of(link, &runner, known_as_ours).await? {
            return Ok(Sighting::Unclear(doubt));
        }
        self.ctx
            .memory
            .keep(&self.uid, &link.url, &runner, Instant::now());
        Ok(Sighting::Present(runner))
    }

    /// What it means that GitLab says that there is no such runner. One stray answer is no reason to
    /// make a second runner, so one that was seen there is believed to be gone only at a second look.
    fn vanished(&self, id: RunnerId, timeout: SignedDuration) -> Sighting<Runner> {
        let status = self.runner.status.as_ref();
        let seen = status.and_then(|status| status.runner.as_ref());
        let now = clock::now();
        let Some(runner) = seen.filter(|runner| u64::try_from(runner.id) == Ok(id.0)) else {
            // It was made a moment ago, and whoever answers need not know of it yet.
            let until = self.intent().map(|intent| grace(&intent, timeout));
            return match until.filter(|until| *until > now) {
                Some(until) => Sighting::Unclear(Doubt::Vanished { id, until }),
                None => Sighting::Absent,
            };
        };
        let since = runner.missing_since.as_ref().map(|since| since.0);
        let until = second_look(since.unwrap_or(now), self.ctx.options.resync);
        if since.is_some() && until <= now {
            Sighting::Absent
        } else {
            Sighting::Unclear(Doubt::Vanished { id, until })
        }
    }

    /// Looks for a runner of this object's that was made after the one in status, which is gone: status
    /// may be older than GitLab, as after a restore of the cluster.
    pub(super) async fn look_for_a_later_one(
        &self,
        link: &Connected,
        facts: &mut Observed,
    ) -> Result<(), Error> {
        if facts.scope.is_none() {
            self.look_up_scope(link, facts).await?;
        }
        let description = self.description();
        match self
            .search(link, facts.scope, Some(&description), Contact::Any)
            .await
        {
            Ok(Some(found)) => facts.searched_for_later(found),
            Ok(None) => {}
            // The place is gone, and with it what was registered there (contract §4).
            Err(Error::Observe { source, .. })
                if source.refusal().is_some_and(Refusal::is_of_a_place) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
