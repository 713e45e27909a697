//! One `GitLabRunner`, kept true: look, decide, act, and look again.
mod act;
mod adoption;
mod announce;
mod asked;
mod assume;
mod audit;
mod by_the_clock;
mod by_token;
mod conclude;
mod converge;
mod due;
mod goodbye;
mod held_back;
mod kept;
mod lane;
mod life;
mod link;
mod losses;
mod observe;
mod operation;
mod pass;
mod place;
mod predecessor;
mod removal;
mod stored;
mod token;
mod watch;

pub use watch::run;

use std::{sync::Arc, time::Duration};

use kube::{
    Api, Resource, ResourceExt,
    runtime::{
        controller::Action,
        finalizer::{self, Event, finalizer},
    },
};
use tokio::time::Instant;

use super::{
    Context,
    error::{Error, Remedy},
    guards::{ENDING, Guarded, bounded},
    record::Record,
    report,
};
use crate::api::conditions::Reason;
use crate::api::v1alpha1::GitLabRunner;
use crate::backoff;
use crate::clock;
use crate::metrics::Kind;
use crate::plan::{Blocked, Desired, Doubt, Outcome, Plan, desired};
use conclude::pending;
use converge::converge;
use pass::Pass;
use place::{later, until_woken};

const FINALIZER: &str = "gitlab-registrar.dev/runner";
/// How soon what no watch tells us of is looked at again.
const POLL: Duration = Duration::from_secs(30);
/// How soon to come back while the connection is being looked at. A change there requeues us before, but
/// that nothing has changed is none.
const AWAITED: Duration = Duration::from_secs(5);
/// What the controller runs for each object.
async fn reconcile(object: Arc<Guarded<GitLabRunner>>, ctx: Arc<Context>) -> Result<Action, Error> {
    let started = Instant::now();
    let _under_way = ctx.metrics.in_flight(Kind::gitlabrunner);
    let whole = ctx.options.longest_pass + ENDING;
    let record = ctx
        .records
        .of(object.meta().uid.as_deref().unwrap_or_default());
    let result = Box::pin(bounded(whole, attempt(&object, &ctx, &record))).await;
    report::ended(
        &ctx,
        Kind::gitlabrunner,
        &*object,
        &record,
        &result,
        started.elapsed(),
    );
    match result {
        Err(Error::StillThere(wait)) => Ok(Action::requeue(wait)),
        result => result,
    }
}

async fn attempt(
    object: &Guarded<GitLabRunner>,
    ctx: &Context,
    record: &Record,
) -> Result<Action, Error> {
    let runner = match &object.0 {
        Ok(runner) => runner,
        Err(invalid) => return Err(announce::malformed(ctx, object, &invalid.error).await),
    };
    let namespace = runner.namespace().unwrap_or_default();
    let api = Api::<GitLabRunner>::namespaced(ctx.kube.clone(), &namespace);
    let goal = |event| async move {
        match event {
            Event::Apply(runner) => Box::pin(apply(ctx, runner)).await,
            Event::Cleanup(runner) => Box::pin(goodbye::finalize(ctx, runner)).await,
        }
    };
    // The cache may still hold an object that has been let go.
    let leaving = runner.meta().deletion_timestamp.is_some();
    if leaving && record.memory.is_let_go() {
        return Ok(Action::await_change());
    }
    if let Some(wait) = record.versions.wait(runner) {
        return Ok(Action::requeue(wait));
    }
    let ended = finalizer(&api, FINALIZER, Arc::new(runner.clone()), goal).await;
    match ended {
        Ok(_) if leaving => record.memory.let_go(),
        Ok(_) if !is_held(runner) => record.versions.replaced(runner, None),
        Ok(_) | Err(_) => {}
    }
    if let Err(finalizer::Error::RemoveFinalizer(source)) = &ended {
        held_back::told(ctx, runner, source).await;
    }
    ended.map_err(held_back::flatten)
}

/// Whether our finalizer holds it. All that is done to an object without it is to add it.
fn is_held(runner: &GitLabRunner) -> bool {
    runner.finalizers().iter().any(|it| it == FINALIZER)
}

/// Makes the runner as declared.
async fn apply(ctx: &Context, runner: Arc<GitLabRunner>) -> Result<Action, Error> {
    let mut pass = Pass::new(ctx, Arc::unwrap_or_clone(runner));
    pass.begins();
    let mut woken = None;
    let outcome = match desired(&pass.runner, &pass.namespace, &pass.name, clock::now()) {
        Err(complaint) => Ok(Outcome::Obstructed(Reason::InvalidSpec, complaint.0)),
        Ok(_) if pass.runner.spec.suspend => {
            let message = "spec.suspend is true: GitLab is not asked".to_owned();
            Ok(Outcome::Obstructed(Reason::Suspended, message))
        }
        Ok(want) => {
            pass.want = Some(want.clone());
            match link::usable(ctx, &pass.runner, &pass.namespace) {
                link::Link::Usable(_) if let Some(wait) = pass.held_up() => {
                    return Ok(Action::requeue(wait));
                }
                link::Link::Usable(connected) => {
                    pass.link = Some(connected);
                    if pass.is_swept_soon() {
                        return Ok(Action::requeue(backoff::spread(AWAITED, &pass.uid)));
                    }
                    let _place = match place::take(&pass) {
                        Ok(place) => place,
                        Err(held_up) => {
                            return Ok(Action::requeue(later(&mut pass, held_up).await?));
                        }
                    };
                    converge_bounded(&mut pass, &Desired::Exists(Box::new(want))).await
                }
                link::Link::Awaited => {
                    pending(&mut pass, "the connection is being looked at".to_owned()).await?;
                    return Ok(Action::requeue(AWAITED));
                }
                link::Link::Troubled(failure, left) => {
                    woken = Some(until_woken(&pass, left));
                    Ok(Outcome::Failed(failure))
                }
                link::Link::Blocked(reason, message) => {
                    woken = Some(until_woken(&pass, Duration::ZERO));
                    Ok(Outcome::Obstructed(reason, message))
                }
            }
        }
    };
    let wait = finish(&mut pass, outcome).await?;
    Ok(Action::requeue(woken.unwrap_or(wait)))
}

/// The same as [`converge`], cut off when it takes too long or panics: what came of it is told in status
/// all the same.
async fn converge_bounded(pass: &mut Pass<'_>, desired: &Desired) -> Result<Outcome, Error> {
    bounded(pass.ctx.options.longest_pass, converge(pass, desired)).await
}

/// Writes the status, tells of it, and says when to look again.
async fn finish(pass: &mut Pass<'_>, result: Result<Outcome, Error>) -> Result<Duration, Error> {
    let outcome = match &result {
        Ok(outcome) => outcome.clone(),
        Err(error) => {
            if error.may_concern_gitlab() {
                pass.record.memory.forget();
            }
            link::suspect_credential(pass, error);
            let persistent = pass.record.failures.so_far() >= 2;
            match error.failure(persistent && !link::is_told_elsewhere(pass, error)) {
                Some(failure) => Outcome::Failed(failure),
                None => return result.map(|_| POLL),
            }
        }
    };
    // A sweep that was asked for wakes the object, and has more to say.
    if outcome == Outcome::Planned(Plan::Hold(Blocked::Unclear(Doubt::Unswept))) {
        return Ok(pass.due(&outcome));
    }
    match (result, pass.conclude(&outcome).await) {
        // Whoever is waited for has been told nothing yet.
        (Err(error), Err(untold)) if error.remedy() == Remedy::NeedsHuman => return Err(untold),
        (Err(error), _) => return Err(error),
        (Ok(_), written) => written?,
    }
    Ok(pass.due(&outcome))
}
