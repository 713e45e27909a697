//! What was begun in GitLab and cannot simply be repeated, as status keeps it.
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::observed::{Observed, Sighting, TokenState};
use super::predecessor_status;
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
        rotate_at: None,
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
    let kept = is_kept(&operation, seen);
    let replaced = match &seen.runner {
        Sighting::Absent => true,
        Sighting::Present(runner) => u64::try_from(operation.runner_id) != Ok(runner.id.0),
        Sighting::Unclear(_) => false,
    };
    (!kept && !replaced).then_some(operation)
}

/// Whether a Secret holds the token of that reset.
fn is_kept(reset: &Operation, seen: &Observed) -> bool {
    seen.stored().any(|stored| {
        stored.token == TokenState::Intact && stored.operation.as_ref() == Some(&reset.id)
    })
}

/// The request for a new token that was last acted upon, by what was seen of the reset that answers it.
pub fn answered(previous: &GitLabRunnerStatus, seen: Option<&Observed>) -> Option<String> {
    let reset = previous.operation.as_ref();
    let reset = reset.filter(|reset| seen.is_some_and(|seen| is_kept(reset, seen)));
    let answers = reset.and_then(|reset| reset.rotate_at.clone());
    let answers = answers.or_else(|| predecessor_status::answered(previous, seen));
    answers.or_else(|| previous.last_handled_rotate_at.clone())
}
