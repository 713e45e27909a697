//! How an object goes: with its runner, or without it; and what is looked at before.
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::controller::Action;
use kube::runtime::events::EventType;

use super::pass::Pass;
use super::place::{self, later, until_woken};
use super::{AWAITED, POLL, adoption, announce, converge_bounded, finish, link, removal};
use crate::api::ABANDON;
use crate::api::events::EventReason;
use crate::api::v1alpha1::{DeletionPolicy, GitLabRunner};
use crate::clock;
use crate::controller::Context;
use crate::controller::error::{Error, chain};
use crate::gitlab;
use crate::gitlab::Refusal;
use crate::gitlab::model::{Runner, RunningJobs};
use crate::observe::Subject;
use crate::plan::{self, Desired, Goodbye, Jobs, Outcome, Plan, SecretSighting, Sighting};
use crate::secrets;

/// Takes the runner out of GitLab, or leaves it there, before the object goes.
pub(super) async fn finalize(ctx: &Context, runner: Arc<GitLabRunner>) -> Result<Action, Error> {
    if is_abandoned(&runner) {
        return Ok(abandon(&Pass::new(ctx, Arc::unwrap_or_clone(runner))).await);
    }
    Box::pin(goes(ctx, runner)).await
}

async fn goes(ctx: &Context, runner: Arc<GitLabRunner>) -> Result<Action, Error> {
    let policy = runner.spec.deletion_policy;
    let mut pass = Pass::new(ctx, Arc::unwrap_or_clone(runner));
    pass.begins();
    if policy == DeletionPolicy::Delete {
        match link::for_deletion(ctx, &pass.runner, &pass.namespace) {
            link::Link::Usable(connected) => pass.link = Some(connected),
            link::Link::Awaited => return Err(Error::StillThere(AWAITED)),
            link::Link::Troubled(failure, _) => {
                finish(&mut pass, Ok(Outcome::Failed(failure))).await?;
                return Err(Error::StillThere(until_woken(&pass, Duration::ZERO)));
            }
            // The runner's own token may do.
            link::Link::Blocked(_, why) => pass.barred = Some(why),
        }
    }
    // Whoever leaves a runner behind that was not taken over asks GitLab nothing.
    let place = (policy == DeletionPolicy::Delete).then(|| place::take(&pass));
    let _place = match place.transpose() {
        Ok(place) => place,
        Err(held_up) => return Err(Error::StillThere(later(&mut pass, held_up).await?)),
    };
    let mut outcome = converge_bounded(&mut pass, &Desired::Gone(policy)).await;
    if policy == DeletionPolicy::Delete
        && matches!(outcome, Ok(Outcome::Planned(Plan::Rest)))
        && let Err(error) = removal::finish(&mut pass).await
    {
        outcome = Err(error);
    }
    if matches!(outcome, Ok(Outcome::Planned(Plan::Rest))) {
        // The finalizer may be refused, again and again.
        if pass.record.memory.goes() {
            adoption::hand_back(&pass).await;
            announce::deletion(&pass).await;
        }
        ctx.owned.remove(&pass.namespace, &pass.uid);
        return Ok(Action::await_change());
    }
    let wait = finish(&mut pass, outcome).await?;
    Err(Error::StillThere(wait.min(POLL)))
}

/// Whether somebody lets the object go as it stands.
fn is_abandoned(runner: &GitLabRunner) -> bool {
    runner
        .annotations()
        .get(ABANDON)
        .is_some_and(|it| it == "true")
}

/// Lets the object go and the runner stay. Whoever asks for that has found that nothing else works, so that
/// nothing is in the way of it: not even a Secret that cannot be let go.
async fn abandon(pass: &Pass<'_>) -> Action {
    if let Err(error) = release_all(pass).await {
        let (name, why) = (&pass.name, chain(&error));
        tracing::warn!(name, why, "Secret of the token not released");
    }
    if pass.record.memory.goes() {
        let what = pass.recorded().map_or_else(
            || "no runner was known to be in GitLab".to_owned(),
            |known| {
                format!(
                    "runner {} stays in GitLab at {}",
                    known.id, known.gitlab_url
                )
            },
        );
        let note = format!("{what}: the object was let go by the annotation {ABANDON}");
        pass.emit(EventType::Warning, EventReason::LeftBehind.name(), &note)
            .await;
    }
    pass.ctx.owned.remove(&pass.namespace, &pass.uid);
    Action::await_change()
}

/// Leaves the tokens behind for the runner's processes.
async fn release_all(pass: &Pass<'_>) -> Result<(), Error> {
    let kept = pass.observe_secrets(None).await?;
    let here = kept
        .here
        .filter(|_| matches!(kept.kept, SecretSighting::Ours(_)));
    for secret in here
        .iter()
        .chain(kept.others.iter().map(|(secret, _)| secret))
    {
        let released = secrets::release(&pass.secrets(), secret, &pass.runner).await;
        released.map_err(|error| Error::kube("release the Secret of the token", error))?;
    }
    Ok(())
}

impl Pass<'_> {
    /// What is known of the end of the runner of an object that goes. GitLab is asked for its jobs once
    /// it gets no others.
    pub(super) async fn goodbye(
        &self,
        desired: &Desired,
        runner: &Sighting<Runner>,
        refused: bool,
    ) -> Result<Goodbye, Error> {
        if *desired != Desired::Gone(DeletionPolicy::Delete) {
            return Ok(Goodbye::default());
        }
        let now = clock::now();
        let mut goodbye = plan::goodbye(&self.runner.spec, &self.status(), now);
        if let (Some(drain), Sighting::Present(runner)) = (&mut goodbye.drain, runner)
            && drain.asks(runner, refused, now)
        {
            drain.jobs = self.jobs_of(runner, Some(drain.since)).await?;
        }
        Ok(goodbye)
    }

    /// The jobs of a runner that gets no others since then.
    pub(super) async fn jobs_of(
        &self,
        runner: &Runner,
        since: Option<Timestamp>,
    ) -> Result<Jobs, Error> {
        let link = self.link()?;
        let lately = since.and_then(|since| link.roster.at_work(runner.id, since));
        let at_work = lately.or(runner.insight.at_work);
        match link.client.running_jobs(runner.id, at_work).await {
            Ok(RunningJobs::Shown(number)) => Ok(Jobs::Running(number)),
            Ok(RunningJobs::Hidden) => Ok(Jobs::Hidden),
            // It is gone: the next look says so.
            Err(error) if error.refusal() == Some(&Refusal::RunnerMissing) => {
                self.record.memory.forget();
                Ok(Jobs::Unasked)
            }
            Err(gitlab::Error::Refused {
                status: 403,
                message,
                ..
            }) => Ok(Jobs::Unreadable(message)),
            Err(source) => Err(Subject::Runner.failed(source).into()),
        }
    }
}
