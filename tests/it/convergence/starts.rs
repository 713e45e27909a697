//! Every state a world can be found in.
use gitlab_runner_registrar::plan::Desired;

use super::world::Credential;

/// The runner of attempt a1, number 7 and token 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum InGitLab {
    Nothing,
    AsDeclared,
    Different,
    /// There, and lists do not show it yet.
    Unlisted,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum InSecret {
    Nothing,
    Good,
    Emptied,
    Edited,
    Untidy,
    /// The number was edited to that of somebody else's runner.
    OtherNumber,
    /// The number was edited to that of no runner.
    DeadNumber,
    NoNumber,
    /// Left from an attempt before a1.
    OfOldAttempt,
    Foreign,
    /// Under its former name only.
    Former,
    /// Under both names.
    Both,
    /// An old one that was put back, whole in itself.
    PutBack,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum InStatus {
    Wiped,
    Full,
    /// The attempt, without the number it led to, and long ago.
    OldAttempt,
    /// The same, a moment ago.
    FreshAttempt,
}

#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) gitlab: InGitLab,
    pub(super) secret: InSecret,
    pub(super) status: InStatus,
    pub(super) credential: Credential,
    pub(super) desired: Desired,
}

pub(super) fn all(desired: &[Desired], credential: Credential) -> Vec<Start> {
    use {InGitLab as G, InSecret as S, InStatus as T};
    let mut all = Vec::new();
    for gitlab in [G::Nothing, G::AsDeclared, G::Different, G::Unlisted] {
        for secret in [
            S::Nothing,
            S::Good,
            S::Emptied,
            S::Edited,
            S::Untidy,
            S::OtherNumber,
            S::DeadNumber,
            S::NoNumber,
            S::OfOldAttempt,
            S::Foreign,
            S::Former,
            S::Both,
            S::PutBack,
        ] {
            for status in [T::Wiped, T::Full, T::OldAttempt, T::FreshAttempt] {
                // What is not listed yet was registered a moment ago.
                if gitlab == G::Unlisted && status != T::FreshAttempt {
                    continue;
                }
                // Only status can tell that it is old.
                if secret == S::PutBack && status != T::Full {
                    continue;
                }
                for desired in desired {
                    all.push(Start {
                        gitlab,
                        secret,
                        status,
                        credential,
                        desired: desired.clone(),
                    });
                }
            }
        }
    }
    all
}

impl Start {
    /// Whether a runner is there that nothing in Kubernetes leads to. This is the one thing that is
    /// not healed: the old runner stays in GitLab, where its mark names the object.
    ///
    /// It takes two losses at once: status was wiped, and no Secret has the number; or the number was not in status, and in the Secret it was edited to that
    /// of no runner.
    pub(super) fn is_lost(&self) -> bool {
        use InSecret::{Both, DeadNumber, Edited, Emptied, Former, Good, OtherNumber, Untidy};
        let kept = [Good, Emptied, Edited, Untidy, Former, Both, OtherNumber];
        let lost = match self.status {
            InStatus::Wiped => !kept.contains(&self.secret),
            InStatus::Full => false,
            InStatus::OldAttempt | InStatus::FreshAttempt => self.secret == DeadNumber,
        };
        lost && self.gitlab != InGitLab::Nothing
    }

    /// Whether the Secret names somebody else's runner, and nothing else may be left that knows
    /// better: it is for a person to say.
    pub(super) fn is_misled(&self) -> bool {
        let number = self.status == InStatus::Full && self.gitlab != InGitLab::Nothing;
        self.secret == InSecret::OtherNumber && !number
    }
}
