//! The circle: look, decide, act once, look again.
use super::{act, pass::Pass};
use crate::clock;
use crate::controller::error::{Error, chain};
use crate::plan::{Desired, Failure, Observed, Outcome, Plan, Step, decide, renewal_beside};

/// Enough to register, correct, assign a few projects and confirm. More than that in one pass would
/// keep other objects waiting; the rest is done in the next.
const MOST_TURNS: usize = 8;

/// Looks, decides and acts until there is nothing left to do.
pub(super) async fn converge(pass: &mut Pass<'_>, desired: &Desired) -> Result<Outcome, Error> {
    let mut last: Option<Step> = None;
    for _ in 0..MOST_TURNS {
        // What was seen before a step says nothing of how things are after it.
        if last.is_some() {
            pass.seen = None;
        }
        Box::pin(pass.observe(desired)).await?;
        let Some(seen) = &pass.seen else {
            return Ok(Outcome::Planned(Plan::Rest));
        };
        let plan = decide(desired, &seen.facts, &pass.mark(), clock::now());
        if !pass.rests_on_more(desired, &plan) {
            pass.record.memory.forget();
            continue;
        }
        match plan {
            Plan::Act(step) if last.as_ref().is_some_and(|last| last.is_alike(&step)) => {
                lock_again(pass, desired, &step).await;
                return Err(if step.is_in_gitlab() {
                    Error::NotTaken(step.name().to_owned())
                } else {
                    Error::SecretUndone
                });
            }
            // GitLab may have been restored since: the number may be somebody else's by now.
            Plan::Act(step) if !pass.may_take(&step) => {
                pass.record.memory.forget();
            }
            Plan::Act(step) => {
                let step = match registrable(pass, desired, step, last.as_ref()).await? {
                    Ok(step) => step,
                    Err(obstacle) => return Ok(obstacle),
                };
                let record = pass.record.clone();
                let step = match not_refused(pass, desired, step, last.as_ref()) {
                    Ok(step) => step,
                    Err(failure) => return Ok(Outcome::Failed(failure)),
                };
                let under = pass.asker().now;
                match Box::pin(act::act(pass, &step)).await {
                    Ok(act::After::Gone) => return Ok(Outcome::Planned(Plan::Rest)),
                    Ok(act::After::LookFirst) => {}
                    Ok(act::After::Look) => last = Some(step),
                    Err(error) => {
                        record.refusals.note(&step, under, &error);
                        let refusal = error.refusal().map(|(_, words)| words);
                        if !refusal
                            .is_some_and(|words| has_another_way(pass, desired, &step, words))
                        {
                            lock_again(pass, desired, &step).await;
                            return Err(error);
                        }
                    }
                }
            }
            plan @ (Plan::Hold(_) | Plan::Rest) => return Ok(Outcome::Planned(plan)),
        }
    }
    Err(Error::Stale)
}

/// The step, unless it needs a registration token that is not there. A token that ends is replaced then all
/// the same, and no runner is removed whose place no other could take.
async fn registrable(
    pass: &mut Pass<'_>,
    desired: &Desired,
    step: Step,
    last: Option<&Step>,
) -> Result<Result<Step, Outcome>, Error> {
    if !matches!(step, Step::Register(_) | Step::Discard(..)) {
        return Ok(Ok(step));
    }
    let Some(obstacle) = pass.read_registration_token().await? else {
        return Ok(Ok(step));
    };
    let seen = pass.seen.as_ref();
    let renewal = seen.and_then(|seen| renewal_beside(desired, &seen.facts, clock::now()));
    let renewal = renewal.filter(|renewal| last != Some(renewal));
    Ok(renewal.ok_or(obstacle))
}

/// The step, unless GitLab has refused it and would again. Then a token that is due is replaced all the
/// same: its end does not wait until somebody has mended the spec.
fn not_refused(
    pass: &Pass<'_>,
    desired: &Desired,
    step: Step,
    last: Option<&Step>,
) -> Result<Step, Failure> {
    let refusals = &pass.record.refusals;
    let Some(failure) = refusals.recall(&step, &pass.asker()) else {
        return Ok(step);
    };
    let seen = pass.seen.as_ref();
    let renewal = seen.and_then(|seen| renewal_beside(desired, &seen.facts, clock::now()));
    let renewal = renewal.filter(|renewal| {
        last != Some(renewal) && refusals.recall(renewal, &pass.asker()).is_none()
    });
    renewal.ok_or(failure)
}

/// Whether something else is to be done now that GitLab has refused this step. After a registration nothing
/// is known of the runner.
fn has_another_way(pass: &Pass<'_>, desired: &Desired, step: &Step, words: String) -> bool {
    let Some(seen) = pass.seen.as_ref().filter(|_| step.runner().is_some()) else {
        return false;
    };
    let mut wiser = Observed {
        refused: true,
        ..seen.facts.clone()
    };
    let project = step.project().map(|project| (project, words));
    wiser.refused_projects.extend(project);
    let plan = decide(desired, &wiser, &pass.mark(), clock::now());
    !seen.facts.refused && plan != Plan::Act(step.clone())
}

/// A runner that was unlocked for an assignment which came to nothing is locked again at once:
/// strangers may take it meanwhile. If that fails too, the next pass does it.
async fn lock_again(pass: &mut Pass<'_>, desired: &Desired, step: &Step) {
    let Some(seen) = pass.seen.as_ref().filter(|_| step.project().is_some()) else {
        return;
    };
    let without = Observed {
        projects: None,
        ..seen.facts.clone()
    };
    let plan = decide(desired, &without, &pass.mark(), clock::now());
    if let Plan::Act(edit @ Step::Edit(..)) = plan
        && let Err(error) = Box::pin(act::act(pass, &edit)).await
    {
        let why = chain(&error);
        tracing::warn!(why, "runner not locked again");
    }
}
