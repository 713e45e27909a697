//! What is said of an object in events: only what is new.
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{Resource, runtime::events::EventType};

use super::pass::Pass;
use crate::api::conditions::{ConditionType, Reason, find};
use crate::api::v1alpha1::{GitLabRunner, GitLabRunnerStatus};
use crate::controller::guards::Guarded;
use crate::controller::{Context, error::Error};

/// Tells of what a new status says that the old one did not: that we cannot go on, and why.
pub(super) async fn changed(
    pass: &Pass<'_>,
    previous: &GitLabRunnerStatus,
    status: &GitLabRunnerStatus,
) {
    let reason = |status: &GitLabRunnerStatus| {
        find(&status.conditions, ConditionType::Ready).map(|ready| ready.reason.clone())
    };
    if let Some(ready) = find(&status.conditions, ConditionType::Ready)
        && reason(previous).as_ref() != Some(&ready.reason)
        && is_bad(ready)
    {
        pass.tell(EventType::Warning, &ready.reason, &ready.message)
            .await;
    }
    if !status.drift.is_empty() && status.drift != previous.drift {
        let rows: Vec<String> = status
            .drift
            .iter()
            .map(|drift| {
                format!(
                    "{} is {:?} and not {:?}",
                    drift.field, drift.actual, drift.desired
                )
            })
            .collect();
        pass.tell(EventType::Warning, Reason::Drifted.name(), &rows.join("; "))
            .await;
    }
}

fn is_bad(ready: &Condition) -> bool {
    let calm = [
        Reason::Pending,
        Reason::Progressing,
        Reason::Suspended,
        Reason::Drifted,
    ];
    ready.status != "True" && !calm.iter().any(|calm| ready.reason == calm.name())
}

/// Tells of an object that cannot be read, which has no status that we could write.
pub(super) async fn malformed(ctx: &Context, object: &Guarded<GitLabRunner>, why: &str) -> Error {
    let mut about = object.object_ref(&());
    about.api_version = Some(GitLabRunner::api_version(&()).into_owned());
    about.kind = Some(GitLabRunner::kind(&()).into_owned());
    let note = format!("this object does not have the shape of its kind: {why}");
    ctx.tell(
        &about,
        EventType::Warning,
        Reason::InvalidSpec.name(),
        "Reconcile",
        &note,
    )
    .await;
    Error::Malformed(why.to_owned())
}
