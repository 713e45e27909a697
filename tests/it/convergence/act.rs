//! Each step as its single effects, in the order of `controller::runner::act` and `::token`.
use gitlab_runner_registrar::{
    api::{
        conditions::{ConditionType, Reason},
        v1alpha1::{Operation, OperationType},
    },
    gitlab::model::{NewRunner, ProjectRef, RunnerId, Settings},
    plan::{
        Failure, Observed, SecretSighting, Step, TokenState, begun, intended, open, resolved,
        succeeded,
    },
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::world::{Credential, How, Interruption, Secret, World, mark_of, set};
use crate::decisions::given::{SECRET, URL, seconds};

/// Why a pass stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// The process is dead, or the object has changed meanwhile: nothing more is written.
    Dead,
    /// With an error, which is told in status.
    Failed(Failure),
}

pub(super) fn failure(reason: Reason, about: Option<ConditionType>) -> Failure {
    Failure {
        reason,
        message: "it failed".to_owned(),
        about,
        stalled: false,
        persistent: false,
        attempt_is_void: false,
    }
}

impl World {
    /// One effect, or what comes instead of it.
    pub(super) fn effect<R>(
        &mut self,
        about: Option<ConditionType>,
        effect: impl FnOnce(&mut Self) -> Result<R, Stop>,
    ) -> Result<R, Stop> {
        let how = match &mut self.trouble {
            None => None,
            Some(Interruption { after: 0, how }) => Some(*how),
            Some(Interruption { after, how: _ }) => {
                *after -= 1;
                None
            }
        };
        let Some(how) = how else {
            self.writes += 1;
            return effect(self);
        };
        self.trouble = None;
        match how {
            How::Killed => Err(Stop::Dead),
            How::Lost => {
                effect(self)?;
                Err(Stop::Failed(failure(Reason::GitLabUnavailable, about)))
            }
            How::Late => Err(Stop::Failed(failure(Reason::GitLabUnavailable, about))),
            How::Refused => Err(Stop::Failed(Failure {
                attempt_is_void: about == Some(ConditionType::Registered),
                ..failure(Reason::GitLabRefused, about)
            })),
        }
    }

    /// A write of status. When its answer is lost, what we hold of the object is out of date.
    pub(super) fn write_status(&mut self, change: impl FnOnce(&mut Self)) -> Result<(), Stop> {
        let done = self.effect(None, |world| {
            change(world);
            Ok(())
        });
        done.map_err(|_| Stop::Dead)
    }

    pub(super) fn act(&mut self, step: &Step, seen: &Observed) -> Result<(), Stop> {
        match step {
            Step::Register(new) => self.register(new, seen),
            Step::Adopt(id, edit) => self.adopt(*id, edit.as_deref(), seen),
            Step::Discard(id, _) => self.discard(*id),
            Step::ResetToken(id, _) => self.renew(*id),
            Step::RepairSecret(_) => self.mend(seen),
            Step::DeleteSecret(name) => self.effect(None, |world| {
                world.secrets.remove(name);
                Ok(())
            }),
            Step::ReleaseSecret => self.release(seen),
            Step::Edit(id, edit) => self.effect(Some(ConditionType::Synced), |world| {
                set(&mut world.find(*id).ok_or_else(gone)?.runner, edit);
                Ok(())
            }),
            Step::Assign(id, project) => self.of_projects(*id, |projects| {
                let path = format!("p/{project}");
                projects.push(ProjectRef { id: *project, path });
            }),
            Step::Unassign(id, project) => self.of_projects(*id, |projects| {
                projects.retain(|have| have.id != *project);
            }),
            Step::Unregister(id) => self.unregister(*id),
            Step::UnregisterByToken(id) => self.unregister_by_token(*id),
        }
    }

    fn register(&mut self, new: &NewRunner, seen: &Observed) -> Result<(), Stop> {
        let scope = resolved(new.scope, URL);
        self.write_status(|world| {
            let intent = intended(&world.status, Some(seen), URL, SECRET, world.now);
            let asked = world.requested();
            world.status.predecessor =
                succeeded(&world.status, Some(seen), URL, asked.clone(), world.now);
            world.status.registration = Some(intent);
            world.status.runner = None;
            world.status.token = None;
            world.status.operation = None;
            world.status.scope = Some(scope);
            if world.status.predecessor.is_none() && asked.is_some() {
                world.status.last_handled_rotate_at = asked;
            }
        })?;
        let text = new.settings.maintenance_note.clone().unwrap_or_default();
        let signed = NewRunner {
            settings: Settings {
                maintenance_note: Some(self.mark().sign(&text)),
                ..new.settings.clone()
            },
            ..new.clone()
        };
        let next = self.trouble.filter(|trouble| trouble.after == 0);
        let how = next.map(|trouble| trouble.how);
        if how != Some(How::Killed) {
            self.posting(how == Some(How::Refused));
        }
        if how == Some(How::Late) {
            self.late.push((self.now + seconds(29), signed.clone()));
        }
        let made = self.effect(Some(ConditionType::Registered), |world| {
            Ok(world.make(&signed, world.now))
        });
        let (id, token) = made?;
        let kept = self.keep(id, token, None);
        if matches!(kept, Err(Stop::Failed(_))) {
            self.write_status(|world| {
                let registration = world.status.registration.as_mut().unwrap();
                registration.runner_id = i64::try_from(id.0).ok();
            })?;
        }
        kept
    }

    fn discard(&mut self, id: RunnerId) -> Result<(), Stop> {
        assert!(self.release.is_some(), "its token could be reset");
        let made = self.find(id).and_then(|made| mark_of(&made.runner));
        let made = made.map(|mark| mark.attempt).unwrap_or_default();
        let done = self.unregister(id);
        // Nothing more comes of an attempt whose runner was there.
        let gone = self.find(id).is_none();
        for post in &mut self.posts {
            post.void |= gone && post.attempt == made;
        }
        done?;
        self.removed = Some(id);
        Ok(())
    }

    /// Records an operation. Gives its sign, and the one of the same kind that was open before.
    fn begin(
        &mut self,
        type_: OperationType,
        id: RunnerId,
    ) -> Result<(String, Option<Operation>), Stop> {
        let before = open(&self.status, type_, id).cloned();
        let resets = type_ == OperationType::ResetToken;
        let operation = Operation {
            rotate_at: self.requested().filter(|_| resets),
            ..begun(type_, id, Some(SECRET.to_owned()), self.now)
        };
        let sign = operation.id.clone();
        self.write_status(|world| world.status.operation = Some(operation))?;
        Ok((sign, before))
    }

    /// A certain refusal leaves things as they were before.
    fn answered<T>(
        &mut self,
        sign: &str,
        before: Option<Operation>,
        answer: &Result<T, Stop>,
    ) -> Result<(), Stop> {
        match answer {
            Err(Stop::Dead) => return Ok(()),
            Err(Stop::Failed(failure)) if failure.reason == Reason::GitLabRefused => {
                self.write_status(|world| world.status.operation = before)?;
            }
            Err(Stop::Failed(_)) | Ok(_) => {}
        }
        self.ended = Some(sign.to_owned());
        Ok(())
    }

    fn renew(&mut self, id: RunnerId) -> Result<(), Stop> {
        assert!(self.release.is_none(), "GitLab makes no new token");
        assert!(self.credential != Credential::OnlyRegisters);
        let (sign, before) = self.begin(OperationType::ResetToken, id)?;
        let token = self.effect(Some(ConditionType::TokenReady), |world| {
            let token = world.mint();
            world.find(id).ok_or_else(gone)?.token = token;
            Ok(token)
        });
        self.answered(&sign, before, &token)?;
        self.keep(id, token?, Some(sign))
    }

    fn keep(&mut self, id: RunnerId, token: u32, operation: Option<String>) -> Result<(), Stop> {
        let secret = Secret {
            ours: true,
            runner: Some(id),
            attempt: self.attempt(),
            operation,
            token: Some(token),
            written: Some(token),
            tidy: true,
            issued_at: Some(self.now),
        };
        self.put(secret)
    }

    fn put(&mut self, secret: Secret) -> Result<(), Stop> {
        let name = SECRET.to_owned();
        self.effect(None, |world| {
            let before = world.secrets.get(&name);
            let foreign = before.is_some_and(|secret| !secret.ours && !world.inherits(secret));
            assert!(!foreign, "a Secret of somebody else was overwritten");
            world.secrets.insert(name, secret);
            Ok(())
        })
    }

    fn mend(&mut self, seen: &Observed) -> Result<(), Stop> {
        let here = match &seen.secret {
            SecretSighting::Ours(stored) if stored.token == TokenState::Intact => {
                Some(SECRET.to_owned())
            }
            SecretSighting::Ours(_) | SecretSighting::Absent | SecretSighting::Foreign(_) => None,
        };
        let mut others = seen.others.iter();
        let there = others.find(|(_, stored)| stored.token == TokenState::Intact);
        let name = here.or(there.map(|(name, _)| name.clone()));
        let kept = name.and_then(|name| self.secrets.get(&name).cloned());
        let mut kept = kept.ok_or(Stop::Dead)?;
        kept.tidy = true;
        kept.ours = true;
        self.put(kept)
    }

    fn release(&mut self, seen: &Observed) -> Result<(), Stop> {
        let here = matches!(seen.secret, SecretSighting::Ours(_)).then(|| SECRET.to_owned());
        let others = seen.others.iter().map(|(name, _)| name.clone());
        for name in here.into_iter().chain(others) {
            self.effect(None, |world| {
                world.secrets.get_mut(&name).ok_or(Stop::Dead)?.ours = false;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// GitLab neither assigns nor unassigns a locked runner (contract §3.12, §3.13).
    fn of_projects(
        &mut self,
        id: RunnerId,
        change: impl FnOnce(&mut Vec<ProjectRef>),
    ) -> Result<(), Stop> {
        let allowed = self.credential == Credential::Works;
        self.effect(Some(ConditionType::ProjectsAssigned), |world| {
            let runner = &mut world.find(id).ok_or_else(gone)?.runner;
            assert!(!runner.locked, "a locked runner would be refused");
            assert!(allowed, "the credential would be refused");
            change(runner.projects.get_or_insert_default());
            Ok(())
        })
    }

    fn unregister(&mut self, id: RunnerId) -> Result<(), Stop> {
        self.effect(Some(ConditionType::Ready), |world| {
            let projects = &world.find(id).ok_or_else(gone)?.runner.projects;
            let several = projects.as_ref().is_some_and(|projects| projects.len() > 1);
            assert!(
                !several,
                "a runner of several projects would be refused (contract §3.7)"
            );
            if world.unseen {
                let about = Some(ConditionType::Ready);
                return Err(Stop::Failed(failure(Reason::GitLabRefused, about)));
            }
            world.gitlab.retain(|made| made.runner.id != id);
            Ok(())
        })
    }

    /// GitLab removes the runner of that token, whatever number we think it has.
    fn unregister_by_token(&mut self, id: RunnerId) -> Result<(), Stop> {
        let (sign, before) = self.begin(OperationType::RemoveByToken, id)?;
        // With a credential it was just seen to be there.
        let again = before.is_some() && self.credential == Credential::Gone;
        let done = self.remove_by_token();
        self.answered(&sign, before, &done)?;
        match done {
            // GitLab does not know the token: it was done before.
            Err(Stop::Failed(failure)) if again && failure.message == UNKNOWN_TOKEN => {}
            done => done?,
        }
        self.write_status(|world| {
            let done_at = Some(Time(world.now));
            world.status.operation.as_mut().unwrap().done_at = done_at;
        })
    }

    fn remove_by_token(&mut self) -> Result<(), Stop> {
        self.effect(Some(ConditionType::Ready), |world| {
            let kept: Vec<Option<u32>> = world.secrets.values().map(|kept| kept.token).collect();
            let before = world.gitlab.len();
            world
                .gitlab
                .retain(|made| !kept.contains(&Some(made.token)));
            (world.gitlab.len() < before).then_some(()).ok_or_else(gone)
        })
    }
}

/// What GitLab answers about what is not there, and never for another reason.
pub(super) fn gone() -> Stop {
    Stop::Failed(Failure {
        message: UNKNOWN_TOKEN.to_owned(),
        ..failure(Reason::GitLabRefused, None)
    })
}

const UNKNOWN_TOKEN: &str = "403 Forbidden";
