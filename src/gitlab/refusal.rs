//! What GitLab's refusals mean.

/// What GitLab refused, as far as anybody acts on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such runner, or it is not on that project.
    RunnerMissing,
    /// There is no such project, or the caller may not know of it.
    ProjectMissing,
    /// There is no such group, or the caller may not know of it.
    GroupMissing,
    /// What the path names is not there; GitLab does not say what that was.
    Missing,
    /// This GitLab has no such endpoint.
    NoSuchEndpoint,
    /// The credential is none, or is not known.
    TokenUnknown,
    /// The credential has expired.
    TokenExpired,
    /// The credential was revoked; using it again would revoke its successors (contract §1.10).
    TokenRevoked,
    /// Classic tokens of people cannot be replaced there (contract §8.3).
    RotationDisabled,
    /// The credential is no personal, group or project access token.
    NotAnAccessToken,
    /// The credential's scopes are not enough.
    InsufficientScope,
    /// A fine-grained permission is missing, or fine-grained tokens are enforced (contract §8).
    InsufficientGranularScope {
        /// The permissions that GitLab names, such as `Runner: Read`.
        needs: Option<String>,
    },
    /// GraphQL does not answer this credential.
    NoGraphQl,
    /// The caller has no such right, without a reason; said of a runner's token, GitLab does not
    /// know it or it has expired.
    Forbidden,
    /// GitLab does not know the registration token, or that kind of them is switched off.
    RegistrationTokenUnknown,
    /// This GitLab registers no runners in that way.
    NoSuchRegistration,
    /// The life that a runner's first token was to have.
    TokenLife,
    /// The runner's token has a deadline for its replacement, which has passed (contract §3.9).
    RotationDeadline,
    /// Registration by token is switched off.
    RegistrationDisallowed,
    /// The runner is on that project already.
    AlreadyAssigned,
    /// The runner is locked.
    Locked,
    /// The runner serves several projects, and only an administrator may delete it.
    MoreThanOneProject,
    /// The project owns the runner, or is its only one.
    OwnerProject,
    /// Nothing that anybody acts on: the message says it.
    Other,
}

impl Refusal {
    /// Whether it says that a group or project that was named is not there. To a fine-grained token
    /// GitLab does not say what it misses (contract §8.2), so only a call that names no runner, or one
    /// that was just seen, can tell.
    pub fn is_of_a_place(&self) -> bool {
        matches!(
            self,
            Self::ProjectMissing | Self::GroupMissing | Self::Missing
        )
    }

    /// Whether it says that what the path names is not there.
    pub(super) fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::RunnerMissing | Self::ProjectMissing | Self::GroupMissing | Self::Missing
        )
    }
}
