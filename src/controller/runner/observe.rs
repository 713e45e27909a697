//! Reads, and nothing but reads.
use jiff::Timestamp;
use kube::ResourceExt;

use super::pass::{Observation, Pass};
use super::stored::{Secrets, entries};
use crate::api::conditions::{ConditionType, Reason, find};
use crate::api::v1alpha1::OperationType;
use crate::clock;
use crate::controller::connections::Connected;
use crate::controller::error::Error;
use crate::controller::refusals::Circumstances;
use crate::gitlab::Contact;
use crate::gitlab::model::{Runner, RunnerId};
use crate::plan::{
    Desired, Doubt, Naming, Observed, SecretSighting, Sighting, StoredToken, Wanted, Whereabouts,
    ends_by, grace, whereabouts,
};

impl Pass<'_> {
    /// Looks at everything that the next decision may depend on.
    pub(super) async fn observe(&mut self, desired: &Desired) -> Result<(), Error> {
        let want = match desired {
            Desired::Exists(want) => Some(&**want),
            Desired::Gone(_) => None,
        };
        let Secrets { kept, here, others } = self.observe_secrets(want).await?;
        self.held = entries(&kept, here.as_ref(), &others);
        // What this very pass has seen before is fresh enough.
        self.remembered = Some(self.remembers() && self.remembered.unwrap_or(true));
        let (secrets, others): (Vec<_>, Vec<_>) = others
            .into_iter()
            .map(|(secret, stored)| {
                let name = secret.name_any();
                (secret, (name, stored))
            })
            .unzip();
        let mut facts = self.observe_runner(want, &kept, &others).await?;
        facts.projects = match (
            &facts.runner,
            want.and_then(|want| want.projects.as_deref()),
        ) {
            (Sighting::Present(runner), Some(projects)) => {
                Some(self.observe_projects(runner, projects).await?)
            }
            _ => None,
        };
        facts.refused = want.is_none() && self.is_refused(&facts.runner);
        facts.refused_projects =
            want.map_or_else(Vec::new, |_| self.refused_projects(&facts.runner));
        facts.under_way = self.under_way();
        facts.others = others;
        facts.secret = kept;
        self.seen = Some(Observation {
            facts,
            secret: here,
            others: secrets,
        });
        Ok(())
    }

    /// Until when a reset that was begun may still come to its end in other hands: those of another
    /// process, or of this one before it died.
    fn under_way(&self) -> Option<Timestamp> {
        let operation = self.runner.status.as_ref()?.operation.as_ref()?;
        let ended = self.ctx.memory.has_ended(&self.uid, &operation.id);
        let resets = operation.type_ == OperationType::ResetToken;
        let timeout = self.link.as_ref()?.timeout;
        (resets && !ended).then(|| ends_by(operation, timeout))
    }

    /// Whether somebody has changed the object since it was told that its runner may be a stranger's.
    fn is_answered(&self) -> bool {
        let status = self.runner.status.as_ref();
        let ready = status.and_then(|status| find(&status.conditions, ConditionType::Ready));
        let told = ready.filter(|ready| ready.reason == Reason::RunnerForeign.name());
        told.is_some_and(|told| told.observed_generation < self.runner.metadata.generation)
    }

    /// Whether GitLab has refused to take this runner away, and nothing has changed since.
    fn is_refused(&self, runner: &Sighting<Runner>) -> bool {
        let Sighting::Present(runner) = runner else {
            return false;
        };
        let now = Circumstances::new(&self.runner, self.link.as_ref());
        let (refusals, resync) = (&self.ctx.refusals, self.ctx.options.resync);
        refusals.concern(&self.uid, runner.id, &now, resync)
    }

    async fn observe_runner(
        &self,
        want: Option<&Wanted>,
        secret: &SecretSighting,
        others: &[(String, StoredToken)],
    ) -> Result<Observed, Error> {
        let mut facts = Observed {
            runner: Sighting::Absent,
            twins: Vec::new(),
            settles_at: None,
            scope: self.recorded_scope(),
            naming: Naming::Same,
            secret: SecretSighting::Absent,
            others: Vec::new(),
            under_way: None,
            projects: None,
            refused_projects: Vec::new(),
            admin: self.link.as_ref().is_some_and(|link| link.admin),
            can_assign: self.link.as_ref().is_some_and(|link| link.can.assign),
            refused: false,
            answered: self.is_answered(),
        };
        let (intent, recorded) = (self.intent(), self.recorded());
        let place = whereabouts(secret, others, recorded.as_ref(), intent.as_ref());
        if self.has_removed(place.number()) {
            return Ok(facts);
        }
        let Some(link) = &self.link else {
            // Without a runner there is nothing to ask for.
            if place != Whereabouts::Nowhere {
                facts.runner = Sighting::Unclear(Doubt::NotAsked(place.number()));
            }
            return Ok(facts);
        };
        let searches = match &place {
            Whereabouts::Nowhere => false,
            Whereabouts::Number(_) => self.may_have_twins(link),
            Whereabouts::Mark(_) => link.can.list,
        };
        let unknown = facts.scope.is_none() && place.needs_scope(want, &link.url, searches);
        if unknown {
            self.look_up_scope(link, &mut facts).await?;
        }
        let (leaving, number) = (want.is_none(), place.number());
        let here = matches!(&place, Whereabouts::Number(known) if known.gitlab_url == link.url);
        if let Err(error) = self.look_in_place(link, place, leaving, &mut facts).await {
            // Whoever holds the runner's token need not see it to remove it (contract §3.15).
            let held = number.filter(|id| is_kept(*id, secret, others));
            let held = held.filter(|_| leaving && here && error.forbids_the_runner());
            facts.runner = Sighting::Unclear(Doubt::Unreadable(held.ok_or(error)?));
        }
        let settled = facts.settles_at.is_none_or(|at| at <= clock::now());
        let registers = want.is_some() && facts.runner == Sighting::Absent && settled;
        if registers && !unknown {
            self.choose_scope(link, &mut facts).await?;
        }
        if let (Some(_), Sighting::Present(runner)) = (want, &facts.runner) {
            facts.naming = self.compare_scope(link, runner, facts.scope).await?;
        }
        Ok(facts)
    }

    /// Whether GitLab has said that it removed the runner by its own token, and no other is known.
    /// Nothing in GitLab tells of it any more, nor does its Secret once that was deleted.
    fn has_removed(&self, id: Option<RunnerId>) -> bool {
        let operation = self.runner.status.as_ref();
        let operation = operation.and_then(|status| status.operation.as_ref());
        operation.is_some_and(|operation| {
            let same = id.is_none_or(|id| u64::try_from(operation.runner_id) == Ok(id.0));
            let removes = operation.type_ == OperationType::RemoveByToken;
            removes && same && operation.done_at.is_some()
        })
    }

    /// Looks where the runner should be.
    async fn look_in_place(
        &self,
        link: &Connected,
        place: Whereabouts,
        leaving: bool,
        facts: &mut Observed,
    ) -> Result<(), Error> {
        match place {
            Whereabouts::Nowhere => {}
            Whereabouts::Number(known) => {
                let recalled = self.recall(link, &known);
                let asked = recalled.is_none();
                facts.runner = match recalled {
                    Some(runner) => Sighting::Present(runner),
                    None => self.observe_by_number(link, &known, leaving).await?,
                };
                if facts.runner == Sighting::Absent && !leaving && link.can.list {
                    self.look_for_a_later_one(link, facts).await?;
                }
                if (asked || leaving) && self.may_have_twins(link) {
                    // What they were to be described as may have changed since.
                    let search = self.search(link, facts.scope, None, Contact::Never).await?;
                    facts.searched_for_twins(search, leaving);
                }
            }
            Whereabouts::Mark(intent) if intent.gitlab_url.as_ref() != Some(&link.url) => {
                facts.runner = Sighting::Unclear(Doubt::Elsewhere);
            }
            Whereabouts::Mark(_) if !link.can.list => {
                facts.runner = Sighting::Unclear(Doubt::Unsearchable);
            }
            Whereabouts::Mark(intent) => {
                let description = self.description();
                let search = self
                    .search(link, facts.scope, Some(&description), Contact::Never)
                    .await?;
                facts.searched(search, grace(&intent, link.timeout));
            }
        }
        Ok(())
    }
}

/// Whether one of our Secrets is of that runner.
fn is_kept(id: RunnerId, secret: &SecretSighting, others: &[(String, StoredToken)]) -> bool {
    let here = match secret {
        SecretSighting::Ours(stored) => Some(stored),
        SecretSighting::Absent | SecretSighting::Foreign(_) => None,
    };
    let others = others.iter().map(|(_, stored)| stored);
    here.into_iter()
        .chain(others)
        .any(|stored| stored.runner.as_ref().is_some_and(|known| known.id == id))
}
