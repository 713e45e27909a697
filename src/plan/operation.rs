//! What was begun in GitLab and cannot simply be repeated, as status keeps it.
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::observed::{Observed, Sighting, TokenState};
use crate::api::v1alpha1::{GitLabRunnerStatus, Operation, OperationType};
use crate::gitlab::model::RunnerId;

/// An operation that begins now. Its sign is its time, to the nanosecond: of two who begin one, only
/// one has its status taken, and only with that does it go on.
pub fn begun(
    type_: OperationType,
    id: RunnerId,
    secret_name: Option<String>,
    now: Timestamp,
) -> Operation {
    Operation {
        type_,
        id: format!("{:x}", now.as_nanosecond()),
        runner_id: i64::try_from(id.0).unwrap_or(i64::MAX),
        started_at: Time(now),
        secret_name,
        done_at: None,
    }
}

/// The operation of that kind that status names for this runner.
pub fn open(status: &GitLabRunnerStatus, type_: OperationType, id: RunnerId) -> Option<&Operation> {
    let operation = status.operation.as_ref()?;
    let same = operation.type_ == type_ && u64::try_from(operation.runner_id) == Ok(id.0);
    same.then_some(operation)
}

/// Until when an operation may still come to its end: in the hands of whoever began it, or in those of
/// a GitLab whose answer was lost. A second one that overtakes it would keep a token that the first ends.
pub fn ends_by(operation: &Operation, timeout: SignedDuration) -> Timestamp {
    let (began, wait) = (operation.started_at.0, timeout.saturating_mul(2));
    began.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// The operation that is still open, judged by what was seen: a reset has come to its end when a
/// Secret holds its token, or when another runner has taken the place of the one it was about.
pub(super) fn still_open(
    previous: &GitLabRunnerStatus,
    seen: Option<&Observed>,
) -> Option<Operation> {
    let operation = previous.operation.clone()?;
    let Some(seen) = seen.filter(|_| operation.type_ == OperationType::ResetToken) else {
        return Some(operation);
    };
    let kept = seen.stored().any(|stored| {
        stored.token == TokenState::Intact && stored.operation.as_ref() == Some(&operation.id)
    });
    let replaced = match &seen.runner {
        Sighting::Absent => true,
        Sighting::Present(runner) => u64::try_from(operation.runner_id) != Ok(runner.id.0),
        Sighting::Unclear(_) => false,
    };
    (!kept && !replaced).then_some(operation)
}
