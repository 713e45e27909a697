//! Every state a world can be found in.
use gitlab_runner_registrar::{
    api::v1alpha1::{GitLabRunnerStatus, Registration, RunnerStatus, TokenStatus},
    gitlab::model::{Runner, RunnerId},
    plan::{Desired, resolved},
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::world::{Credential, Made, Secret, World};
use crate::decisions::given::{self, GROUP, RUNNER, SECRET, URL, seconds};

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
    /// The number was edited to that of no runner.
    OtherNumber,
    NoNumber,
    /// Left from an attempt before a1.
    OfOldAttempt,
    Foreign,
    /// Under its former name only.
    Former,
    /// Under both names.
    Both,
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

const FORMER: &str = "former";

pub(super) fn all(desired: &[Desired], credentials: &[Credential]) -> Vec<Start> {
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
            S::NoNumber,
            S::OfOldAttempt,
            S::Foreign,
            S::Former,
            S::Both,
        ] {
            for status in [T::Wiped, T::Full, T::OldAttempt, T::FreshAttempt] {
                // What is not listed yet was registered a moment ago.
                if gitlab == G::Unlisted && status != T::FreshAttempt {
                    continue;
                }
                for (desired, credential) in desired.iter().zip(credentials.iter().cycle()) {
                    all.push(Start {
                        gitlab,
                        secret,
                        status,
                        credential: *credential,
                        desired: desired.clone(),
                    });
                }
            }
        }
    }
    all
}

impl Start {
    pub(super) fn world(&self) -> World {
        let mut world = World::new(self.desired.clone());
        world.credential = self.credential;
        world.gitlab.extend(self.runner(world.now));
        world.status = self.status(&world);
        let here = SECRET.to_owned();
        let both = matches!(self.secret, InSecret::Both);
        if let Some(secret) = self.secret() {
            let former = both || self.secret == InSecret::Former;
            let name = if former {
                FORMER.to_owned()
            } else {
                here.clone()
            };
            world.secrets.insert(name, secret.clone());
            if both {
                world.secrets.insert(here, secret);
            }
        }
        world
    }

    fn runner(&self, now: Timestamp) -> Option<Made> {
        let (paused, listed) = match self.gitlab {
            InGitLab::Nothing => return None,
            InGitLab::AsDeclared => (true, now),
            InGitLab::Different => (false, now),
            InGitLab::Unlisted => (false, now + seconds(45)),
        };
        let runner = Runner {
            paused,
            ..given::runner()
        };
        Some(Made {
            runner,
            token: 1,
            listed,
        })
    }

    fn secret(&self) -> Option<Secret> {
        let good = Secret {
            ours: true,
            runner: Some(RUNNER),
            attempt: Some("a1".to_owned()),
            token: Some(1),
            written: Some(1),
            tidy: true,
        };
        Some(match self.secret {
            InSecret::Nothing => return None,
            InSecret::Good | InSecret::Former | InSecret::Both => good,
            InSecret::Emptied => Secret {
                token: None,
                ..good
            },
            InSecret::Edited => Secret {
                token: Some(99),
                ..good
            },
            InSecret::Untidy => Secret {
                tidy: false,
                ..good
            },
            InSecret::OtherNumber => Secret {
                runner: Some(RunnerId(8)),
                ..good
            },
            InSecret::NoNumber => Secret {
                runner: None,
                ..good
            },
            InSecret::OfOldAttempt => Secret {
                runner: Some(RunnerId(6)),
                attempt: Some("a0".to_owned()),
                token: Some(50),
                written: Some(50),
                ..good
            },
            InSecret::Foreign => Secret {
                ours: false,
                ..good
            },
        })
    }

    fn status(&self, world: &World) -> GitLabRunnerStatus {
        let ago = match self.status {
            InStatus::Wiped => return GitLabRunnerStatus::default(),
            InStatus::Full | InStatus::OldAttempt => 86_400,
            InStatus::FreshAttempt => 5,
        };
        let moved = matches!(self.secret, InSecret::Former | InSecret::Both);
        let name = if moved {
            FORMER.to_owned()
        } else {
            SECRET.to_owned()
        };
        let runner = (self.status == InStatus::Full).then(|| RunnerStatus {
            id: 7,
            type_: "group_type".to_owned(),
            gitlab_url: URL.to_owned(),
            web_url: None,
            description: String::new(),
            paused: false,
            online: None,
            status: "never_contacted".to_owned(),
            contacted_at: None,
            tags: vec![],
            projects: vec![],
        });
        GitLabRunnerStatus {
            scope: Some(resolved(GROUP)),
            runner,
            token: Some(TokenStatus {
                secret_name: name,
                issued_at: None,
                expires_at: None,
            }),
            registration: Some(Registration {
                attempt: "a1".to_owned(),
                attempted_at: Time(world.after(ago)),
            }),
            ..GitLabRunnerStatus::default()
        }
    }

    /// Whether a runner is there that nothing in Kubernetes leads to. This is the one thing that is
    /// not healed: the old runner stays in GitLab, where its mark names the object.
    ///
    /// It takes two losses at once: status was wiped, and the Secret under its present name does
    /// not have the number; or the number was not in status, and in the Secret it was edited.
    pub(super) fn is_lost(&self) -> bool {
        let numbered = matches!(
            self.secret,
            InSecret::Good
                | InSecret::Emptied
                | InSecret::Edited
                | InSecret::Untidy
                | InSecret::Both
        );
        let lost = match self.status {
            InStatus::Wiped => !numbered,
            InStatus::Full => false,
            InStatus::OldAttempt | InStatus::FreshAttempt => self.secret == InSecret::OtherNumber,
        };
        lost && self.gitlab != InGitLab::Nothing
    }
}
