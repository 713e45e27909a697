//! A world in the state that a start describes.
use gitlab_runner_registrar::{
    api::v1alpha1::{GitLabRunnerStatus, Registration, RunnerStatus, TokenStatus},
    gitlab::model::{Note, Runner, RunnerId},
    plan::resolved,
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::starts::{InGitLab, InSecret, InStatus, Start};
use super::world::{Made, Secret, World};
use crate::decisions::given::{self, GROUP, RUNNER, SECRET, URL, seconds};

/// Somebody else's runner, which is in every world and must never be touched.
pub(super) const STRANGER: RunnerId = RunnerId(8);
const FORMER: &str = "former";

pub(super) fn stranger(now: Timestamp) -> Made {
    let runner = Runner {
        id: STRANGER,
        maintenance_note: Note::Shown(None),
        ..given::runner()
    };
    Made {
        runner,
        token: 2,
        listed: now,
    }
}

impl Start {
    pub(super) fn world(&self) -> World {
        let mut world = World::new(self.desired.clone());
        world.credential = self.credential;
        world.gitlab.extend(self.runner(world.now));
        world.gitlab.push(stranger(world.now));
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
        // Nobody can have come with a token whose answer was lost.
        let known = self.status == InStatus::Full;
        let runner = given::runner();
        let runner = Runner {
            paused,
            online: runner.online.filter(|_| known),
            contacted_at: runner.contacted_at.filter(|_| known),
            ..runner
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
            operation: None,
            token: Some(1),
            written: Some(1),
            tidy: true,
            issued_at: None,
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
                runner: Some(STRANGER),
                ..good
            },
            InSecret::DeadNumber => Secret {
                runner: Some(RunnerId(9)),
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
            InSecret::PutBack => Secret {
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
            managers: None,
            busy: None,
            projects: vec![],
            mark: Some(given::mark().to_string()),
            missing_since: None,
        });
        GitLabRunnerStatus {
            scope: Some(resolved(GROUP, URL)),
            runner,
            token: (self.status == InStatus::Full).then(|| TokenStatus {
                secret_name: name.clone(),
                digest: Some("1".to_owned()),
                issued_at: None,
                rotate_at: None,
                expires_at: None,
            }),
            registration: Some(Registration {
                attempt: "a1".to_owned(),
                attempted_at: Time(world.after(ago)),
                gitlab_url: Some(URL.to_owned()),
                secret_name: Some(name),
                runner_id: None,
                settings_digest: None,
                given_up: None,
            }),
            ..GitLabRunnerStatus::default()
        }
    }
}
