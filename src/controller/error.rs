//! Errors of a pass, sorted by what we will do about them.
use std::time::Duration;

use super::remedy;
pub use super::remedy::Remedy;
use crate::api::conditions::{ConditionType, Reason};
pub use crate::chain::chain;
use crate::gitlab;
use crate::gitlab::model::ProjectId;
use crate::observe::{self, Subject};
use crate::plan::Failure;

/// How soon to come back when the term of this process should have been renewed by now.
const RENEWED: Duration = Duration::from_secs(1);

/// Why a pass ended before its plan was done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Looking failed.
    #[error(transparent)]
    Observe(#[from] observe::Error),
    /// A write to GitLab failed.
    #[error("could not {doing}")]
    Act {
        /// What we were doing, as a verb phrase.
        doing: &'static str,
        /// The condition that the step was about.
        about: ConditionType,
        /// What to do about it, where GitLab's words do not say it.
        advice: Option<String>,
        /// Why.
        source: gitlab::Error,
    },
    /// GitLab accepted a change and holds what it held before.
    #[error("GitLab accepted a change and did not make it: {0}")]
    NotTaken(String),
    /// GitLab answered that a project was taken from the runner, and the runner still serves it.
    #[error(
        "GitLab answered that the runner no longer serves project {0}, and it does: it may be locked"
    )]
    NotUnassigned(ProjectId),
    /// A Secret is not as it was written a moment ago.
    #[error("a Secret is not as just written: its metadata.managedFields say who else writes it")]
    SecretUndone,
    /// A request to the Kubernetes API failed.
    #[error("could not {doing}")]
    Kube {
        /// What we were doing, as a verb phrase.
        doing: &'static str,
        /// Why.
        source: Box<kube::Error>,
    },
    /// What we knew of an object was out of date; nothing was written.
    #[error("the object has changed meanwhile")]
    Stale,
    /// The object does not have the shape of its kind.
    #[error("the object cannot be read: {0}")]
    Malformed(String),
    /// The pass took too long.
    #[error("the operator's pass over this object took longer than {}s", .0.as_secs())]
    TimedOut(Duration),
    /// The pass panicked, which is a bug; other objects go on.
    #[error("the operator's pass over this object panicked, which is a bug: its log says where")]
    Panicked,
    /// Not a failure: the process is to end, and what cannot be repeated is not begun any more.
    #[error("the operator is about to stop")]
    Stopping,
    /// Not a failure: the term of this process ends in a moment unless it is renewed, which is late, and
    /// nothing is begun until then.
    #[error("nothing is begun now, since another process of the operator may lead in a moment")]
    TermEnds,
    /// Not a failure: the runner is not gone yet, so the finalizer must stay.
    #[error("the runner is not gone yet")]
    StillThere(Duration),
}

impl Error {
    /// A failed request to the Kubernetes API. A conflict is no failure: what we had read was old,
    /// and the write was refused because of it.
    pub fn kube(doing: &'static str, error: kube::Error) -> Self {
        if is_api_status(&error, 409) {
            return Self::Stale;
        }
        let source = Box::new(error);
        Self::Kube { doing, source }
    }

    /// What to do about it. Exhaustive on purpose: a new variant must choose.
    pub fn remedy(&self) -> Remedy {
        match self {
            // To look again would tell no more of a project that was looked up, or is known by number.
            Self::Act {
                about: ConditionType::ProjectsAssigned,
                source,
                ..
            } if source.refusal().is_some_and(gitlab::Refusal::is_of_a_place) => Remedy::NeedsHuman,
            Self::Observe(observe::Error { source, .. }) | Self::Act { source, .. } => {
                remedy::after(source)
            }
            Self::Stale | Self::Stopping => Remedy::LookAgain,
            Self::TermEnds => Remedy::RetryAfter(RENEWED),
            Self::StillThere(wait) => Remedy::RetryAfter(*wait),
            Self::Malformed(_) | Self::NotUnassigned(_) => Remedy::NeedsHuman,
            Self::NotTaken(_)
            | Self::SecretUndone
            | Self::Kube { .. }
            | Self::TimedOut(_)
            | Self::Panicked => Remedy::Retry,
        }
    }

    /// The call to GitLab that failed, if it was one.
    fn call(&self) -> Option<&gitlab::Error> {
        match self {
            Self::Observe(observe::Error { source, .. }) | Self::Act { source, .. } => Some(source),
            Self::NotTaken(_)
            | Self::NotUnassigned(_)
            | Self::SecretUndone
            | Self::Kube { .. }
            | Self::Stale
            | Self::Stopping
            | Self::TermEnds
            | Self::Malformed(_)
            | Self::TimedOut(_)
            | Self::Panicked
            | Self::StillThere(_) => None,
        }
    }

    /// What status says of GitLab's refusal of a write that asking again cannot change, and GitLab's
    /// words alone. Of the attempt to register that stands in status by then it says nothing.
    pub fn refusal(&self) -> Option<(Failure, String)> {
        let words = match self {
            Self::Act { source, .. } if self.remedy() == Remedy::NeedsHuman => chain(source),
            Self::NotUnassigned(_) => self.to_string(),
            Self::Observe(_)
            | Self::Act { .. }
            | Self::NotTaken(_)
            | Self::SecretUndone
            | Self::Kube { .. }
            | Self::Stale
            | Self::Stopping
            | Self::TermEnds
            | Self::Malformed(_)
            | Self::TimedOut(_)
            | Self::Panicked
            | Self::StillThere(_) => return None,
        };
        let failure = Failure {
            attempt_is_void: false,
            ..self.failure(true)?
        };
        Some((failure, words))
    }

    /// Whether GitLab refused the connection's credential.
    pub fn is_unauthorized(&self) -> bool {
        self.call().is_some_and(gitlab::Error::is_unauthorized)
    }

    /// Whether GitLab forbade to look at the runner.
    pub fn forbids_the_runner(&self) -> bool {
        matches!(self, Self::Observe(error) if error.forbids_the_runner())
    }

    /// Whether GitLab may hold something else than it has shown: all but what Kubernetes alone has to do with.
    pub fn may_concern_gitlab(&self) -> bool {
        !matches!(self, Self::SecretUndone | Self::Kube { .. } | Self::Stale)
    }

    /// Whether GitLab gave no answer, or forbade to look at the runner: both are likely to be the
    /// connection's trouble rather than the object's.
    pub fn says_nothing_of_the_runner(&self) -> bool {
        self.forbids_the_runner() || self.call().is_some_and(gitlab::Error::is_unanswered)
    }

    /// What to do, where GitLab's own words do not say it: the end of a sentence.
    fn hint(&self, reason: Reason) -> String {
        if let Self::Act {
            advice: Some(advice),
            ..
        } = self
        {
            return format!("; {advice}");
        }
        if reason != Reason::ScopeUnreadable {
            return String::new();
        }
        "; write the id in spec.scope instead of the path, or give the credential read_api"
            .to_owned()
    }

    /// What status says of it; nothing of what is no failure.
    pub fn failure(&self, persistent: bool) -> Option<Failure> {
        let (reason, about, void) = match self {
            Self::Stale
            | Self::Stopping
            | Self::TermEnds
            | Self::StillThere(_)
            | Self::Malformed(_) => return None,
            Self::Observe(observe::Error {
                subject: Subject::ScopePath,
                source,
            }) if source.status() == Some(403) => (
                Reason::ScopeUnreadable,
                Some(ConditionType::Registered),
                false,
            ),
            Self::Observe(observe::Error { source, .. }) => (remedy::reason(source), None, false),
            Self::Act {
                about: ConditionType::ProjectsAssigned,
                source: gitlab::Error::Refused { .. },
                ..
            } => (
                Reason::ProjectRefused,
                Some(ConditionType::ProjectsAssigned),
                false,
            ),
            Self::Act { about, source, .. } => {
                let registering = *about == ConditionType::Registered;
                let void = registering && !source.may_have_acted();
                (remedy::reason(source), Some(*about), void)
            }
            Self::NotTaken(_) => (Reason::NotTaken, Some(ConditionType::Synced), false),
            Self::NotUnassigned(_) => (
                Reason::NotTaken,
                Some(ConditionType::ProjectsAssigned),
                false,
            ),
            Self::SecretUndone | Self::Kube { .. } => (Reason::KubernetesError, None, false),
            Self::TimedOut(_) | Self::Panicked => (Reason::BrokenOff, None, false),
        };
        // A pass that does not end by itself is no fault that passes.
        let persistent = persistent || reason == Reason::BrokenOff;
        Some(Failure {
            reason,
            message: chain(self) + &self.hint(reason),
            about,
            stalled: self.remedy() == Remedy::NeedsHuman,
            persistent,
            attempt_is_void: void,
        })
    }
}

/// Whether the API server answered with this status.
pub fn is_api_status(error: &kube::Error, code: u16) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == code)
}
