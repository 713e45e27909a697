//! What a failed call to GitLab means for whoever made it.
use std::time::Duration;

use crate::api::conditions::Reason;
use crate::gitlab;
use crate::gitlab::Refusal;

/// How soon to come back with another credential.
const REPLACED: Duration = Duration::from_secs(5);

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Look again at once.
    LookAgain,
    /// Try again by ourselves, backing off.
    Retry,
    /// Try again no sooner than this.
    RetryAfter(Duration),
    /// Trying again cannot help until somebody changes something.
    NeedsHuman,
}

/// What to do about a call that failed.
pub(super) fn after(error: &gitlab::Error) -> Remedy {
    match error {
        gitlab::Error::Throttled {
            wait: Some(wait), ..
        }
        | gitlab::Error::ReadOnly {
            wait: Some(wait), ..
        }
        | gitlab::Error::HeldBack { wait, .. } => Remedy::RetryAfter(*wait),
        gitlab::Error::Refused {
            refusal: Refusal::NoSuchRegistration,
            ..
        } => Remedy::NeedsHuman,
        // The connection wakes its runners when it has another.
        // Its process ends, unless it can renew its term.
        gitlab::Error::Retired | gitlab::Error::NotLeading => Remedy::RetryAfter(REPLACED),
        // 401 is the connection's trouble, and it is asked at once. 404, 409 and 412 say that the
        // world moved between looking and acting.
        gitlab::Error::Unsent(_)
        | gitlab::Error::Lost(_)
        | gitlab::Error::NotGitLab { .. }
        | gitlab::Error::ReadOnly { wait: None, .. }
        | gitlab::Error::Throttled { wait: None, .. }
        | gitlab::Error::Refused {
            status: 401 | 404 | 409 | 412,
            ..
        } => Remedy::Retry,
        gitlab::Error::Refused { .. } => Remedy::NeedsHuman,
    }
}

/// What status calls a call that failed.
pub(super) fn reason(error: &gitlab::Error) -> Reason {
    match error {
        gitlab::Error::Unsent(_)
        | gitlab::Error::Lost(_)
        | gitlab::Error::NotGitLab { .. }
        | gitlab::Error::ReadOnly { .. } => Reason::GitLabUnavailable,
        gitlab::Error::Throttled { .. } | gitlab::Error::HeldBack { .. } => Reason::GitLabThrottled,
        gitlab::Error::Refused { status: 401, .. }
        | gitlab::Error::Retired
        | gitlab::Error::NotLeading => Reason::ConnectionNotReady,
        gitlab::Error::Refused {
            refusal: Refusal::InsufficientGranularScope { .. },
            ..
        } => Reason::PermissionMissing,
        gitlab::Error::Refused {
            refusal: Refusal::NoSuchRegistration,
            ..
        } => Reason::Unsupported,
        gitlab::Error::Refused {
            refusal: Refusal::RegistrationTokenUnknown,
            ..
        } => Reason::RegistrationTokenInvalid,
        gitlab::Error::Refused {
            refusal: Refusal::RegistrationDisallowed,
            ..
        } => Reason::RegistrationDisallowed,
        gitlab::Error::Refused { .. } => Reason::GitLabRefused,
    }
}
