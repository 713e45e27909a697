//! One function per step. What makes and keeps a token, what takes a runner away and what takes one over is
//! next door in `token`, `removal` and `adoption`: these four are the only code of the operator that writes to
//! GitLab.
use kube::runtime::events::EventType;

use super::{adoption, pass::Pass, removal, token};
use crate::api::conditions::ConditionType;
use crate::api::events::EventReason;
use crate::controller::error::Error;
use crate::gitlab;
use crate::gitlab::model::{ProjectId, RunnerId, Settings};
use crate::observe::Subject;
use crate::plan::Step;

/// What is left to do after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Look again.
    Look,
    /// Look for the first time: it was not done, since what an earlier pass has seen has changed.
    LookFirst,
    /// Nothing: the runner is gone, and there is no credential to look again with.
    Gone,
}

impl After {
    /// Where there is a connection it can be seen whether the runner is gone.
    fn removal_by_token(pass: &Pass<'_>) -> Self {
        if pass.link.is_some() {
            Self::Look
        } else {
            Self::Gone
        }
    }
}

/// Takes a step.
pub(super) async fn act(pass: &mut Pass<'_>, step: &Step) -> Result<After, Error> {
    pass.ctx.may_begin(step)?;
    let seen = pass.seen_before();
    // Whatever comes of a step in GitLab, what we remember of the runner is out of date.
    if step.is_in_gitlab() {
        pass.record.memory.forget();
    }
    match step {
        Step::Register(_)
        | Step::Adopt(..)
        | Step::Discard(..)
        | Step::ResetToken(..)
        | Step::RepairSecret(_)
        | Step::DeleteSecret(_)
        | Step::ReleaseSecret => with_token(pass, step).await?,
        Step::Edit(id, edit) => self::edit(pass, step, *id, edit).await?,
        Step::Assign(id, project) => assign(pass, step, *id, *project).await?,
        Step::Unassign(id, project) => unassign(pass, step, *id, *project).await?,
        Step::Unregister(id) => {
            if !removal::unregister(pass, step, *id, seen).await? {
                return Ok(After::LookFirst);
            }
            pass.keeps_secrets();
        }
        Step::UnregisterByToken(id) => {
            removal::unregister_by_token(pass, step, *id).await?;
            return Ok(After::removal_by_token(pass));
        }
    }
    Ok(After::Look)
}

/// The steps by which a runner and its token come to this object, and stay with it.
async fn with_token(pass: &mut Pass<'_>, step: &Step) -> Result<(), Error> {
    match step {
        Step::Register(new) => token::register(pass, new).await,
        Step::Adopt(id, edit) => adoption::adopt(pass, step, *id, edit.as_deref()).await,
        Step::Discard(id, why) => removal::discard(pass, step, *id, *why).await,
        Step::ResetToken(id, why) => token::reset(pass, *id, *why).await,
        Step::RepairSecret(id) => token::repair(pass, *id).await,
        Step::DeleteSecret(name) => removal::delete_secret(pass, name).await,
        Step::ReleaseSecret => removal::release(pass).await,
        Step::Edit(..)
        | Step::Assign(..)
        | Step::Unassign(..)
        | Step::Unregister(_)
        | Step::UnregisterByToken(_) => Ok(()),
    }
}

async fn assign(
    pass: &Pass<'_>,
    step: &Step,
    id: RunnerId,
    project: ProjectId,
) -> Result<(), Error> {
    let link = pass.link()?;
    let done = pass.changing()?.assign(project, id).await;
    if matches!(done, Err(gitlab::Error::Refused { .. })) {
        // It may be another project now that has the path.
        pass.record.memory.forget_projects();
        link.paths.forget();
    }
    let about = ConditionType::ProjectsAssigned;
    // GitLab names scopes that are not enough for this (contract §1.2).
    let doing = if link.can.assign {
        "assign the runner to a project"
    } else {
        "assign the runner to a project, for which the credential needs the scope api"
    };
    pass.audited(step, done, doing, about)?;
    pass.shown_with(id, project);
    let note = format!("assigned runner {id} to project {project}");
    pass.emit(
        EventType::Normal,
        EventReason::ProjectAssigned.name(),
        &note,
    )
    .await;
    Ok(())
}

async fn unassign(
    pass: &Pass<'_>,
    step: &Step,
    id: RunnerId,
    project: ProjectId,
) -> Result<(), Error> {
    let done = pass.changing()?.unassign(project, id).await;
    let about = ConditionType::ProjectsAssigned;
    pass.audited(step, done, "unassign the runner from a project", about)?;
    // Of a locked runner GitLab 15.11 says so without doing it (contract §3.13).
    let now = pass.link()?.client.runner(id).await;
    let now = now.map_err(|source| Error::from(Subject::Runner.failed(source)))?;
    let projects = now.and_then(|runner| runner.projects);
    if projects.iter().flatten().any(|kept| kept.id == project) {
        return Err(Error::NotUnassigned(project));
    }
    let note = format!("unassigned runner {id} from project {project}");
    pass.emit(
        EventType::Normal,
        EventReason::ProjectUnassigned.name(),
        &note,
    )
    .await;
    Ok(())
}

async fn edit(
    pass: &mut Pass<'_>,
    step: &Step,
    id: RunnerId,
    edit: &Settings,
) -> Result<(), Error> {
    let done = pass.changing()?.edit(id, edit).await;
    let shown = pass.audited(step, done, "change the runner", ConditionType::Synced)?;
    pass.shown_after_edit(id, shown);
    if let Some(note) = pass.retires(id, edit) {
        pass.emit(EventType::Normal, EventReason::Updated.name(), &note)
            .await;
        return Ok(());
    }
    let turns_the_lock = turns_the_lock(pass, edit);
    let theirs = Settings {
        locked: edit.locked.filter(|_| !turns_the_lock),
        paused: edit.paused.filter(|_| !pass.a_window_turns()),
        ..edit.clone()
    };
    // Only what was as declared can have been changed by somebody else.
    let kept = pass.was_synced && pass.want.is_some();
    let (reason, note) = if kept && theirs != Settings::default() {
        let note = format!("corrected {}", pass.changes(id, &theirs));
        (EventReason::DriftCorrected, note)
    } else {
        let note = format!("changed {}", pass.changes(id, edit));
        (EventReason::Updated, note)
    };
    pass.emit(EventType::Normal, reason.name(), &note).await;
    Ok(())
}

/// Whether this edit opens the lock for an assignment, or closes it after one.
fn turns_the_lock(pass: &mut Pass<'_>, edit: &Settings) -> bool {
    let wanted = pass.want.as_ref().and_then(|want| want.settings.locked);
    let opens = wanted == Some(true) && edit.locked == Some(false);
    let closes = pass.unlocked && edit.locked == Some(true);
    pass.unlocked = opens || pass.unlocked && !closes;
    opens || closes
}
