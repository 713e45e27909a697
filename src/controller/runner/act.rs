//! One function per step; the only code that writes to GitLab. What has to do with the token and
//! its Secret is next door.
use std::sync::Arc;

use kube::runtime::events::EventType;

use super::{pass::Pass, token};
use crate::api::conditions::ConditionType;
use crate::controller::connections::Connected;
use crate::controller::error::{Error, chain};
use crate::gitlab;
use crate::gitlab::model::{ProjectId, RunnerId, Settings};
use crate::plan::{Difference, Sighting, Step, differences};

/// What is left to do after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Look again.
    Look,
    /// Nothing: the runner is gone, and there is no credential to look again with.
    Gone,
}

/// A step's name, for labels and log lines.
pub(super) fn name(step: &Step) -> &'static str {
    match step {
        Step::Register(_) => "register",
        Step::Renew(..) => "reset_token",
        Step::Mend(_) => "mend_secret",
        Step::Discard(_) => "discard_secret",
        Step::Edit(..) => "edit",
        Step::Assign(..) => "assign",
        Step::Unassign(..) => "unassign",
        Step::Unregister(_) => "unregister",
        Step::UnregisterByToken(_) => "unregister_by_token",
        Step::Release => "release_secret",
    }
}

/// Takes a step.
pub(super) async fn act(pass: &mut Pass<'_>, step: &Step) -> Result<After, Error> {
    // Whatever comes of it, what we remember of the runner is out of date.
    pass.ctx.memory.forget(&pass.uid);
    match step {
        Step::Register(new) => token::register(pass, new).await?,
        Step::Renew(id, why) => token::renew(pass, *id, *why).await?,
        Step::Mend(_) => token::mend(pass).await?,
        Step::Discard(_) => token::discard(pass).await?,
        Step::Release => token::release(pass).await?,
        Step::Edit(id, edit) => self::edit(pass, step, *id, edit).await?,
        Step::Assign(id, project) => assign(pass, step, *id, *project).await?,
        Step::Unassign(id, project) => unassign(pass, step, *id, *project).await?,
        Step::Unregister(id) => unregister(pass, step, *id).await?,
        Step::UnregisterByToken(id) => {
            token::unregister_by_token(pass, step, *id).await?;
            return Ok(After::Gone);
        }
    }
    Ok(After::Look)
}

pub(super) fn link(pass: &Pass<'_>) -> Result<Arc<Connected>, Error> {
    // A decision to act in GitLab is made only from what a link has shown.
    pass.link.clone().ok_or(Error::Stale)
}

/// Turns what came of a call into what a pass says of it, and leaves one line for the audit: who,
/// what, and how it ended. Steps hold no tokens.
pub(super) fn settle<T>(
    pass: &Pass<'_>,
    step: &Step,
    result: Result<T, gitlab::Error>,
    doing: &'static str,
    about: ConditionType,
) -> Result<T, Error> {
    let Pass {
        ctx,
        namespace,
        name: object,
        ..
    } = pass;
    let failure = result.as_ref().err().map(|error| chain(error));
    if failure.is_none() {
        ctx.metrics.mutated(name(step));
    }
    let step_name = name(step);
    tracing::info!(namespace, name = object, step = step_name, detail = ?step, failure, "changing GitLab");
    result.map_err(|source| Error::Act {
        doing,
        about,
        source,
    })
}

async fn assign(
    pass: &Pass<'_>,
    step: &Step,
    id: RunnerId,
    project: ProjectId,
) -> Result<(), Error> {
    let done = link(pass)?.client.assign(project, id).await;
    let about = ConditionType::ProjectsAssigned;
    settle(pass, step, done, "assign the runner to a project", about)?;
    let note = format!("assigned runner {id} to project {project}");
    pass.tell(EventType::Normal, "ProjectAssigned", &note).await;
    Ok(())
}

async fn unassign(
    pass: &Pass<'_>,
    step: &Step,
    id: RunnerId,
    project: ProjectId,
) -> Result<(), Error> {
    let done = link(pass)?.client.unassign(project, id).await;
    let about = ConditionType::ProjectsAssigned;
    settle(
        pass,
        step,
        done,
        "unassign the runner from a project",
        about,
    )?;
    let note = format!("unassigned runner {id} from project {project}");
    pass.tell(EventType::Normal, "ProjectUnassigned", &note)
        .await;
    Ok(())
}

async fn unregister(pass: &Pass<'_>, step: &Step, id: RunnerId) -> Result<(), Error> {
    let done = link(pass)?.client.unregister(id).await;
    settle(pass, step, done, "remove the runner", ConditionType::Ready)?;
    let note = format!("removed runner {id} from GitLab");
    pass.tell(EventType::Normal, "RunnerRemoved", &note).await;
    Ok(())
}

async fn edit(pass: &Pass<'_>, step: &Step, id: RunnerId, edit: &Settings) -> Result<(), Error> {
    let done = link(pass)?.client.edit(id, edit).await;
    settle(pass, step, done, "change the runner", ConditionType::Synced)?;
    let rows = pass
        .seen
        .as_ref()
        .map_or(Vec::new(), |seen| match &seen.facts.runner {
            Sighting::Present(runner) => differences(runner, edit),
            Sighting::Absent | Sighting::Unclear(_) => Vec::new(),
        });
    let observed = pass
        .runner
        .status
        .as_ref()
        .and_then(|status| status.observed_generation);
    let (reason, verb) = if observed == pass.runner.metadata.generation {
        ("DriftCorrected", "corrected")
    } else {
        ("Updated", "changed")
    };
    let words = rows.iter().map(words).collect::<Vec<_>>().join("; ");
    pass.tell(EventType::Normal, reason, &format!("{verb} {words}"))
        .await;
    Ok(())
}

fn words(difference: &Difference) -> String {
    let Difference {
        field,
        desired,
        actual,
    } = difference;
    format!("{field} from {actual:?} to {desired:?}")
}
