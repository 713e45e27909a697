//! Looks at the runner of a known number. The number is only a hint: whether the runner is this
//! object's, and whether it is gone, is not taken from one answer.
use super::{Error, Observer, Subject};
use crate::gitlab::model::{Runner, RunnerId};
use crate::gitlab::{Contact, Refusal};
use crate::plan::{Doubt, Known, Sighting, grace, second_look};

impl Observer<'_> {
    /// Looks at a runner that we know by number.
    pub(super) async fn by_number(
        &mut self,
        known: &Known,
        leaving: bool,
    ) -> Result<Sighting<Runner>, Error> {
        let elsewhere = known.gitlab_url != self.connected.url;
        let answer = self.connected.client.runner(known.id).await;
        // GitLab tells a fine-grained token no more than that of a runner that is gone, either.
        let hidden = self.connected.can.granular
            && answer
                .as_ref()
                .is_err_and(|error| error.refusal() == Some(&Refusal::Missing));
        let runner = if hidden {
            None
        } else {
            answer.map_err(|source| Subject::Runner.failed(source))?
        };
        let Some(runner) = runner else {
            // The GitLab that the number belongs to was not asked.
            return Ok(if elsewhere {
                Sighting::Unclear(Doubt::Foreign(known.id))
            } else if !leaving {
                self.vanished(known.id)
            } else if hidden {
                Sighting::Unclear(Doubt::Hidden(known.id))
            } else {
                Sighting::Absent
            });
        };
        // At another url the same number may be anybody's runner; and the number in a Secret is
        // believed only with our mark in GitLab, or whoever may write Secrets could have us reset
        // the token of any runner that the credential reaches.
        let recorded = self.locator.recorded.as_ref();
        let known_as_ours = recorded.is_some_and(|recorded| recorded.id == known.id) && !elsewhere;
        if let Some(doubt) = self.doubt_of(&runner, known_as_ours).await? {
            return Ok(Sighting::Unclear(doubt));
        }
        self.shown = Some(runner.clone());
        Ok(Sighting::Present(runner))
    }

    /// What it means that GitLab says that there is no such runner. One stray answer is no reason to
    /// make a second runner, so one that was seen there is believed to be gone only at a second look.
    fn vanished(&self, id: RunnerId) -> Sighting<Runner> {
        let status = self.locator.status;
        let seen = status.and_then(|status| status.runner.as_ref());
        let (now, timeout) = (self.locator.now, self.connected.timeout);
        let Some(runner) = seen.filter(|runner| u64::try_from(runner.id) == Ok(id.0)) else {
            // It was made a moment ago, and whoever answers need not know of it yet.
            let until = self.locator.intent().map(|intent| grace(&intent, timeout));
            return match until.filter(|until| *until > now) {
                Some(until) => Sighting::Unclear(Doubt::Vanished { id, until }),
                None => Sighting::Absent,
            };
        };
        let since = runner.missing_since.as_ref().map(|since| since.0);
        let until = second_look(since.unwrap_or(now), self.locator.resync);
        if since.is_some() && until <= now {
            Sighting::Absent
        } else {
            Sighting::Unclear(Doubt::Vanished { id, until })
        }
    }

    /// Looks for a runner of this object's that was made after the one in status, which is gone: status
    /// may be older than GitLab, as after a restore of the cluster.
    pub(super) async fn look_for_a_later_one(&mut self) -> Result<(), Error> {
        if self.facts.scope.is_none() {
            self.look_up_scope().await?;
        }
        let description = self.locator.description.clone();
        match self.search(Some(&description), Contact::Any).await {
            Ok(Some(found)) => self.facts.searched_for_later(found),
            Ok(None) => {}
            // The place is gone, and with it what was registered there (contract §4).
            Err(Error { source, .. }) if source.refusal().is_some_and(Refusal::is_of_a_place) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
