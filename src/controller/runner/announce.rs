//! What is said of an object in events: only what is new.
use kube::{Resource, runtime::events::EventType};
use serde_json::Value;

use super::pass::Pass;
use crate::api::conditions::Reason;
use crate::api::events::EventReason;
use crate::api::v1alpha1::{GitLabRunner, GitLabRunnerStatus};
use crate::clock;
use crate::controller::guards::Guarded;
use crate::controller::{Context, error::Error, malformed};
use crate::plan::{self, Facts, Level, Mark, Named, Notice, Outcome};

/// Tells of what a new status says that the old one did not.
pub(super) async fn changed(pass: &Pass<'_>, status: &GitLabRunnerStatus) {
    let seen = pass.seen.as_ref().map(|seen| &seen.facts);
    let became_ready = EventReason::BecameReady.name();
    for notice in plan::notices(&pass.status(), status, seen) {
        // That the runner is registered was the last event, and tells of no trouble either.
        if !pass.registered || notice.reason != became_ready {
            emit(pass, &notice).await;
        }
    }
}

/// Tells of what goes without a trace when the object does.
pub(super) async fn deletion(pass: &Pass<'_>) {
    let seen = pass.seen.as_ref().map(|seen| &seen.facts);
    let policy = pass.runner.spec.deletion_policy;
    if let Some(notice) = plan::notice_of_deletion(policy, &pass.status(), seen, clock::now()) {
        emit(pass, &notice).await;
    }
}

async fn emit(pass: &Pass<'_>, notice: &Notice) {
    let Notice {
        reason,
        note,
        level,
    } = notice;
    let type_ = match level {
        Level::Warning => EventType::Warning,
        Level::Record => {
            pass.ctx.record(&pass.runner.object_ref(&()), reason, note);
            EventType::Normal
        }
        Level::Normal => EventType::Normal,
    };
    pass.emit(type_, reason, note).await;
}

/// Tells of an object that cannot be read.
pub(super) async fn malformed(ctx: &Context, object: &Guarded<GitLabRunner>, why: &str) -> Error {
    let mut about = object.object_ref(&());
    about.api_version = Some(GitLabRunner::api_version(&()).into_owned());
    about.kind = Some(GitLabRunner::kind(&()).into_owned());
    let note = format!("this object does not have the shape of its kind: {why}");
    ctx.emit(
        &about,
        EventType::Warning,
        Reason::InvalidSpec.name(),
        "Reconcile",
        &note,
    )
    .await;
    let mark = Mark {
        cluster: ctx.options.cluster.clone(),
        uid: object.meta().uid.clone().unwrap_or_default(),
        attempt: "0".to_owned(),
    };
    let next = |before: &GitLabRunnerStatus, spec: &Value| {
        let facts = Facts {
            want: None,
            seen: None,
            gitlab_url: "",
            mark: &mark,
            project_scope: spec.pointer("/scope/project").is_some(),
            leaving: object.meta().deletion_timestamp.is_some(),
            generation: object.meta().generation,
            named: &Named::default(),
        };
        let outcome = Outcome::Obstructed(Reason::InvalidSpec, note.clone());
        plan::next_status(before, &facts, &outcome, clock::now())
    };
    match malformed::write_status::<GitLabRunner, _>(ctx, object, next).await {
        Ok(()) => Error::Malformed(why.to_owned()),
        Err(error) => error,
    }
}
