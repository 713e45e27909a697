//! Reads, and nothing but reads.
use k8s_openapi::api::core::v1::Secret;
use tokio::time::Instant;

use super::pass::{Pass, Seen};
use crate::backoff;
use crate::clock;
use crate::controller::connections::Connected;
use crate::controller::error::{Error, Subject};
use crate::controller::refusals::Circumstances;
use crate::gitlab::model::Runner;
use crate::plan::{
    Desired, Doubt, Keeping, Kept, Known, Naming, Observed, Sighting, Wanted, Whereabouts, grace,
    whereabouts,
};
use crate::secrets;

impl Pass<'_> {
    /// Looks at everything that the next decision may depend on.
    pub(super) async fn look(&mut self, desired: &Desired) -> Result<(), Error> {
        let want = match desired {
            Desired::Exists(want) => Some(&**want),
            Desired::Gone(_) => None,
        };
        let url = self
            .link
            .as_ref()
            .map(|link| link.url.clone())
            .unwrap_or_default();
        let tidy = want.map(|want| (&want.secret, url.as_str()));
        let (name, former_name) = self.secret_names();
        let secret = self.read_secret(&name).await?;
        let kept = self.believed(secrets::look(secret.as_ref(), &self.runner, tidy));
        let former = match former_name {
            Some(name) => self.read_secret(&name).await?,
            None => None,
        };
        let former = former.and_then(|secret| {
            let kept = self.believed(secrets::look(Some(&secret), &self.runner, None));
            match kept {
                Kept::Ours(keeping) => Some((secret, keeping)),
                Kept::Absent | Kept::Foreign => None,
            }
        });
        let (former, former_kept) = former.unzip();
        let mut facts = self
            .look_for_runner(want, &kept, former_kept.as_ref())
            .await?;
        facts.projects = match (
            &facts.runner,
            want.and_then(|want| want.projects.as_deref()),
        ) {
            (Sighting::Present(runner), Some(projects)) => {
                Some(self.look_for_projects(runner, projects).await?)
            }
            _ => None,
        };
        facts.refused = want.is_none() && self.is_refused(&facts.runner);
        facts.refused_projects =
            want.map_or_else(Vec::new, |_| self.refused_projects(&facts.runner));
        facts.former = former
            .as_ref()
            .and_then(|secret| secret.metadata.name.clone())
            .zip(former_kept);
        facts.secret = kept;
        self.seen = Some(Seen {
            facts,
            secret,
            former,
        });
        Ok(())
    }

    /// Without a connection a token goes to where its Secret says, which whoever may write Secrets can
    /// write. So it must be a place that this object has been at.
    fn believed(&self, mut kept: Kept) -> Kept {
        if let Kept::Ours(keeping) = &mut kept
            && self.link.is_none()
        {
            let been = |known: &Known| self.has_been_at(&known.gitlab_url);
            keeping.runner = keeping.runner.take().filter(been);
        }
        kept
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

    /// Where the Secret should be, and where it was when that is another place.
    fn secret_names(&self) -> (String, Option<String>) {
        let name = self.secret_name();
        let status = self.runner.status.as_ref();
        let former = status
            .and_then(|status| status.token.as_ref())
            .map(|token| token.secret_name.clone())
            .filter(|former| *former != name);
        (name, former)
    }

    async fn read_secret(&self, name: &str) -> Result<Option<Secret>, Error> {
        let read = self.secrets().get_opt(name).await;
        read.map_err(|error| Error::kube("read the Secret of the token", error))
    }

    async fn look_for_runner(
        &self,
        want: Option<&Wanted>,
        secret: &Kept,
        former: Option<&Keeping>,
    ) -> Result<Observed, Error> {
        let mut facts = Observed {
            runner: Sighting::Absent,
            twins: Vec::new(),
            settles_at: None,
            scope: self.recorded_scope(),
            naming: Naming::Same,
            secret: Kept::Absent,
            former: None,
            projects: None,
            refused_projects: Vec::new(),
            admin: self.link.as_ref().is_some_and(|link| link.admin),
            can_assign: self.link.as_ref().is_some_and(|link| link.can.assign),
            refused: false,
        };
        let (intent, recorded) = (self.intent(), self.recorded());
        let place = whereabouts(secret, former, recorded.as_ref(), intent.as_ref());
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
        self.look_in_place(link, place, want.is_none(), &mut facts)
            .await?;
        // Whatever had that path before may have gone together with its runner.
        let settled = facts.settles_at.is_none_or(|at| at <= clock::now());
        let registers = want.is_some() && facts.runner == Sighting::Absent && settled;
        if registers && !unknown && self.has_scope_path() {
            self.look_up_scope(link, &mut facts).await?;
        }
        if let (Some(_), Sighting::Present(runner)) = (want, &facts.runner) {
            facts.naming = self.compare_scope(link, runner, facts.scope).await?;
        }
        Ok(facts)
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
                    None => self.look_at(link, &known).await?,
                };
                if (asked || leaving) && self.may_have_twins(link) {
                    // What they were to be described as may have changed since.
                    let search = self.search(link, facts.scope, None).await?;
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
                let own = format!("{}/{}", self.namespace, self.name);
                let description = self.runner.spec.description.as_deref().unwrap_or(&own);
                let search = self.search(link, facts.scope, Some(description)).await?;
                facts.searched(search, grace(&intent, link.timeout));
            }
        }
        Ok(())
    }

    /// What was seen of a runner within this resync.
    fn recall(&self, link: &Connected, known: &Known) -> Option<Runner> {
        let period = backoff::spread(self.ctx.options.resync, &self.uid);
        let memory = &self.ctx.memory;
        let runner = memory.recall(&self.uid, &link.url, period, Instant::now());
        runner.filter(|runner| runner.id == known.id)
    }

    /// Looks at a runner that we know by number.
    async fn look_at(&self, link: &Connected, known: &Known) -> Result<Sighting<Runner>, Error> {
        let runner = link
            .client
            .runner(known.id)
            .await
            .map_err(|source| Error::Observe {
                what: Subject::Runner,
                source,
            })?;
        let elsewhere = known.gitlab_url != link.url;
        let Some(runner) = runner else {
            // The GitLab that the number belongs to was not asked.
            let foreign = Sighting::Unclear(Doubt::Foreign(known.id));
            return Ok(if elsewhere { foreign } else { Sighting::Absent });
        };
        // At another url the same number may be anybody's runner; and the number in a Secret is
        // believed only with our mark in GitLab, or whoever may write Secrets could have us reset
        // the token of any runner that the credential reaches.
        let recorded = self
            .recorded()
            .is_some_and(|recorded| recorded.id == known.id);
        if (elsewhere || !recorded) && !self.is_ours(&runner) {
            return Ok(Sighting::Unclear(Doubt::Foreign(known.id)));
        }
        self.ctx
            .memory
            .keep(&self.uid, &link.url, &runner, Instant::now());
        Ok(Sighting::Present(runner))
    }
}
