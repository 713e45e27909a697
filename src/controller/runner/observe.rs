//! Reads, and nothing but reads: the object's Secrets, GitLab, and what this process knows of both.
use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use tokio::time::Instant;

use super::pass::{Observation, Pass};
use super::stored::{Secrets, entries};
use crate::api::conditions::{ConditionType, Reason, find};
use crate::api::v1alpha1::{OperationType, RotationOverlap};
use crate::backoff;
use crate::clock;
use crate::controller::error::Error;
use crate::controller::on_request;
use crate::controller::refusals::{Asker, Circumstances};
use crate::gitlab::model::{ProjectId, Runner};
use crate::observe::{self, Locator, SAME_LOOK, Seen};
use crate::plan::{
    Desired, Doubt, Observed, SecretSighting, Sighting, StoredToken, Wanted, answered, ends_by,
};
use crate::secrets;

impl Pass<'_> {
    /// Looks at everything that the next decision may depend on.
    pub(super) async fn observe(&mut self, desired: &Desired) -> Result<(), Error> {
        let want = match desired {
            Desired::Exists(want) => Some(&**want),
            Desired::Gone(_) => None,
        };
        let Secrets { kept, here, others } = self.observe_secrets(want).await?;
        self.at_hand.clear();
        self.held = entries(&kept, here.as_ref(), &others);
        let (secrets, others): (Vec<_>, Vec<_>) = others
            .into_iter()
            .map(|(secret, stored)| {
                let name = secret.name_any();
                (secret, (name, stored))
            })
            .unzip();
        let Seen {
            selected,
            mut facts,
            looked_at,
            recalled,
        } = self.ask(want, kept, others).await?;
        self.selected = selected;
        if let (Some(link), Some(id)) = (&self.link, looked_at) {
            self.record.memory.follow(&link.roster, id);
        }
        // What a sweep has seen just now is as good as what this pass sees, but where somebody waits who may
        // have changed something since. What this very pass has seen before is fresh enough.
        // A successor is made like what it sees.
        let twin = want.is_some_and(|want| want.rotation.overlap == RotationOverlap::Twin);
        let assumed = self.record.memory.is_assumed();
        let remembered = |age| age >= SAME_LOOK || assumed || twin || self.is_awaited();
        let remembered = recalled.is_some_and(remembered);
        self.remembered = Some(remembered && self.remembered.unwrap_or(true));
        facts.refused = want.is_none() && self.is_refused(&facts.runner);
        facts.refused_projects =
            want.map_or_else(Vec::new, |_| self.refused_projects(&facts.runner));
        facts.token.unmade = want.and_then(|want| self.unmade_config(want));
        facts.token.requested = self.is_rotation_requested(&facts);
        facts.under_way = self.under_way();
        facts.answered = self.is_answered();
        facts.changed = self.has_changed();
        facts.brake = self.brake();
        Box::pin(self.counts_jobs_left(&mut facts)).await?;
        facts.goodbye = self.goodbye(desired, &facts.runner, facts.refused).await?;
        self.seen = Some(Observation {
            facts,
            secret: here,
            others: secrets,
        });
        Ok(())
    }

    async fn ask(
        &mut self,
        want: Option<&Wanted>,
        secret: SecretSighting,
        others: Vec<(String, StoredToken)>,
    ) -> Result<Seen, Error> {
        let mut numbers = self.projects.clone();
        let (link, record) = (self.link.clone(), self.record.clone());
        let (url, memory) = (link.as_ref().map(|link| &*link.url), &record.memory);
        let period = backoff::spread(self.ctx.options.resync, &self.uid);
        let recalled_projects = url.map(|url| memory.projects(url, period, Instant::now()));
        for (path, id) in recalled_projects.into_iter().flatten() {
            numbers.entry(path).or_insert(Some(id));
        }
        let known: HashSet<String> = numbers.keys().cloned().collect();
        let own = || format!("{}/{}", self.namespace, self.name);
        let adopt = want.and_then(|want| self.to_adopt(want));
        let living = self.living(adopt).await?;
        let locator = Locator {
            uid: &self.uid,
            scope: &self.runner.spec.scope,
            description: self.runner.spec.description.clone().unwrap_or_else(own),
            status: self.runner.status.as_ref(),
            recorded: self.recorded(),
            adopt: adopt.map(|adopt| adopt.among(&living, self.is_kept_by_another(adopt.runner))),
            predecessor: self.predecessor(),
            removed: memory.removed(),
            fresh: self.fresh(),
            secret,
            others,
            held: &self.held,
            resync: self.ctx.options.resync,
            now: clock::now(),
        };
        let seen = observe::observe(link.as_deref(), locator, want, &mut numbers).await;
        // Whether one that is not there has come is asked in every pass: somebody may be waiting.
        for (path, id) in numbers
            .into_iter()
            .filter(|(path, _)| !known.contains(path))
        {
            if let (Some(url), Some(id)) = (url, id) {
                memory.keep_project(url, &path, id, period, Instant::now());
            } else {
                self.projects.insert(path, id);
            }
        }
        self.counts_losses(seen.as_ref());
        Ok(seen?)
    }

    /// How old what was seen of the runner may be where no sweep looks after it: a resync.
    fn fresh(&self) -> Option<SignedDuration> {
        let period = backoff::spread(self.ctx.options.resync, &self.uid);
        let memory = &self.record.memory;
        // What was assumed is looked at when the first resync ends, and not only recalled.
        let age = memory.age(clock::now()).filter(|_| memory.is_assumed());
        let may = memory.may_recall() && age.is_none_or(|age| age < period);
        may.then(|| SignedDuration::try_from(period).unwrap_or(SignedDuration::MAX))
    }

    /// Until when a reset that was begun may still come to its end in other hands: those of another
    /// process, or of this one before it died.
    fn under_way(&self) -> Option<Timestamp> {
        let operation = self.runner.status.as_ref()?.operation.as_ref()?;
        let ended = self.record.memory.has_ended(&operation.id);
        let resets = operation.type_ == OperationType::ResetToken;
        let timeout = self.link.as_ref()?.timeout;
        (resets && !ended).then(|| ends_by(operation, timeout))
    }

    /// Why no config.toml can be made, if one is asked for.
    fn unmade_config(&self, want: &Wanted) -> Option<String> {
        let config = want.secret.config.as_ref()?;
        let url = &self.link.as_ref()?.url;
        secrets::complaint(config, &self.namespace, &self.name, url)
    }

    /// Whether somebody asks for a new token, and no token in a Secret answers that.
    fn is_rotation_requested(&self, facts: &Observed) -> bool {
        let status = self.status();
        let answered = answered(&status, Some(facts));
        on_request::new_rotation(&self.runner, answered.as_ref()).is_some()
    }

    /// Whether somebody has changed the object since it was told that its runner may be a stranger's.
    fn is_answered(&self) -> bool {
        let status = self.runner.status.as_ref();
        let ready = status.and_then(|status| find(&status.conditions, ConditionType::Ready));
        let told = ready.filter(|ready| ready.reason == Reason::RunnerForeign.name());
        told.is_some_and(|told| told.observed_generation < self.runner.metadata.generation)
    }

    /// How things are that a refusal may hang on.
    pub(super) fn asker(&self) -> Asker<'_> {
        Asker {
            uid: &self.uid,
            resync: self.ctx.options.resync,
            now: Circumstances::new(&self.runner, self.link.as_ref())
                .with_registration(self.registration_digest()),
        }
    }

    /// Whether GitLab has refused to take this runner away, and nothing has changed since.
    fn is_refused(&self, runner: &Sighting<Runner>) -> bool {
        let id = match runner {
            Sighting::Present(runner) => runner.id,
            Sighting::Unclear(Doubt::NotAsked(Some(id))) => *id,
            Sighting::Absent | Sighting::Unclear(_) => return false,
        };
        self.record.refusals.concern(id, &self.asker())
    }

    /// The projects that GitLab has refused of this runner, as far as nothing has changed since.
    fn refused_projects(&self, runner: &Sighting<Runner>) -> Vec<(ProjectId, String)> {
        let Sighting::Present(runner) = runner else {
            return Vec::new();
        };
        self.record.refusals.of_projects(runner.id, &self.asker())
    }
}
