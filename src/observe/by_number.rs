//! Looks at the runner of a known number. The number is only a hint: whether the runner is this
//! object's, and whether it is gone, is not taken from one answer.
use jiff::Timestamp;

use super::{Connected, Error, Look, Observer, Subject};
use crate::gitlab::Refusal;
use crate::gitlab::model::{Runner, RunnerId};
use crate::plan::{Doubt, Known, Sighting, grace, second_look};

/// What GitLab says of a runner that it is asked for.
pub(super) enum Answer {
    /// This.
    Shown(Box<Runner>),
    /// There is none.
    Gone,
    /// There is none, or the credential may not know of it.
    Hidden,
}

impl Observer<'_> {
    /// Looks at a runner that we know by number.
    pub(super) async fn by_number(
        &mut self,
        known: &Known,
        leaving: bool,
    ) -> Result<Sighting<Runner>, Error> {
        let elsewhere = known.gitlab_url != self.connected.url;
        if !self.connected.can.reads() {
            return Ok(Sighting::Unclear(if elsewhere {
                Doubt::Foreign(known.id)
            } else {
                Doubt::Unseen(known.id)
            }));
        }
        self.looked_at = Some(known.id);
        let runner = match self.remembered(known.id) {
            Some(runner) => runner,
            None => match self.ask(known.id).await? {
                Answer::Shown(runner) => *runner,
                // The GitLab that the number belongs to was not asked.
                Answer::Gone | Answer::Hidden if elsewhere => {
                    return Ok(Sighting::Unclear(Doubt::Foreign(known.id)));
                }
                Answer::Gone | Answer::Hidden if !leaving => return Ok(self.vanished(known.id)),
                Answer::Hidden => return Ok(Sighting::Unclear(Doubt::Hidden(known.id))),
                Answer::Gone => return Ok(Sighting::Absent),
            },
        };
        // At another url the same number may be anybody's runner; and the number in a Secret is
        // believed only with our mark in GitLab, or whoever may write Secrets could have us reset
        // the token of any runner that the credential reaches.
        let recorded = self.locator.recorded.as_ref();
        let known_as_ours = recorded.is_some_and(|recorded| recorded.id == known.id) && !elsewhere;
        if let Some(doubt) = self.doubt_of(&runner, known_as_ours).await? {
            return Ok(Sighting::Unclear(doubt));
        }
        if !leaving {
            self.compare_token(runner.id).await;
        }
        Ok(Sighting::Present(runner))
    }

    /// What the roster knows of the runner, if that counts.
    pub(super) fn remembered(&mut self, id: RunnerId) -> Option<Runner> {
        let fresh = self.locator.fresh?;
        match self.connected.roster.sighting(id, fresh, self.locator.now) {
            Look::Known(runner, age) => {
                self.recalled = self.recalled.max(Some(age));
                Some(*runner)
            }
            Look::Ask => None,
        }
    }

    /// Asks GitLab for the runner. The roster takes in what it says.
    pub(super) async fn ask(&self, id: RunnerId) -> Result<Answer, Error> {
        let Connected {
            client,
            can,
            roster,
            ..
        } = self.connected;
        let answer = client.runner(id).await;
        // GitLab tells a fine-grained token no more than that of a runner that is gone, either.
        let hidden = can.granular
            && answer
                .as_ref()
                .is_err_and(|error| error.refusal() == Some(&Refusal::Missing));
        if hidden {
            roster.forget(id);
            return Ok(Answer::Hidden);
        }
        let Some(runner) = answer.map_err(|source| Subject::Runner.failed(source))? else {
            roster.forget(id);
            return Ok(Answer::Gone);
        };
        self.connected.has_shown(&runner);
        roster.note(runner.clone(), self.locator.now);
        // Whoever asks for one alone is not shown what sweeps are.
        let insight = roster.insight(id).unwrap_or_default();
        Ok(Answer::Shown(Box::new(Runner { insight, ..runner })))
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
        // Whoever begins anew looks twice as well: how many are missing at once is not known before.
        let anew = self
            .connected
            .roster
            .works_since()
            .unwrap_or(Timestamp::MIN);
        let since = runner.missing_since.as_ref();
        let since = since.map(|since| since.0.max(anew));
        let until = second_look(since.unwrap_or(now), self.locator.resync);
        if since.is_some() && until <= now {
            Sighting::Absent
        } else {
            Sighting::Unclear(Doubt::Vanished { id, until })
        }
    }
}
